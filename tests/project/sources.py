"""The project's own files, as a clone has them, and what its modules import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (".ci", "action", "benchmarks", "corpus", "docs", "layercheck", "release", "tests")
_SUFFIXES = frozenset((".py", ".json", ".toml", ".md", ".txt", ".yaml", ".yml", ".typed", ".cfg", ".sh", ""))


class Import(NamedTuple):
    """``target`` is a module of the package; ``lazy`` when it is inside a function or only for type checkers."""

    module: str
    target: str
    line: int
    lazy: bool


def built_wheel(folder: Path) -> Path:
    """The project's wheel, built into ``folder``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@cache
def text_files() -> tuple[Path, ...]:
    """Every text file of the project, without what builds and tests leave behind."""
    found = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in _SUFFIXES and path.name != ".git"]
    for folder in _FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in _SUFFIXES]
    return tuple(sorted(found))


@cache
def modules() -> dict[str, Path]:
    """The modules of the package by their dotted names; a package has the name of its folder."""
    found = {}
    for path in (ROOT / "layercheck").rglob("*.py"):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports() -> Iterator[Import]:
    """Every import of a module of the package by another."""
    for name, path in modules().items():
        yield from imports_of(name, path.read_text(encoding="utf-8"), is_package=path.name == "__init__.py")


def imports_of(name: str, source: str, *, is_package: bool) -> Iterator[Import]:
    """The imports in ``source``, the text of the module ``name``."""
    package = name if is_package else name.rpartition(".")[0]
    for node, lazy in _walk(ast.parse(source), lazy=False):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            targets = [_module(f"{base}.{alias.name}", base) for alias in node.names]
        else:
            continue
        for target in dict.fromkeys(targets):
            if target.split(".")[0] == "layercheck":
                yield Import(name, target, node.lineno, lazy)


def _module(whole: str, base: str) -> str:
    """What ``from base import x`` imports: the module x if there is one, else base."""
    return whole if whole in modules() else base


def _walk(node: ast.AST, *, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_for_types(child)
        yield child, inside
        yield from _walk(child, lazy=inside)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
