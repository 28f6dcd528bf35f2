"""The verdicts of the corpus: each bad artifact is called bad for the right reason, and each good one passes."""

from __future__ import annotations

import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

from layercheck import check
from layercheck.finding import Finding, Report
from support.recipes import CASES, Case, Expectation, build, load_cases

ALL = load_cases()
REPORTS = json.loads((CASES.parent / "reported.json").read_text(encoding="utf-8"))
# The groups that the rules so far answer for, and how many cases each must have at least.
SHARES = {
    "needed": 15,
    "glibc": 8,
    "elf-os": 8,
    "elf-arch": 5,
    "layout": 6,
    "size": 6,
    "perms": 7,
    "zip-form": 5,
    "symlink": 2,
    "bootstrap-name": 4,
    "crlf": 2,
    "dlopen-name": 4,
    "data-files": 1,
    "runtime-conflict": 8,
    "stdlib-shadow": 1,
    "py-abi": 19,
}


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.group}/{case.id}")
def test_the_verdict_is_the_expected_one(case: Case, tmp_path: Path) -> None:
    built = build(case, tmp_path)
    report = check(
        built.artifact,
        runtime=case.runtime,
        architecture=case.architecture,
        layers=built.layers,
        kind=case.artifact.kind,
        handler=case.handler,
        env=dict(case.env),
        environment=case.environment,
        upload=case.upload,
    )
    complaints = disagreements(case, report)
    assert not complaints, "\n".join([f"{case.group}/{case.id}: {case.says}", *complaints, "got:", *told(report)])


def disagreements(case: Case, report: Report) -> list[str]:
    """What of the expectations does not hold, a line each."""
    lines = [f"- missing: {wanted}" for wanted in case.expect if not any(meets(f, wanted) for f in report.findings)]
    expected = {wanted.rule for wanted in case.expect}
    unwelcome = ("error",) if case.exit_code else ("error", "warning")
    for finding in report.findings:
        rule, severity = finding.rule, finding.severity.value
        if rule in case.forbid:
            lines.append(f"- forbidden: {rule} {severity} {finding.path}")
        # One cause, one finding: an error that nobody expects is a false alarm or a consequence told twice.
        elif severity in unwelcome and rule not in expected and rule not in case.allow:
            lines.append(f"- not expected: {rule} {severity} {finding.path}")
    if report.exit_code != case.exit_code:
        lines.append(f"- exit code {report.exit_code}, expected {case.exit_code}")
    return lines


def meets(finding: Finding, wanted: Expectation) -> bool:
    return (
        (finding.rule, finding.severity.value) == (wanted.rule, wanted.severity)
        and wanted.path in (None, finding.path)
        and all(word in finding.message for word in wanted.message)
        and all(word in (finding.fix or "") for word in wanted.fix)
    )


def told(report: Report) -> list[str]:
    return [f"  {f.rule} {f.severity.value} {f.path}: {f.message} [{f.fix}]" for f in report.findings]


@pytest.mark.parametrize("case", [case for case in ALL if case.group == "good"], ids=lambda case: case.id)
def test_good_artifacts_expect_nothing(case: Case) -> None:
    assert (case.exit_code, case.allow) == (0, ())
    assert {wanted.severity for wanted in case.expect} <= {"info"}


def test_every_bad_case_expects_something_and_names_its_threads() -> None:
    for case in ALL:
        if case.group == "good":
            continue
        assert case.threads, case.id
        assert case.expect or case.not_reproducible, case.id
        assert set(case.reported) == {"runtime", "architecture"}, case.id


def test_threads_and_groups_are_those_of_the_reports() -> None:
    reports = {report["id"]: report for report in REPORTS}
    for case in ALL:
        if case.group == "good":
            continue
        for number in case.incidents:
            assert reports[number]["group"] == case.group, case.id
            assert reports[number]["detectable"] in ("yes", "partly"), case.id
        assert {reports[number]["source"] for number in case.incidents} == set(case.threads), case.id


def test_another_runtime_than_the_reported_one_is_explained() -> None:
    for case in ALL:
        if case.reported and case.group != "good":
            moved = case.reported["runtime"] != case.runtime
            assert moved == (case.judged_because is not None), case.id


def test_ids_are_unique() -> None:
    assert [name for name, count in Counter(case.id for case in ALL).items() if count > 1] == []


def test_every_group_has_its_share() -> None:
    counts = Counter(case.group for case in ALL)
    assert {group: counts[group] for group, share in SHARES.items() if counts[group] < share} == {}
    assert counts["good"] >= 17
    assert sum(counts.values()) - counts["good"] >= 45


def test_the_table_counts_incidents_once() -> None:
    table = runpy.run_path(str(CASES.parent / "table.py"))
    reports = [
        {"id": "F1", "incident": "F1", "group": "glibc", "detectable": "yes"},
        {"id": "F2", "incident": "F1", "group": "glibc", "detectable": "yes"},
        {"id": "F3", "incident": "F3", "group": "glibc", "detectable": "partly"},
        {"id": "F4", "incident": "F4", "group": "glibc", "detectable": "no"},
        {"id": "F5", "incident": "F5", "group": "crlf", "detectable": "yes"},
    ]
    cases = [{"incidents": ["F1", "F2"]}, {"incidents": ["F3"], "not_reproducible": "reason"}]
    rows = table["rows"](reports, cases)
    assert rows == [("glibc", 2, 1, 1), ("crlf", 1, 0, 0)]
    assert table["markdown"](rows).splitlines()[-1] == "| all | 3 | 1 | 1 |"
