"""Projects built by the real SAM CLI: what it writes is understood, passes as built, and fails where it is spoiled."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from cli.runs import here
from project.sources import ROOT
from real.nodejs import nodejs, npm
from real.wheels import one_at_a_time

SAM = "aws-sam-cli==1.170.0"
CACHE = ROOT / ".cache" / "sam"
PYTHON = f"python3.{sys.version_info.minor}"
TEMPLATE = f"""
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Arch: {{Type: String, Default: x86_64}}
Globals:
  Function: {{Timeout: 3, Runtime: {PYTHON}}}
Resources:
  Deps:
    Type: AWS::Serverless::LayerVersion
    Metadata: {{BuildMethod: {PYTHON}, BuildArchitecture: x86_64}}
    Properties:
      ContentUri: deps
      CompatibleRuntimes: [{PYTHON}]
      CompatibleArchitectures: [x86_64]
  Intel:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: fn/, Handler: app.handler, Architectures: [x86_64], Layers: [!Ref Deps]}}
  Arm:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: fn/, Handler: app.handler, Architectures: [arm64]}}
  Node:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: node/, Handler: index.handler, Runtime: nodejs22.x, Architectures: [!Ref Arch]}}
  App:
    Type: AWS::Serverless::Application
    Properties: {{Location: nested/template.yaml, Parameters: {{LayerArn: !Ref Deps}}}}
"""
NESTED = f"""
Transform: AWS::Serverless-2016-10-31
Parameters:
  LayerArn: {{Type: String}}
Resources:
  Inner:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: fn/, Handler: app.handler, Runtime: {PYTHON}, Layers: [!Ref LayerArn]}}
"""
FILES = {
    "template.yaml": TEMPLATE,
    "nested/template.yaml": NESTED,
    "nested/fn/app.py": "import idna\n\ndef handler(event, context):\n    return idna.__version__\n",
    "deps/requirements.txt": "idna==3.10\n",
    "fn/requirements.txt": "rpds-py==0.27.1\n",
    "fn/app.py": "from rpds import HashTrieMap\n\ndef handler(event, context):\n    return len(HashTrieMap({}))\n",
    "node/package.json": '{"name": "n", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}',
    "node/index.js": "const ms = require('ms');\nexports.handler = async () => ms('1d');\n",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.registry,
    pytest.mark.skipif(os.name != "posix", reason="sam build needs the tools of a Unix here"),
]


def sam() -> Path:
    """The SAM CLI in an environment of its own, made once."""
    home = CACHE / SAM
    whole = home / "whole"
    with one_at_a_time(home):
        if not whole.exists():
            shutil.rmtree(home, ignore_errors=True)
            venv.create(home, with_pip=True)
            install = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q", SAM]
            done = subprocess.run(install, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            whole.touch()
    return home / "bin" / "sam"


def programs(folder: Path) -> Path:
    """``folder``, filled with node and an npm that needs no other node."""
    folder.mkdir()
    (folder / "node").symlink_to(nodejs() / "bin/node")
    (folder / "npm").write_text(f'#!/bin/sh\nexec {shlex.join(npm())} "$@"\n')
    (folder / "npm").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sam")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    tools = programs(tmp_path_factory.mktemp("tools") / "bin")
    env = {
        **os.environ,
        "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PYTHONPATH": "",
    }
    done = subprocess.run([str(sam()), "build"], cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def checked(*arguments: str) -> tuple[int, dict[str, Any]]:
    run = here(*arguments, "-f", "json", "--no-config")
    assert run.out, run.err
    return run.code, json.loads(run.out)


def test_what_sam_has_built_passes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    code, document = checked(".aws-sam/build")
    assert (code, [f["message"] for f in document["findings"] if f["severity"] == "error"]) == (0, [])
    targets = {t["source"]["resource"]: t for t in document["targets"]}
    assert {name: (t["runtime"], t["architecture"], len(t["layers"])) for name, t in targets.items()} == {
        "Intel": (PYTHON, "x86_64", 1),
        "Arm": (PYTHON, "arm64", 0),
        "Node": ("nodejs22.x", "x86_64", 0),
        "Inner": (PYTHON, "x86_64", 1),
        "Deps": (PYTHON, "x86_64", 1),
    }
    assert document["unchecked"] == []
    native = {a["path"]: a["elf_files"] for a in document["artifacts"]}
    assert (native[".aws-sam/build/Intel"], native[".aws-sam/build/Arm"]) == (1, 1)
    assert document["projects"][0]["stacks"] == 2


def test_the_source_is_not_judged_as_if_it_were_built(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    _, document = checked("template.yaml")
    told = " ".join(f"{u['what']}: {u['why']}" for u in document["unchecked"])
    assert told.count("it is not built") == 5, told
    assert [t["source"]["resource"] for t in document["targets"]] == ["Inner"]


def test_a_parameter_that_changes_the_architecture(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    _, document = checked(".aws-sam/build", "--set", "Arch=arm64")
    assert [t["architecture"] for t in document["targets"] if t["source"]["resource"] == "Node"] == ["arm64"]


def test_another_architecture_than_was_built_for_fails(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(project / ".aws-sam", tmp_path / ".aws-sam")
    monkeypatch.chdir(tmp_path)
    template = Path(".aws-sam/build/template.yaml")
    text = template.read_text(encoding="utf-8")
    spoiled = text.replace("arm64", "x86_64", 1)
    assert spoiled != text
    template.write_text(spoiled, encoding="utf-8")
    code, document = checked(".aws-sam/build")
    errors = [f for f in document["findings"] if f["severity"] == "error"]
    assert code == 1
    assert [(f["rule"], f["source"]["resource"]) for f in errors] == [("LC301", "Arm")]
    assert spoiled.splitlines()[errors[0]["source"]["line"] - 1] == "  Arm:"


def test_a_package_that_sam_did_not_install_fails(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(project / ".aws-sam", tmp_path / ".aws-sam")
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(".aws-sam/build/Deps")
    code, document = checked(".aws-sam/build")
    assert code == 1
    assert [f["rule"] for f in document["findings"] if f["severity"] == "error"] == ["LC711"]
    assert any("idna" in f["message"] for f in document["findings"]) or any(
        "idna" in u["what"] for u in document["unchecked"]
    )
