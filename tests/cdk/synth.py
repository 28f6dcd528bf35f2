"""The CDK app beside this file, really synthesised: node from a wheel, aws-cdk-lib from the registry, into .cache/cdk.

``python -m cdk.synth`` in tests/ writes cdk.out anew, as it is committed: tidied of what names the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from real.nodejs import nodejs, npm
from real.wheels import one_at_a_time

HERE = Path(__file__).parent
APP = HERE / "app"
COMMITTED = HERE / "cdk.out"
CACHE = HERE.parents[1] / ".cache" / "cdk"


def modules() -> Path:
    """node_modules with what package-lock.json of the app pins, installed once."""
    lock = (APP / "package-lock.json").read_bytes()
    place = CACHE / "npm"
    with one_at_a_time(place):
        installed = place / "package-lock.json"
        if not installed.exists() or installed.read_bytes() != lock or not (place / "done").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            shutil.copy(APP / "package.json", place)
            shutil.copy(APP / "package-lock.json", place)
            command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True)
            assert done.returncode == 0, f"npm ci failed:\n{done.stderr[-4000:]}"
            (place / "done").touch()
    return place / "node_modules"


def synthesise(out: Path, *words: str, assets: Path | None = None) -> None:
    """What ``cdk synth`` writes for the app into ``out``."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(out.parent),
        "NODE_PATH": str(modules()),
        "ASSETS": str(assets or APP / "assets"),
    }
    command = [str(nodejs() / "bin/node"), str(APP / "app.js"), str(out), *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"node app.js failed:\n{done.stderr[-4000:]}"


def tidy(out: Path) -> None:
    """Leave out what names this machine or is of no use here: stack traces, reports of flags and of validation."""
    (out / "validation-report.json").unlink(missing_ok=True)
    for path in sorted(out.rglob("*.metadata.json")):
        kept = _without_traces(json.loads(path.read_text()))
        if kept:
            path.write_text(json.dumps(kept, indent=1) + "\n")
        else:
            path.unlink()
    for path in sorted(out.rglob("manifest.json")):
        manifest = json.loads(path.read_text())
        manifest["artifacts"] = {
            name: _without_metadata(artifact, path.parent)
            for name, artifact in manifest["artifacts"].items()
            if artifact["type"] != "cdk:feature-flag-report"
        }
        path.write_text(json.dumps(manifest, indent=1) + "\n")


def _without_traces(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        place: [entry for entry in entries if entry["type"] == "aws:cdk:asset"] for place, entries in metadata.items()
    }
    return {place: entries for place, entries in kept.items() if entries}


def _without_metadata(artifact: dict[str, Any], folder: Path) -> dict[str, Any]:
    named = artifact.get("additionalMetadataFile")
    gone = named is not None and not (folder / named).exists()
    return {key: value for key, value in artifact.items() if not (gone and key == "additionalMetadataFile")}


def files(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    shutil.rmtree(COMMITTED, ignore_errors=True)
    synthesise(COMMITTED)
    tidy(COMMITTED)
