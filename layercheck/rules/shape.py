"""The outline of an artifact: what lies at its top, and where its code is. Made once, used by the layout rules."""

from __future__ import annotations

from collections.abc import Mapping

from ..artifact import DIRECTORY, FILE, Artifact
from ..named_tuple import NamedTuple

_LANGUAGES = {
    "py": "python",
    "pyc": "python",
    "pyd": "python",
    "js": "nodejs",
    "mjs": "nodejs",
    "cjs": "nodejs",
    "node": "nodejs",
    "jar": "java",
    "class": "java",
    "rb": "ruby",
    "dll": "dotnet",
}
_DEPTH = 6
MACOS_JUNK = "__MACOSX"


class Shape(NamedTuple):
    """What lies where.

    ``tops``: files below each top-level name (a lone file counts itself). ``root_files``: names of files at the root.
    ``directories``: every directory that holds something, down to six levels. ``languages``: for each top-level name
    the languages whose code it holds. ``python_packages`` and ``npm_packages``: top-level directories that are
    packages. ``programs``: ELF files and scripts that are not libraries. ``packed``: archives, and the files of
    packages that unpack one (artifact/npm.py).
    """

    tops: Mapping[str, int]
    root_files: tuple[str, ...]
    directories: frozenset[str]
    languages: Mapping[str, frozenset[str]]
    python_packages: tuple[str, ...]
    npm_packages: tuple[str, ...]
    distributions: tuple[str, ...]
    programs: tuple[str, ...]
    packed: tuple[str, ...]

    def below(self, directory: str) -> bool:
        """Whether anything lies below ``directory``."""
        return directory in self.directories


def outline(artifact: Artifact) -> Shape:
    """Look over the entries of ``artifact`` once."""
    tops: dict[str, int] = {}
    root_files: list[str] = []
    directories: set[str] = set()
    languages: dict[str, set[str]] = {}
    python_packages: set[str] = set()
    npm_packages: set[str] = set()
    distributions: set[str] = set()
    parents: set[str] = set()
    for entry in artifact.entries:
        path = entry.path
        if entry.kind == DIRECTORY or path.startswith(MACOS_JUNK):
            continue
        slash, last = path.find("/"), path.rfind("/")
        if slash < 0:
            top = path
            root_files.append(path)
        else:
            top, parent = path[:slash], path[:last]
            if parent not in parents:
                parents.add(parent)
                parts = parent.split("/")
                for depth in range(1, min(len(parts), _DEPTH) + 1):
                    directories.add("/".join(parts[:depth]))
            if slash == last:
                name = path[last + 1 :]
                if name in ("__init__.py", "__init__.pyc"):
                    python_packages.add(top)
                elif name == "package.json":
                    npm_packages.add(top)
                if top.endswith((".dist-info", ".egg-info")):
                    distributions.add(top)
        tops[top] = tops.get(top, 0) + 1
        language = _LANGUAGES.get(path[path.rfind(".") + 1 :])
        if language is None and entry.kind == FILE and ".so" in path[last + 1 :]:
            language = "native"
        if language is not None:
            languages.setdefault(top, set()).add(language)
    programs = sorted(
        path
        for path, fact in artifact.facts.items()
        if (fact.first_line is not None or fact.elf is not None)
        and ".so" not in path[path.rfind("/") + 1 :]
        and not path.startswith(MACOS_JUNK)
    )
    return Shape(
        tops=tops,
        root_files=tuple(sorted(root_files)),
        directories=frozenset(directories),
        languages={top: frozenset(found) for top, found in languages.items()},
        python_packages=tuple(sorted(python_packages)),
        npm_packages=tuple(sorted(npm_packages)),
        distributions=tuple(sorted(distributions)),
        programs=tuple(programs[:1000]),
        packed=tuple(
            path
            for path, fact in artifact.facts.items()
            if fact.npm is not None or fact.mentions or fact.magic in ("gzip", "zip")
        ),
    )
