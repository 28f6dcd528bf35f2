"""The reports that golden files are made of. A case makes its report in a folder of its own, in which it runs.

To add one, for a project too: a name and a function that builds the input below the folder it is given, checks it by a
relative path and returns the report.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from layercheck import check
from layercheck.check import Options, run_jobs
from layercheck.finding import Report
from layercheck.project import find
from layercheck.report import FORMATS, render
from layercheck.report.location import Base
from support.folders import inside
from support.recipes import build, load_cases

FOLDER = Path(__file__).parent
SUFFIXES = {
    "text": "txt", "concise": "concise.txt", "json": "json", "sarif": "sarif", "github": "github.txt",
    "junit": "xml", "markdown": "md",
}  # fmt: skip
# Else each new rule would change these files.
JUNIT_RULES = frozenset(("LC001", "LC201", "LC301", "LC401", "LC402", "LC501", "LC505"))


class Case(NamedTuple):
    """``name`` is the folder of its golden files; ``formats`` leaves out those that would be long."""

    name: str
    report: Callable[[Path], Report]
    formats: tuple[str, ...] = FORMATS


def corpus(identifier: str) -> Callable[[Path], Report]:
    """The report about a case of the corpus (``group/id``)."""

    def made(folder: Path) -> Report:
        case = next(case for case in load_cases() if f"{case.group}/{case.id}" == identifier)
        built = build(case, folder)
        return check(
            os.path.relpath(built.artifact, folder),
            runtime=case.runtime,
            architecture=case.architecture,
            layers=[os.path.relpath(layer, folder) if isinstance(layer, Path) else layer for layer in built.layers],
            kind=case.artifact.kind,
            handler=case.handler,
            env=dict(case.env),
            upload=case.upload,
        )

    return made


def without_target(folder: Path) -> Report:
    """What is said of a layer when nobody says what it is for."""
    case = next(case for case in load_cases() if case.id == "numpy-x86-on-arm")
    return check(os.path.relpath(build(case, folder).artifact, folder))


def built_by_sam(folder: Path) -> Report:
    """What is said of the small build that tests/templates keeps."""
    shutil.copytree(FOLDER.parent / "templates" / "built", folder / ".aws-sam" / "build")
    project = find(".aws-sam/build")
    assert project is not None
    options = Options()
    return run_jobs(project.jobs(options), options)._replace(projects=(project.summary(),))


def synthesised_by_cdk(folder: Path) -> Report:
    """What is said of one stack of the assembly that tests/cdk keeps, and of what it nests."""
    shutil.copytree(FOLDER.parent / "cdk" / "cdk.out", folder / "cdk.out")
    project = find("cdk.out/Shop.template.json")
    assert project is not None
    options = Options()
    return run_jobs(project.jobs(options), options)._replace(projects=(project.summary(),))


CASES = (
    Case("good-layer", corpus("good/manylinux2014-with-libs")),
    Case("open-deployment", corpus("good/base-layer-not-at-hand")),
    Case("wrong-architecture", corpus("elf-arch/numpy-x86-on-arm")),
    Case("missing-library", corpus("needed/geolambda-without-base")),
    Case("over-the-limit", corpus("size/awscli-and-ffmpeg-layers")),
    Case("sam-build", built_by_sam),
    Case("cdk-assembly", synthesised_by_cdk),
    Case("no-target", without_target, ("text", "github", "junit", "markdown")),
)


def golden(case: Case, folder: Path) -> dict[Path, str]:
    """The golden files of a case, with what belongs into them."""
    with inside(folder):
        report = _settled(case.report(folder))
    base = Base("/checkout/build", "/checkout")
    return {
        FOLDER / case.name / f"report.{SUFFIXES[format]}": render(
            report, format, base=base, rules=JUNIT_RULES if format == "junit" else None
        )
        for format in case.formats
    }


def _settled(report: Report) -> Report:
    """Without what changes with a release, with its data, or with the library that compresses."""
    artifacts = [
        # A directory's digest counts the modes of files, which a checkout leaves to the umask.
        artifact._replace(code_sha256="A" * 43 + "=", zip_bytes=1_000)
        if artifact.zip_bytes is not None
        else artifact._replace(content_sha256="a" * 64)
        for artifact in report.artifacts
    ]
    return report._replace(
        tool_version="1.2.3", data_version="2026-01-02", date="2026-01-02", artifacts=tuple(artifacts)
    )
