"""The corpus of projects (corpus/projects/<bad|good>/<case>.toml), read strictly and written to a folder.

corpus/README.md is the reference of the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.recipe_build import ArtifactRecipe, FileRecipe, write_artifact
from support.recipes import CASES, RecipeError, Table, files_of, tomllib

PROJECTS = CASES.parent / "projects"


@dataclass(frozen=True, slots=True)
class ProjectExpectation:
    """A finding that must be there, at its place; ``message`` and ``fix`` hold words that must occur."""

    rule: str
    severity: str
    file: str
    line: int | None
    resource: str | None
    message: tuple[str, ...]
    fix: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectCase:
    """One project with its verdict. ``near``: the rules that a good case must not wake, though it nearly does."""

    id: str
    good: bool
    says: str
    incidents: tuple[str, ...]
    threads: tuple[str, ...]
    input: str
    date: str
    parameters: Mapping[str, str]
    files: tuple[FileRecipe, ...]
    expect: tuple[ProjectExpectation, ...]
    near: tuple[str, ...]
    unchecked: tuple[str, ...]
    exit_code: int


def load_projects(folder: Path = PROJECTS) -> list[ProjectCase]:
    """Every case below ``folder``, sorted. Raises RecipeError."""
    return [load_project(path) for path in sorted(folder.glob("*/*.toml"))]


def load_project(path: Path) -> ProjectCase:
    """The case of one recipe; its file name is its id, its folder says whether it is good. Raises RecipeError."""
    where = f"{path.parent.name}/{path.name}"
    try:
        table = Table(where, tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where}: {error}") from error
    if table.take("id", str) != path.stem:
        raise RecipeError(f"{where}: the id must be the file's name")
    judge = Table(f"{where} [judge]", table.take("judge", dict, {}))
    case = ProjectCase(
        id=path.stem,
        good={"good": True, "bad": False}[path.parent.name],
        says=table.take("says", str),
        incidents=table.texts("incidents"),
        threads=table.texts("threads"),
        input=judge.take("input", str, "template.yaml"),
        date=judge.take("date", str, "2026-11-23"),
        parameters={name: str(value) for name, value in judge.take("set", dict, {}).items()},
        files=tuple(files_of(f"{where} [files]", table.take("files", dict))),
        expect=tuple(_expectation(f"{where} [[expect]]", item) for item in table.take("expect", list, [])),
        near=table.texts("near"),
        unchecked=table.texts("unchecked"),
        exit_code=table.take("exit_code", int),
    )
    judge.finish()
    table.finish()
    return case


def _expectation(where: str, data: Mapping[str, object]) -> ProjectExpectation:
    table = Table(where, data)
    found = ProjectExpectation(
        table.take("rule", str),
        table.one_of("severity", ("error", "warning", "info")),
        table.take("file", str, "template.yaml"),
        table.take("line", int, None),
        table.take("resource", str, None),
        table.texts("message"),
        table.texts("fix"),
    )
    table.finish()
    return found


def write_project(case: ProjectCase, folder: Path) -> Path:
    """Write the files of ``case`` below ``folder``; returns the folder that holds them."""
    return write_artifact(ArtifactRecipe(form="directory", name="project", files=case.files), folder)
