from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from layercheck.finding import Report, Severity, Source
from layercheck.report import render
from layercheck.rules import all_rules
from report.made import artifact, compatibility_table, finding, report, target, unchecked
from report.schemas import junit

ALL = object()


def suites(made: Report, **more: Any) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(render(made, "junit", **more))
    junit().validate(root)
    return {suite.attrib["name"]: suite for suite in root}


def ends(suite: ElementTree.Element) -> dict[str, str]:
    """How each case that did not simply pass ended."""
    return {case.attrib["name"]: case[0].tag for case in suite.findall("testcase") if len(case)}


def test_what_passed_counts_too() -> None:
    found = suites(report())
    assert list(found) == ["layer.zip (layer)", "python3.12 on arm64"]
    names = [case.attrib["name"] for suite in found.values() for case in suite.findall("testcase")]
    expected = [f"{rule.id} {rule.name}" for rule in all_rules() if rule.scope in ("artifact", "stack", "target")]
    assert sorted(names) == sorted(expected)
    assert [ends(suite) for suite in found.values()] == [{}, {}]
    properties = {item.attrib["name"]: item.attrib["value"] for item in found["layer.zip (layer)"].iter("property")}
    assert properties["unzipped_bytes"] == "185100000"


def test_only_rules_that_were_looked_for_are_cases() -> None:
    found = suites(report(), rules={"LC001", "LC301"})
    assert [len(suite.findall("testcase")) for suite in found.values()] == [1, 1]


def test_a_rule_with_findings_is_one_failure_that_names_all_places() -> None:
    made = report(
        finding(path="python/a.so", fix="do this"),
        finding(path="python/b.so", fix="do this"),
        finding(path="python/c.so", fact="another", source=Source("t.yaml", 3, "Fn")),
    )
    suite = suites(made)["python3.12 on arm64"]
    assert (suite.attrib["failures"], suite.attrib["errors"], suite.attrib["skipped"]) == ("1", "0", "0")
    (failure,) = suite.iter("failure")
    assert failure.attrib["message"] == "built for x86-64, which arm64 cannot load (3 findings)"
    assert failure.text == (
        "error: built for x86-64, which arm64 cannot load\n  layer.zip:python/a.so\n  layer.zip:python/b.so\n"
        "  fix: do this\nerror: another\n  layer.zip:python/c.so\n  declared in t.yaml:3 (Fn)"
    )


@pytest.mark.parametrize(
    ("fail_on", "tag"), [(Severity.ERROR, "system-out"), (Severity.WARNING, "failure"), (None, "system-out")]
)
def test_milder_findings_are_output_of_a_case_that_passed(fail_on: Severity | None, tag: str) -> None:
    found = suites(report(finding(severity=Severity.WARNING)), fail_on=fail_on)
    assert ends(found["python3.12 on arm64"]) == {"LC301 wrong-architecture": tag}


def test_findings_lie_in_the_suites_of_their_targets_else_of_their_artifact() -> None:
    made = report(
        finding(targets=("t2",)),
        finding(targets=(), rule="LC001", name="not-a-zip"),
        finding(targets=(), artifact=None, rule="LC703", name="layer-not-retained", source=Source("t.yaml")),
        targets=(target(), target(id="t2", architecture="x86_64")),
    )
    found = {name: ends(suite) for name, suite in suites(made).items()}
    assert found == {
        "layer.zip (layer)": {"LC001 not-a-zip": "failure"},
        "project": {"LC703 layer-not-retained": "failure"},
        "python3.12 on arm64": {},
        "python3.12 on x86_64": {"LC301 wrong-architecture": "failure"},
    }


@pytest.mark.parametrize(("exit_code", "tag"), [(0, "skipped"), (3, "error")])
def test_what_is_not_checked_is_skipped_or_with_strict_an_error(exit_code: int, tag: str) -> None:
    made = report(unchecked=(unchecked(), unchecked(path="x"), unchecked(what="b")), exit_code=exit_code)
    suite = suites(made)["not checked"]
    assert ends(suite) == {"GLIBC_2.35 in libc.so.6": tag, "b": tag}
    (first, _) = suite.iter(tag)
    assert first.attrib["message"] == "not measured (2 times, layer.zip)"


def test_without_a_target_each_runtime_is_a_case_and_none_is_a_failure() -> None:
    suite = suites(compatibility_table())["compatibility"]
    assert suite.attrib["tests"] == "5"
    assert ends(suite) == {
        "python3.12 on arm64": "skipped",
        "python3.9 on x86_64": "skipped",
        "python3.9 on arm64": "skipped",
    }
    nowhere = compatibility_table()._replace(targets=(target(passed=False),), exit_code=1)
    assert ends(suites(nowhere)["compatibility"])["works on some runtime"] == "failure"


def test_characters_that_xml_forbids_are_visible() -> None:
    nasty = "\x00\x0b\x1b\ufffe\ud800\udcff<&>\"'\r]]>\t"
    made = report(finding(path=nasty, fact=nasty, name=nasty), artifacts=(artifact(path=nasty),))
    text = render(made, "junit")
    assert "\\x00\\x0b\\x1b\\ufffe\\ud800\\udcff&lt;&amp;&gt;&quot;'\\r]]&gt;\\t" in text
    (failure,) = suites(made)["python3.12 on arm64"].iter("failure")
    assert "\\x00\\x0b\\x1b\\ufffe\\ud800\\udcff<&>\"'\\r]]>\\t" in (failure.text or "")


def test_names_of_suites_are_one_level_of_a_tree() -> None:
    (case, *_) = suites(report())["python3.12 on arm64"].findall("testcase")
    assert case.attrib["classname"] == "layercheck.python3_12 on arm64"


def test_many_places_and_many_facts_are_bounded() -> None:
    many = [finding(path=f"python/{number}.so") for number in range(5_000)]
    facts = [finding(rule="LC401", name="missing-library", fact=f"fact {number}") for number in range(5_000)]
    text = render(report(*many, *facts), "junit")
    assert len(text) < 40_000
    assert "… and 4,900 more files" in text
    assert "… and 4,950 more facts (JSON has all)" in text
