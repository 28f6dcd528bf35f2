from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.finding import (
    Finding,
    Report,
    Severity,
)
from layercheck.report import FORMATS, render
from layercheck.report.escape import visible
from layercheck.report.grouping import groups, package_of, spread
from layercheck.report.schema import schema
from layercheck.report.words import Names, first, human, plural
from report.made import artifact, finding, report, target
from report.strategies import FINDINGS, REPORTS

VALIDATOR = jsonschema.Draft202012Validator(schema())


@given(REPORTS)
@settings(max_examples=60, deadline=None)
def test_any_report_is_valid_json_with_everything_in_it(made: Report) -> None:
    document = json.loads(render(made, "json"))
    VALIDATOR.validate(document)
    assert len(document["findings"]) == len(made.findings)
    assert len(document["unchecked"]) == len(made.unchecked)
    assert len(document["suppressed"]) == len(made.suppressed)
    assert len(document["remarks"]) == len(made.remarks)


@given(REPORTS, st.booleans(), st.booleans(), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_any_report_is_written_in_printable_lines(made: Report, verbose: bool, quiet: bool, width: int) -> None:
    for format in ("concise", "text"):
        written = render(made, format, verbose=verbose, quiet=quiet, width=width)
        assert written.endswith("\n")
        assert all(line.isprintable() for line in written.split("\n"))
    assert render(made, "concise").count("\n") == len(made.findings) + len(made.remarks) + 1


@given(REPORTS)
@settings(max_examples=20, deadline=None)
def test_any_report_can_be_coloured(made: Report) -> None:
    assert "\x1b[1;" in render(made, "text", color=True)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_report_gives_the_same_bytes(format: str) -> None:
    made = report(finding(), finding(path="b"))
    assert render(made, format) == render(made._replace(), format)


@given(st.text(st.characters()))
def test_what_is_visible_is_printable(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve 漢字 [x] \\d", "naïve 漢字 [x] \\d"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r\t\0", r"a\nb\r\t\x00"),
        ("\u202egnp.so\u2066", r"\u202egnp.so\u2066"),
        ("\udc80\u2028\U000e0041", r"\udc80\u2028\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_concise_lines() -> None:
    made = report(
        finding(path="python/a\n.so", targets=("t2",)),
        finding(rule="LC203", name="too-many-layers", artifact=None, path=None, fact="", message="six layers"),
        finding(
            severity=Severity.INFO, rule="LC120", name="build-debris", path=None, targets=("t1", "t2"), fact="tests"
        ),
        targets=(target(), target(id="t2", runtime="python3.13")),
    )
    assert render(made, "concise", color=True, quiet=True).splitlines() == [
        "deployment: LC203 error: six layers [too-many-layers] (python3.12 on arm64)",
        r"layer.zip:python/a\n.so: LC301 error: built for x86-64, which arm64 cannot load [wrong-architecture]"
        " (python3.13 on arm64)",
        "layer.zip: LC120 info: tests [build-debris]",
        "2 errors, 1 info",
    ]


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("python/numpy/core/_m.so", "numpy"),
        ("python/lib/python3.12/site-packages/scipy/x.so", "scipy"),
        ("python/_cffi.so", "_cffi.so"),
        ("python/numpy.libs/libz.so", "numpy.libs"),
        ("numpy/core/x.so", "numpy"),
        ("nodejs/node_modules/@img/sharp/lib/x.node", "@img/sharp"),
        ("nodejs/node22/node_modules/bcrypt/node_modules/y/x.node", "bcrypt"),
        ("ruby/gems/3.3.0/gems/nokogiri-1.16/lib/x.so", "nokogiri-1.16"),
        ("lib/libz.so.1", "lib"),
        ("bootstrap", "bootstrap"),
        ("python", "python"),
        ("nodejs/node_modules", "node_modules"),
        ("", ""),
    ],
)
def test_package_of(path: str, package: str) -> None:
    assert package_of(path) == package


def test_spread_counts_most_first() -> None:
    assert spread(["b/1", "a/1", "c/1", "c/2"]) == [("c", 2), ("a", 1), ("b", 1)]


@given(st.lists(FINDINGS, max_size=20))
@settings(max_examples=50, deadline=None)
def test_groups_hold_every_finding_once(findings: list[Finding]) -> None:
    made = groups(findings)
    assert sorted(map(repr, findings)) == sorted(repr(item) for group in made for item in group.findings)
    ranks = [group.head.severity.rank for group in made]
    assert ranks == sorted(ranks)
    for group in made:
        assert {(item.rule, item.severity, item.fix, item.fact or item.message) for item in group.findings} == {
            (group.head.rule, group.head.severity, group.head.fix, group.fact)
        }


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (58_400_000, "58.4 MB"),
        (999_950_000, "1.0 GB"),
        (1_234_567_000_000, "1,234.6 GB"),
    ],
)
def test_human_sizes(size: int, words: str) -> None:
    assert human(size) == words


def test_plural_and_first() -> None:
    assert [plural(number, "file") for number in (0, 1, 2495)] == ["0 files", "1 file", "2,495 files"]
    assert [first(["a", "b", "c"], limit) for limit in (3, 2)] == ["a, b, c", "a, b and 1 more"]


def names_of(*pairs: tuple[str, str]) -> Names:
    targets = [target(id=f"t{number}", runtime=pair[0], architecture=pair[1]) for number, pair in enumerate(pairs)]
    return Names(report(targets=tuple(targets), artifacts=(artifact(),)))


PYTHONS = [f"python3.{minor}" for minor in range(14, 8, -1)]
EVERYWHERE: list[Any] = [(name, machine) for machine in ("x86_64", "arm64") for name in PYTHONS]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (range(12), ""),
        ([], ""),
        (range(6), "all 6 runtimes on x86_64"),
        ([0, 6], "python3.14 on x86_64 and arm64"),
        ([0, 1, 6], "python3.14, python3.13 on x86_64; python3.14 on arm64"),
        (range(5), "python3.14, python3.13, python3.12 and 2 more on x86_64"),
    ],
)
def test_targets_in_few_words(chosen: Any, words: str) -> None:
    assert names_of(*EVERYWHERE).some_targets(f"t{number}" for number in chosen) == words


def test_all_targets_in_few_words() -> None:
    assert names_of(*EVERYWHERE).every_target() == "all 6 runtimes on x86_64 and arm64"
    assert names_of(("python3.12", "arm64")).every_target() == "python3.12 on arm64"
    assert names_of().every_target() == ""
