"""``size`` and ``diff`` of projects, and with a configuration."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.runs import here
from layercheck.check import Options
from layercheck.inspect.deployments import Part, compared, sized
from layercheck.project import find
from support.zip_writer import simple_zip
from templates.made import HANDLER, SAM, write
from views.made import keeps_to

ASSEMBLY = Path(__file__).resolve().parents[1] / "cdk" / "cdk.out"
TEMPLATE = (
    SAM
    + """Resources:
  Deps:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer}
  Lone:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: lone, CompatibleRuntimes: [python3.13]}
  Api:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13, Layers: [!Ref Deps]}
  Far:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: 's3://bucket/key', Handler: app.handler, Runtime: python3.13}
"""
)
FILES = {
    "template.yaml": TEMPLATE,
    "src/app.py": HANDLER,
    "layer/python/deps.py": "X = 1\n" * 100,
    "lone/python/lone.py": "Y = 1\n",
}


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "old", FILES)
    write(tmp_path / "new", FILES)
    monkeypatch.chdir(tmp_path)


def answer(*arguments: str, code: int = 0) -> dict[str, Any]:
    run = here(*arguments, "-f", "json")
    assert run.code == code, run
    found: dict[str, Any] = json.loads(run.out)
    keeps_to(arguments[0], found)
    return found


class TestSize:
    def test_each_function_with_its_layers_and_the_layers_that_none_has(self) -> None:
        found = answer("size", "old")
        assert [(item["name"], len(item["artifacts"])) for item in found["deployments"]] == [
            ("function Api", 2),
            ("layer Lone", 1),
        ]
        assert found["deployments"][0]["total_bytes"] == len(HANDLER) + 600
        assert found["deployments"][0]["source"] == {"file": "old/template.yaml", "line": 9, "resource": "Api"}
        assert found["unchecked"] == [
            {"what": "old/template.yaml:12: function Far", "why": "its code lies in S3"},
        ]

    def test_the_page(self) -> None:
        run = here("size", "old")
        assert run.code == 0, run
        assert "old/template.yaml: SAM template, 2 functions, 2 layers" in run.out
        assert "function Api (old/template.yaml:9)" in run.out
        assert "by package" not in run.out
        assert "not checked old/template.yaml:12: function Far: its code lies in S3" in run.out
        assert run.out.endswith("2 of 2 fit\n")
        assert "by package" in here("size", "old", "--top", "3").out
        assert "advice: " in here("size", "old", "--advise").out

    def test_an_assembly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ASSEMBLY.parent)
        found = answer("size", "cdk.out")
        assert len(found["deployments"]) > 3
        assert all(item["total_bytes"] for item in found["deployments"])
        page = here("size", "cdk.out").out
        assert "cdk.out/asset.cc4d9599… " in page
        assert not re.search("asset.[0-9a-f]{9}", page)

    def test_nothing_at_hand_is_not_measured(self) -> None:
        write(Path("."), {"t.yaml": SAM + "Resources:\n" + TEMPLATE[TEMPLATE.index("  Far:") :]})
        assert answer("size", "t.yaml", code=3)["deployments"] == []
        run = here("size", "t.yaml")
        assert (run.code, "NOT MEASURED" in run.out) == (3, True)

    def test_budgets(self) -> None:
        assert answer("size", "old", "--max-unzipped", "700")["deployments"][0]["budgets"] == {
            "max_unzipped_bytes": 700,
            "max_zip_bytes": None,
        }
        run = here("size", "old", "--max-unzipped", "600")
        assert run.code == 1
        assert "over the budget of 600" in run.out
        assert run.out.endswith("1 of 2 fit\n")
        Path("a.zip").write_bytes(simple_zip({"python/a.py": b"x"}))
        assert here("size", "a.zip", "--max-zip", "10").code == 1
        assert here("size", "a.zip", "--max-zip", "10kB").code == 0

    def test_parameters(self) -> None:
        template = TEMPLATE.replace("Resources:", "Parameters: {Where: {Type: String}}\nResources:")
        write(Path("."), {"old/template.yaml": template.replace("CodeUri: src", "CodeUri: !Ref Where")})
        assert answer("size", "old", "--set", "Where=src")["deployments"][0]["name"] == "function Api"
        assert here("size", "old", "--set", "Were=src").code == 2


class TestDiff:
    def test_the_same_project(self) -> None:
        found = answer("diff", "old", "new", code=3)
        assert {part["name"]: part["change"] for part in found["deployments"]} == {
            "function Api": "same",
            "layer Lone": "same",
            "layer Deps": "same",
        }
        # The code of one function is not at hand.
        assert [note["artifact"] for note in found["unchecked"]] == ["old", "new"]

    def test_what_changed_is_told_of_its_function_or_layer(self) -> None:
        write(Path("new"), {"layer/python/deps.py": "X = 2\n", "template.yaml": TEMPLATE.replace("Lone", "Single")})
        found = answer("diff", "old", "new", code=1)
        changes = {part["name"]: part["change"] for part in found["deployments"]}
        assert changes == {
            "function Api": "same",
            "layer Single": "added",
            "layer Deps": "different",
            "layer Lone": "removed",
        }
        (part,) = [part for part in found["deployments"] if part["change"] == "different"]
        assert [file["path"] for file in part["diff"]["files"]] == ["python/deps.py"]
        for form in ("text", "markdown"):
            page = here("diff", "old", "new", "-f", form)
            assert page.code == 1
            assert "layer Deps" in page.out
            assert "1 added, 1 removed, 1 different, 1 same, 2 not compared" in page.out
        assert here("diff", "old", "new", "-q").out.count("\n") == 1

    def test_an_assembly(self, tmp_path: Path) -> None:
        for name in ("old", "new"):
            shutil.copytree(ASSEMBLY, tmp_path / "builds" / name / "cdk.out")
        code = min((tmp_path / "builds" / "new").rglob("index.py"))
        code.write_text(code.read_text() + "# changed\n")
        found = answer("diff", "builds/old/cdk.out", "builds/new/cdk.out", code=1)
        assert {part["change"] for part in found["deployments"]} == {"same", "different"}

    def test_a_project_and_an_artifact_are_not_compared(self) -> None:
        Path("a.zip").write_bytes(simple_zip({"python/a.py": b"x"}))
        run = here("diff", "old", "a.zip")
        assert (run.code, "one of the two is a project" in run.err) == (2, True)


class TestConfiguration:
    def test_targets_and_ignored_rules_hold_for_a_diff(self) -> None:
        Path("old.zip").write_bytes(simple_zip({"python/a.py": b"x"}))
        Path("new.zip").write_bytes(simple_zip({"python/a.py": b"x", "__MACOSX/._a": b"x"}))
        text = "[[artifact]]\npath = 'new.zip'\nruntimes = ['python3.13']\narchitectures = ['x86_64']\n"
        Path("layercheck.toml").write_text(text)
        told = answer("diff", "old.zip", "new.zip", code=1)
        assert told["old"]["compatibility"] == [{"architecture": "x86_64", "runtimes": ["python3.13"]}]
        free = answer("diff", "old.zip", "new.zip", "--no-config", code=1)
        assert len(free["old"]["compatibility"][0]["runtimes"]) > 1
        rules = {item["rule"] for item in told["findings"]["new"]}
        assert "LC120" in rules
        Path("layercheck.toml").write_text("ignore = ['LC120']\n" + text)
        told = answer("diff", "old.zip", "new.zip", code=1)
        assert {item["rule"] for item in told["findings"]["new"]} == rules - {"LC120"}
        Path("layercheck.toml").write_text("[severity]\nLC120 = 'error'\n" + text)
        told = answer("diff", "old.zip", "new.zip", code=1)
        assert "error" in {item["severity"] for item in told["findings"]["new"] if item["rule"] == "LC120"}

    def test_layers_and_budgets_hold_for_a_size(self) -> None:
        Path("app.zip").write_bytes(simple_zip({"app.py": b"x" * 500}))
        Path("layer.zip").write_bytes(simple_zip({"python/a.py": b"x" * 500}))
        Path("layercheck.toml").write_text(
            "format = 'sarif'\nmax-unzipped = 900\n"
            "[[artifact]]\npath = '*.zip'\nkind = 'function'\nlayers = ['layer.zip']\n"
        )
        found = answer("size", "app.zip", code=1)
        assert (found["total_bytes"], found["budgets"]["max_unzipped_bytes"]) == (1000, 900)
        assert "over the budget of 900" in here("size", "app.zip").out
        assert answer("size", "app.zip", "--max-unzipped", "2000")["left_bytes"] > 0
        assert answer("size", "app.zip", "--no-config")["total_bytes"] == 500

    def test_a_wrong_one_ends_the_run(self) -> None:
        Path("layercheck.toml").write_text("ignor = []\n")
        Path("a.zip").write_bytes(simple_zip({"python/a.py": b"x"}))
        for arguments in (("size", "a.zip"), ("diff", "a.zip", "a.zip")):
            run = here(*arguments)
            assert (run.code, "ignore" in run.err) == (2, True)
            assert here(*arguments, "--no-config").code == 0


def names(parts: list[Part]) -> list[str]:
    return [part.name for part in parts]


def test_a_layer_of_a_function_is_measured_with_it_and_compared_by_itself() -> None:
    project = find("old")
    assert project is not None
    jobs = project.jobs(Options())
    assert names(sized(jobs)) == ["function Api", "layer Lone"]
    assert list(compared(jobs, "old")) == [
        ("template.yaml", "function Api"),
        ("template.yaml", "layer Lone"),
        ("", "layer Deps"),
    ]
