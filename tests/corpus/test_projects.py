"""The verdicts of the corpus of projects: each rule about templates has bad projects, and good ones that are near."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layercheck.check import Options, run_jobs
from layercheck.finding import Finding, Report, Source
from layercheck.project import find
from layercheck.rules import all_rules
from support.folders import inside
from support.project_recipes import (
    PROJECTS,
    ProjectCase,
    ProjectExpectation,
    load_project,
    load_projects,
    write_project,
)
from support.recipes import RecipeError

ALL = load_projects()
OF_PROJECTS = frozenset(rule.id for rule in all_rules() if rule.id.startswith("LC7"))
REPORTS = json.loads((PROJECTS.parent / "reported.json").read_text(encoding="utf-8"))


def judged(case: ProjectCase, folder: Path) -> Report:
    with inside(write_project(case, folder / "made")):
        found = find(case.input, case.parameters)
        assert found is not None, case.id
        options = Options(date=case.date)
        return run_jobs(found.jobs(options), options)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_the_verdict_is_the_expected_one(case: ProjectCase, tmp_path: Path) -> None:
    report = judged(case, tmp_path)
    told = [f"  {f.rule} {f.severity.value} {f.source}: {f.message} [{f.fix}]" for f in report.findings]
    told += [f"  unchecked {note.what}: {note.why}" for note in report.unchecked]
    complaints = disagreements(case, report)
    assert not complaints, "\n".join([f"{case.id}: {case.says}", *complaints, "got:", *told])


def disagreements(case: ProjectCase, report: Report) -> list[str]:
    """What of the expectations does not hold, a line each."""
    lines = [f"- missing: {wanted}" for wanted in case.expect if not any(meets(f, wanted) for f in report.findings)]
    # What a rule says besides is a false alarm: in a project each finding is expected, by its place.
    for finding in report.findings:
        wanted = [item for item in case.expect if meets(finding, item)]
        if not wanted and (finding.rule in OF_PROJECTS or finding.severity.value != "info"):
            lines.append(f"- not expected: {finding.rule} {finding.source}")
    notes = [f"{note.what}: {note.why}" for note in report.unchecked]
    lines += [f"- not among the unchecked: {words}" for words in case.unchecked if not any(words in n for n in notes)]
    if not case.unchecked:
        lines += [f"- unchecked: {note}" for note in notes]
    if report.exit_code != case.exit_code:
        lines.append(f"- exit code {report.exit_code}, expected {case.exit_code}")
    return lines


def meets(finding: Finding, wanted: ProjectExpectation) -> bool:
    source = finding.source or Source("")
    return (
        (finding.rule, finding.severity.value) == (wanted.rule, wanted.severity)
        and source.file == wanted.file
        and wanted.line in (None, source.line)
        and wanted.resource in (None, source.resource)
        and all(word in finding.message for word in wanted.message)
        and all(word in (finding.fix or "") for word in wanted.fix)
    )


def test_every_rule_has_a_bad_project_and_a_good_one_that_is_near() -> None:
    assert {wanted.rule for case in ALL if not case.good for wanted in case.expect} >= OF_PROJECTS
    assert {rule for case in ALL if case.good for rule in case.near} >= OF_PROJECTS


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_good_project_expects_nothing_and_a_bad_one_something(case: ProjectCase) -> None:
    if case.good:
        assert (case.exit_code, case.expect) == (0, ())
        assert case.near
        assert set(case.near) <= OF_PROJECTS
    else:
        assert case.expect
        assert case.near == ()
    known = {report["id"]: report["source"] for report in REPORTS}
    assert {known[number] for number in case.incidents} <= set(case.threads)


def test_ids_are_unique() -> None:
    assert len({case.id for case in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", "files is missing"),
        ("[files]\n[judg]", "unknown judg"),
        ("[files]\n[judge]\nday = ''", "unknown day"),
        ("[files]\n[[expect]]\nrule = 'LC703'\nseverity = 'fatal'", "severity must be one of"),
        ("[files]\n[[expect]]\nrule = 'LC703'\nseverity = 'error'\nplace = 1", "unknown place"),
        ("[files", "sample.toml"),
    ],
)
def test_what_is_not_understood_is_refused(body: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "bad" / "sample.toml"
    path.parent.mkdir()
    path.write_text(f"id = 'sample'\nsays = 'A sample.'\nexit_code = 0\n{body}", encoding="utf-8")
    with pytest.raises(RecipeError, match=complaint):
        load_project(path)
