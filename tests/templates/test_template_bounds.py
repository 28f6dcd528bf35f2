"""Templates that are made to cost much: they end soon, and say what was left out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from layercheck.check import Options
from layercheck.project import find
from layercheck.project.assembly import MAX_ALL_BYTES, read_assembly
from layercheck.project.jobs import MAX_JUDGED
from layercheck.project.nodes import MAX_FLAWS
from layercheck.project.stacks import MAX_RESOURCES
from support.project_recipes import load_projects, write_project
from templates.made import line, project, report, write

SECONDS = 60
"""Each takes five on a quiet machine, and took minutes before it was bounded."""
STACK = "{{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: {file}}}}}"


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def nesting(file: str, times: int = 300) -> str:
    return "Resources:\n" + "".join(f"  S{number}: {STACK.format(file=file)}\n" for number in range(times))


def seconds(folder: Path, template: str, inner: str) -> float:
    began = time.monotonic()
    found = project(folder, template, {"inner.yaml": inner})
    assert found.jobs(Options())
    return time.monotonic() - began


def test_one_template_that_hundreds_nest_is_read_once(tmp_path: Path) -> None:
    inner = "Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}\n"
    inner += "".join(f"x{number}: y\n" for number in range(90_000))
    assert seconds(tmp_path, nesting("inner.yaml"), inner) < SECONDS


def test_what_is_worked_out_is_bounded_for_all_stacks_together(tmp_path: Path) -> None:
    maps = "Mappings:\n"
    for level in range(1, 8):
        inside = f"!FindInMap [M{level + 1}, a, b]" if level < 7 else "x"
        maps += f"  M{level}: {{a: {{b: [{', '.join([inside] * 10)}]}}}}\n"
    function = "{Type: 'AWS::Lambda::Function', Properties: {Code: src, Layers: !FindInMap [M1, a, b]}}"
    assert seconds(tmp_path, nesting("inner.yaml"), f"{maps}Resources:\n  F: {function}\n") < SECONDS


def test_functions_beyond_a_number_are_named_as_unchecked(tmp_path: Path) -> None:
    function = "{Type: 'AWS::Lambda::Function', Properties: {Code: src, Handler: a.b, Runtime: python3.12}}"
    inner = "Resources:\n" + "".join(f"  F{number}: {function}\n" for number in range(1_000))
    found = project(tmp_path, nesting("inner.yaml"), {"inner.yaml": inner, "src/a.py": "b = 1\n"})
    jobs = found.jobs(Options())
    assert sum(job.source is not None for job in jobs) == MAX_JUDGED
    notes = [note for job in jobs for note in job.unchecked]
    assert [note.what for note in notes if "more functions" in note.what] == [
        f"{MAX_RESOURCES - MAX_JUDGED:,} more functions and layers of the project"
    ]
    # The outer template's own resources count too.
    assert len([note for note in notes if "the project has more than" in note.why]) == 300 - MAX_RESOURCES // 1_000


def test_stacks_of_an_assembly_beyond_a_number_of_resources_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = [case for case in load_projects() if case.id == "cdk-layer-retained"]
    folder = write_project(case, tmp_path / "made")
    monkeypatch.setattr("layercheck.project.cdk.MAX_RESOURCES", 0)
    found = find(str(folder / "cdk.out"))
    assert found is not None
    assert found.stacks == ()
    assert all("the project has more than" in note.why for note in found.unchecked)
    assert found.unchecked


def test_of_keys_that_stand_twice_the_first_are_told(tmp_path: Path) -> None:
    template = "Resources: {A: {Type: X}}\n" + "x: y\n" * 50_000
    told = [f for f in report(project(tmp_path, template)).findings if f.rule == "LC710"]
    assert len(told) == MAX_FLAWS
    assert "no longer told" in max(told, key=lambda finding: line(finding) or 0).message


def test_manifests_are_read_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = [case for case in load_projects() if case.id == "cdk-layer-retained"]
    folder = write_project(case, tmp_path / "made")
    assert read_assembly(str(folder / "cdk.out")).complaints == ()
    monkeypatch.setattr("layercheck.project.assembly.MAX_ALL_BYTES", 600)
    (complaint,) = read_assembly(str(folder / "cdk.out")).complaints
    assert complaint.why == "the manifests have more than 600 bytes together"
    assert MAX_ALL_BYTES > 600


def test_a_parameter_of_a_nested_template_is_not_set_from_outside(tmp_path: Path) -> None:
    inner = "Parameters: {Inner: {Type: String}}\nResources: {A: {Type: X}}\n"
    write(
        tmp_path,
        {"inner.yaml": inner, "outer.yaml": nesting("inner.yaml", 1) + "Parameters: {Outer: {Type: String}}\n"},
    )
    assert find("outer.yaml", {"Outer": "x"}) is not None
    with pytest.raises(ValueError, match="--set Inner: the template has no such parameter"):
        find("outer.yaml", {"Inner": "x"})
