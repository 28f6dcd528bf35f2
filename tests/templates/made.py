"""Projects made for tests: a template and the files beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layercheck.check import Options, run_jobs
from layercheck.finding import Finding, Report
from layercheck.project import Project, find
from layercheck.report.json import document

SAM = "Transform: AWS::Serverless-2016-10-31\n"
HANDLER = "def handler(event, context):\n    return 1\n"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def project(folder: Path, template: str, files: Mapping[str, str | bytes] | None = None, **given: str) -> Project:
    """The project of a template.yaml with code below src/ and layer/."""
    common = {"src/app.py": HANDLER, "layer/python/deps.py": "X = 1\n"}
    write(folder, {"template.yaml": template, **common, **(files or {})})
    found = find("template.yaml", {name.replace("__", "::"): value for name, value in given.items()})
    assert found is not None
    return found


def report(found: Project, options: Options | None = None) -> Report:
    wanted = options or Options()
    return run_jobs(found.jobs(wanted), wanted)


def rules(report: Report, prefix: str = "LC7") -> list[tuple[str, str, int | None]]:
    """Rule, severity and line of the findings of a family."""
    return [(f.rule, f.severity.value, line(f)) for f in report.findings if f.rule.startswith(prefix)]


def line(finding: Finding) -> int | None:
    return finding.source.line if finding.source is not None else None


def as_json(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document(report)))
    return found


def here(folder: Path) -> str:
    """The working directory as it was, for os.chdir back."""
    before = os.getcwd()
    os.chdir(folder)
    return before
