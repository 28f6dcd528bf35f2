"""The hooks for pre-commit, run by the real pre-commit in a repository that uses them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gate import layers
from project.sources import ROOT

CONFIGURATION = """
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: layercheck
        args: [-r, python3.12, -a, x86_64]
      - id: layercheck-project
"""
HOOKS = {"layercheck", "layercheck-project"}
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Handler: app.handler, Runtime: python3.12, Architectures: [arm64]}
"""


def hooks() -> dict[str, dict[str, Any]]:
    found = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook for hook in found}


def pre_commit(*arguments: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env = {**kept, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"}
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=300)


def git(*arguments: str, cwd: Path) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", *who, "-c", "init.defaultBranch=main", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=True, env=kept)
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """Everything in the folder as one commit; its id."""
    git("init", "-q", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-qm", "all", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


@pytest.mark.parametrize(
    ("name", "which"),
    [
        ("dist/layer.zip", "layercheck"),
        ("a b.whl", "layercheck"),
        ("x.jar", "layercheck"),
        ("x.zip.txt", None),
        ("unzip", None),
        ("template.yaml", "layercheck-project"),
        ("services/a/template.yml", "layercheck-project"),
        ("cdk.out/Shop.template.json", "layercheck-project"),
        ("stack.template", "layercheck-project"),
        ("mytemplate.yaml", None),
        ("values.yaml", None),
    ],
)
def test_each_file_has_its_hook(name: str, which: str | None) -> None:
    assert hooks().keys() == HOOKS
    assert [id for id, hook in hooks().items() if re.search(hook["files"], name)] == ([which] if which else [])


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    done = pre_commit("validate-manifest", ".pre-commit-hooks.yaml", cwd=ROOT, home=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
@pytest.mark.registry
def test_the_hooks_run_in_a_repository(tmp_path: Path) -> None:
    source, user = tmp_path / "layercheck", tmp_path / "user"
    source.mkdir()
    shutil.copytree(ROOT / "layercheck", source / "layercheck", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    user.mkdir()
    configuration = CONFIGURATION.format(repository=source, revision=committed(source))
    (user / ".pre-commit-config.yaml").write_text(configuration)
    (user / "notes.txt").write_text("nothing of ours\n")
    git("init", "-q", cwd=user)
    git("add", "-A", cwd=user)
    skipped = pre_commit("run", cwd=user, home=tmp_path / "home")
    assert (skipped.returncode, skipped.stdout.count("no files to check")) == (0, 2), skipped

    layers.good(user / "dist/a good layer.zip")
    (user / "src").mkdir()
    (user / "src/app.py").write_text("def handler(event, context):\n    return 1\n")
    (user / "template.yaml").write_text(TEMPLATE)
    git("add", "-A", cwd=user)
    passed = pre_commit("run", cwd=user, home=tmp_path / "home")
    assert (passed.returncode, passed.stdout.count("Passed")) == (0, 2), passed

    layers.bad(user / "dist/bad.zip")
    (user / "src/app.py").write_text("answer = 42\n")
    git("add", "-A", cwd=user)
    failed = pre_commit("run", cwd=user, home=tmp_path / "home")
    assert (failed.returncode, failed.stdout.count("Failed")) == (1, 2), failed
    assert "dist/bad.zip:python/_x.abi3.so: LC401 error" in failed.stdout
    assert "src:app.py: LC571 error" in failed.stdout
    assert "a good layer" not in failed.stdout


def test_a_hook_needs_a_target(tmp_path: Path) -> None:
    for hook in hooks().values():
        command = [sys.executable, "-m", *hook["entry"].split(), str(layers.good(tmp_path / "good.zip"))]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert (done.returncode, "--require-target: give" in done.stderr) == (2, True)
