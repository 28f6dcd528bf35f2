"""The output of ``sam build``, a small one that is kept here, by the command line; tests/golden has its reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli.runs import here

BUILT = Path(__file__).parent / "built"


@pytest.fixture(autouse=True)
def _built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(BUILT, tmp_path / ".aws-sam" / "build")
    monkeypatch.chdir(tmp_path)


def test_a_folder_with_a_build_and_the_template_in_it_say_the_same() -> None:
    reports = {
        here(name, "-f", "json").out for name in (".", ".aws-sam", ".aws-sam/build", ".aws-sam/build/template.yaml")
    }
    assert len(reports) == 2, "only .aws-sam is no project"
    assert here(".", "-f", "json").out == here(".aws-sam/build/template.yaml", "-f", "json").out


def test_the_json_report() -> None:
    document = json.loads(here(".aws-sam/build", "-f", "json").out)
    assert document["projects"] == [
        {"form": "sam", "file": ".aws-sam/build/template.yaml", "stacks": 2, "functions": 4, "layers": 1}
    ]
    targets = [(t["source"]["resource"], t["runtime"], t["architecture"], t["passed"]) for t in document["targets"]]
    assert targets == [
        ("Api", "python3.13", "arm64", True),
        ("Old", "python3.9", "arm64", False),
        ("Inner", "python3.13", "x86_64", True),
        ("Deps", "python3.13", "x86_64", True),
    ]
    assert [len(t["layers"]) for t in document["targets"]] == [1, 1, 1, 1]
    assert len(document["targets"][0]["open"]) == 1
    found = sorted((f["rule"], f["source"]["line"]) for f in document["findings"] if f["rule"] in ("LC702", "LC571"))
    assert found[1] == ("LC702", 45)
    assert all(f["source"]["file"].startswith(".aws-sam/build/") for f in document["findings"])


def test_what_is_left_unchecked_fails_when_that_is_asked_for() -> None:
    assert here(".aws-sam/build", "--strict").code == 3
    assert here(".aws-sam/build", "--ignore", "LC571").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "Stge=x"), "--set Stge: the template has no such parameter; did you mean Stage?"),
        (("--set", "Stage"), "'Stage' is not NAME=VALUE"),
        (("--handler", "a.b"), "--handler: .aws-sam/build/template.yaml says that itself"),
        (("--layer", "x.zip"), "--layer: .aws-sam/build/template.yaml says that itself"),
        (("--packager", "tar"), "invalid choice: 'tar'"),
    ],
)
def test_options_that_do_not_go_with_it(arguments: tuple[str, ...], words: str) -> None:
    run = here(".aws-sam/build", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err


def test_parameters_need_a_project() -> None:
    Path("f").mkdir()
    Path("f/app.py").write_text("x = 1\n")
    run = here("f", "--set", "A=b")
    assert (run.code, run.out) == (2, "")
    assert "no INPUT is a project" in run.err


def test_kind_says_that_a_folder_is_an_artifact() -> None:
    document = json.loads(here(".aws-sam/build", "--kind", "function", "-r", "python3.13", "-f", "json").out)
    assert "projects" not in document
    assert [a["path"] for a in document["artifacts"]] == [".aws-sam/build"]


def test_a_required_target_is_what_the_template_states() -> None:
    assert here(".aws-sam/build", "--require-target", "--ignore", "LC571").code == 0
    Path("t.yaml").write_text(
        "Resources: {L: {Type: 'AWS::Lambda::LayerVersion', DeletionPolicy: Retain, UpdateReplacePolicy: Retain, "
        "Properties: {Content: .aws-sam/build/Deps}}}\n"
    )
    run = here("t.yaml", "--require-target")
    assert run.code == 2
    assert "t.yaml:1: L declares no runtime" in run.err


def test_a_project_of_which_nothing_is_at_hand_was_not_checked() -> None:
    Path("t.yaml").write_text(
        "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Runtime: python3.13, Code: {ZipFile: x}}}}\n"
    )
    run = here("t.yaml")
    assert run.code == 3
    assert "t.yaml: CloudFormation template, 1 function, 0 layers" in run.out
    assert "its code is inline in the template" in run.out


def test_a_broken_template_is_a_finding() -> None:
    Path("t.yaml").write_text("Resources:\n\tA: b\n")
    run = here("t.yaml", "-f", "concise")
    assert run.code == 1
    assert "t.yaml:2: LC709 error: t.yaml:2: it is no YAML" in run.out


def test_a_missing_template_is_told_as_any_missing_input() -> None:
    run = here("gone.yaml")
    assert (run.code, run.out) == (3, "")
    assert "gone.yaml: No such file or directory" in run.err


def test_projects_and_artifacts_go_together() -> None:
    document = json.loads(here(".aws-sam/build", ".aws-sam/build/Deps", "-r", "python3.13", "-f", "json").out)
    assert len(document["projects"]) == 1
    assert [t["source"]["resource"] if "source" in t else None for t in document["targets"]][-1] is None
