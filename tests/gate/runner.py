"""The steps of action.yml, run as GitHub's runner would run them; what this does not know of it, it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from project.sources import ROOT

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class Step(NamedTuple):
    """How a step, or the whole action, ended; ``summary`` is what it added to the step's summary."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


@cache
def action() -> Any:
    """The document of action.yml."""
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def steps() -> dict[str, dict[str, Any]]:
    """The steps by their ids."""
    return {step["id"]: step for step in action()["runs"]["steps"]}


def evaluate(text: str, inputs: Mapping[str, str], outputs: Mapping[str, Mapping[str, str]]) -> str:
    """The text with its expressions worked out. Raises AssertionError for one that is not known here."""

    def value(match: re.Match[str]) -> str:
        words = match[1].strip().split(".")
        if words[0] == "inputs" and len(words) == 2:
            return inputs[words[1]]
        assert words[0] == "steps", match[0]
        assert (words[2], len(words)) == ("outputs", 4), match[0]
        return outputs[words[1]].get(words[3], "")

    return _EXPRESSION.sub(value, text)


class Runner:
    """A job in ``folder``, which gets a workspace and the runner's own files beside it."""

    def __init__(self, folder: Path, action_path: Path = ROOT) -> None:
        self.workspace = folder / "work space"
        self.temp = folder / "temp"
        self._action_path = action_path
        self._files = folder / "files"
        for place in (self.workspace, self.temp, self._files):
            place.mkdir()

    def run(self, *, archive: str | None = None, **inputs: str) -> Step:
        """Both steps, or with ``archive`` only the one that checks; the action's own outputs."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= action()["inputs"].keys(), given
        values = {name: given.get(name, about["default"]) for name, about in action()["inputs"].items()}
        installed = {"python": sys.executable, "archive": archive or ""}
        if archive is None:
            done = self.step("install", values, {})
            if done.code:
                return done
            installed = done.outputs
        done = self.step("check", values, {"install": installed})
        told = {"check": done.outputs}
        outputs = {name: evaluate(about["value"], {}, told) for name, about in action()["outputs"].items()}
        return done._replace(outputs=outputs)

    def step(
        self,
        name: str,
        inputs: Mapping[str, str],
        outputs: Mapping[str, Mapping[str, str]],
        path: str = os.environ["PATH"],
    ) -> Step:
        """One step of the action by its id."""
        step = steps()[name]
        script, output, summary = (self._files / what for what in ("script.sh", "output", "summary.md"))
        script.write_text(step["run"], encoding="utf-8")
        for file in (output, summary):
            file.write_text("", encoding="utf-8")
        env = {
            "PATH": path,
            "HOME": os.environ.get("HOME", str(self.temp)),
            "GITHUB_ACTION_PATH": str(self._action_path),
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **{key: evaluate(value, inputs, outputs) for key, value in step.get("env", {}).items()},
        }
        # How pip reaches the registry here is the machine's own affair.
        env |= {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_"))}
        done = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=env,
            capture_output=True,
            timeout=300,
        )
        lines = output.read_text(encoding="utf-8").splitlines()
        assert all(re.match(r"[a-z-]+=", line) for line in lines), lines
        told = dict(line.split("=", 1) for line in lines)
        assert len(told) == len(lines), lines
        return Step(done.returncode, done.stdout.decode(), done.stderr.decode(), told, summary.read_text("utf-8"))


def archive(folder: Path) -> str:
    """A folder that stands for layercheck.pyz and needs no building, with the sources of this checkout."""
    (folder / "__main__.py").write_bytes((ROOT / "release/pyz_main.py").read_bytes())
    (folder / "layercheck").symlink_to(ROOT / "layercheck", target_is_directory=True)
    return str(folder)
