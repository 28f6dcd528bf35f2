"""What every format keeps, whatever a report holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from layercheck.finding import Remark, Report, Severity, Source
from layercheck.report import FORMATS, render
from layercheck.report.location import Base
from layercheck.report.markdown import MAX_CHARACTERS
from report.made import finding, report
from report.markdown_tokens import tokens
from report.schemas import junit, sarif
from report.strategies import REPORTS

BASE = Base("/checkout/build", "/checkout")
FOLDED = (
    r"<details><summary>([\d,]+ (files|not checked|remarks? on what was decided)|suppressed [\d,]+: [\d, a-z]+)"
    r"</summary>|</details>"
)


@given(REPORTS)
@settings(max_examples=40, deadline=None)
def test_every_format_is_printable_lines_of_which_none_is_a_command(made: Report) -> None:
    for format in FORMATS:
        written = render(made, format, base=BASE)
        assert written.endswith("\n")
        assert all(line.replace("️", "").isprintable() for line in written.split("\n")), format
        ours = r"::(error|warning|notice) (file=[^:,]*,(line=\d+,)?)?title=[^:,]*::" if format == "github" else r"(?!)"
        others = [line for line in written.split("\n") if not re.match(ours, line)]
        assert not [line for line in others if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]


@given(REPORTS)
@settings(max_examples=40, deadline=None)
def test_any_report_is_well_formed_junit(made: Report) -> None:
    root = ElementTree.fromstring(render(made, "junit"))
    junit().validate(root)
    cases = root.findall("testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases)
    assert int(root.attrib["failures"]) == len(root.findall("testsuite/testcase/failure"))
    assert all(len(case) <= 1 for case in cases)


@given(REPORTS)
@settings(max_examples=40, deadline=None)
def test_nothing_in_a_report_becomes_markup_of_the_page(made: Report) -> None:
    written = render(made, "markdown")
    assert len(written) <= MAX_CHARACTERS
    found = list(tokens(written))
    assert not [token for token in found if token.type in ("link_open", "image", "html_inline", "em_open", "hr")]
    html = [line for token in found if token.type == "html_block" for line in token.content.split("\n") if line]
    assert all(re.fullmatch(FOLDED, line) for line in html)
    assert html.count("</details>") * 2 == len(html)
    headings = [found[place + 1].content for place, token in enumerate(found) if token.type == "heading_open"]
    assert headings[0].endswith(("layercheck: PASSED", "FAILED", "NOT CHECKED", "TOLERATED"))
    assert all(re.fullmatch(r"\S+ [\d,]+ (error|warning|info)s?|Where it works", text) for text in headings[1:])
    # Outside code there is nothing that a service turns into a mention, a reference, a sign or a link.
    words = [token.content for token in found if token.type == "text"]
    assert not [word for word in words if re.search(r"[@#<>`~]|:\w+:|://|www\.|\w@\w", word)]


@pytest.mark.registry
@given(made=REPORTS)
@settings(max_examples=40, deadline=None)
def test_any_report_is_valid_sarif(made: Report) -> None:
    written = render(made, "sarif", base=BASE)
    assert written.isascii()
    document = json.loads(written)
    sarif().validate(document)
    assert len(document["runs"][0]["results"]) == len(made.findings)


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "text"])
def test_only_the_text_pays_for_rich(format: str) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from report.made import report; from layercheck.report import render;"
        f"render(report(), {format!r}); assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("text", ["##[error]x", "a ##vso[task.x]", "###[", "\\##["])
def test_json_keeps_what_a_build_service_would_take_for_a_command(text: str) -> None:
    written = render(report(finding(path=text)), "json")
    assert not re.search(r"##\w*\[", written)
    assert json.loads(written)["findings"][0]["path"] == text


def test_remarks_about_the_user_s_decisions_are_in_every_format() -> None:
    remark = Remark("expired-exception", Severity.WARNING, "past its day", Source("pyproject.toml", 7))
    made = report(remarks=(remark, remark._replace(kind="gone", severity=Severity.INFO, source=None)))
    assert all("past its day" in render(made, format, base=BASE) for format in FORMATS)
    lines = render(made, "github", base=BASE).splitlines()
    assert lines[0] == "::warning file=build/pyproject.toml,line=7,title=expired-exception::past its day"
    assert lines[1] == "::notice title=gone::past its day"
    junit().validate(ElementTree.fromstring(render(made, "junit")))
