"""What docs/ci.md and the README tell people to paste is run, or given to what would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_config

from cli.runs import environment
from gate import layers
from gate.runner import Runner, action, archive
from gate.test_gate_precommit import hooks
from project.sources import ROOT, text_files

ACTIONS = {"actions/checkout": "v7", "actions/setup-python": "v7", "github/codeql-action/upload-sarif": "v4"}
"""The current major versions of what pages name, looked up on 2026-11-23."""
SNIPPET = re.compile(r"<!-- test: ([\w-]+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


def snippets(name: str) -> list[str]:
    text = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    found = [code for what, code in SNIPPET.findall(text) if what == name]
    assert found, name
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout of somebody's, with a layer that passes on arm64, and layercheck.pyz in it."""
    place = tmp_path / "work"
    layers.good(place / "build/layer.zip")
    (place / "layercheck.pyz").mkdir()
    archive(place / "layercheck.pyz")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    for name in ("aws", "buildkite-agent"):
        (programs / name).write_text(f'#!/bin/sh\necho "$@" >> {name}.log\ncat >> {name}.log\n')
        (programs / name).chmod(0o755)
    return place


def shell(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = environment(PATH=f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    # By the name of a link Python does not find the environment that it belongs to.
    env["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry.endswith("-packages"))
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


def script(text: str, folder: Path) -> int:
    return shell(["/bin/bash", "-e", "-c", text], folder).returncode


def failed_cases(path: Path) -> int:
    return sum(1 for _ in ElementTree.parse(path).iter("failure"))


def test_gitlab(folder: Path) -> None:
    (text,) = snippets("gitlab")
    job = yaml.safe_load(text)["layercheck"]
    assert job["artifacts"]["when"] == "always"
    report = folder / job["artifacts"]["reports"]["junit"]
    assert script("\n".join(job["script"]), folder) == 0
    assert failed_cases(report) == 0
    layers.bad(folder / "build/layer.zip")
    assert script("\n".join(job["script"]), folder) == 1
    assert failed_cases(report) == 1


def test_jenkins(folder: Path) -> None:
    (text,) = snippets("jenkins")
    (command,) = re.findall(r"sh '([^']*)'", text)
    (report,) = re.findall(r"junit '([^']*)'", text)
    layers.bad(folder / "build/layer.zip")
    assert script(command, folder) == 1
    assert failed_cases(folder / report) == 1


def test_buildkite(folder: Path) -> None:
    (text,) = snippets("buildkite")
    (step,) = yaml.safe_load(text)["steps"]
    # Buildkite replaces what begins with a dollar sign when the pipeline is uploaded.
    assert "$" not in text
    assert script(step["command"], folder) == 0
    layers.bad(folder / "build/layer.zip")
    assert script(step["command"], folder) == 1
    log = (folder / "buildkite-agent.log").read_text()
    assert log.startswith("annotate --context layercheck\n## ✅")
    assert "LC301" in log
    for name in ("layercheck.md", "build/layer.zip"):
        (folder / name).unlink()
    assert script(step["command"], folder) == 3


def test_make(folder: Path) -> None:
    (text,) = snippets("make")
    (folder / "Makefile").write_text(text)
    assert shell(["make", "deploy"], folder).returncode == 0
    assert (folder / "aws.log").read_text().startswith("lambda publish-layer-version")
    checked = folder / "build/layer.checked"
    time = checked.stat().st_mtime_ns
    assert shell(["make", "deploy"], folder).returncode == 0
    assert checked.stat().st_mtime_ns == time
    (folder / "aws.log").unlink()
    layers.bad(folder / "build/layer.zip")
    os.utime(folder / "build/layer.zip", (checked.stat().st_mtime + 10,) * 2)
    done = shell(["make", "deploy"], folder)
    assert (done.returncode, "LC301" in done.stdout) == (2, True)
    assert not (folder / "aws.log").exists()


def test_pytest(folder: Path) -> None:
    (text,) = snippets("pytest")
    (folder / "test_layer.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "layercheck.testing.plugin", "-p", "no:cacheprovider"]
    if "layercheck" in {point.name for point in _pytest_plugins()}:
        del command[3:5]
    env = environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    layers.bad(folder / "build/layer.zip")
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "2 failed" in done.stdout, "LC301" in done.stdout) == (1, True, True)


def _pytest_plugins() -> Any:
    from importlib.metadata import entry_points

    return entry_points(group="pytest11")


@pytest.mark.parametrize("number", [0, 1])
def test_pre_commit(number: int, tmp_path: Path) -> None:
    path = tmp_path / ".pre-commit-config.yaml"
    path.write_text(snippets("pre-commit")[number])
    # Raises for what pre-commit would not take.
    (repository,) = load_config(str(path))["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= hooks().keys()


def workflow_steps() -> list[dict[str, Any]]:
    (text,) = snippets("workflow")
    found: list[dict[str, Any]] = yaml.safe_load(text)["jobs"]["layer"]["steps"]
    return found


def readme_step() -> dict[str, Any]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```yaml\n((?:(?!```).)*uses: OWNER/layercheck.*?)```", text, re.DOTALL)
    assert len(snippet.splitlines()) <= 12
    (step,) = [step for step in yaml.safe_load(textwrap.dedent(snippet)) if "OWNER" in step.get("uses", "")]
    return dict(step)


@pytest.mark.parametrize("where", ["page", "readme"])
def test_the_workflow_runs_the_action(where: str, tmp_path: Path) -> None:
    mine = (
        [step for step in workflow_steps() if "OWNER" in step.get("uses", "")] if where == "page" else [readme_step()]
    )
    (given,) = [step["with"] for step in mine]
    assert given.keys() <= action()["inputs"].keys()
    runner = Runner(tmp_path)
    layers.bad(runner.workspace / "build/layer.zip")
    place = tmp_path / "archive"
    place.mkdir()
    done = runner.run(archive=archive(place), **{name.replace("-", "_"): value for name, value in given.items()})
    assert (done.code, done.outputs["exit-code"]) == (1, "1")
    assert done.out.startswith("::error file=build/layer.zip,title=LC301")
    if where == "page":
        assert Path(done.outputs["sarif"]).name == "layercheck.sarif"
        (comment,) = [step for step in workflow_steps() if "gh pr comment" in step.get("run", "")]
        assert "--body-file layercheck.md" in comment["run"]
        assert "${{" not in comment["run"]
        assert (runner.workspace / "layercheck.md").exists()


def test_every_input_is_on_the_page() -> None:
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)} == action()["inputs"].keys()
    for name in action()["outputs"]:
        assert f"`{name}`" in page


def test_other_actions_are_named_in_their_current_versions() -> None:
    named: dict[str, set[str]] = {}
    for path in text_files():
        if path.suffix == ".md":
            for name, version in re.findall(r"([\w-]+/[\w/-]+)@(v[\w.]+)", path.read_text(encoding="utf-8")):
                named.setdefault(name, set()).add(version)
    own = named.pop("OWNER/layercheck")
    assert own == {"v0.1.0"}
    assert named == {name: {version} for name, version in ACTIONS.items()}
