"""The outline of an artifact: what lies at its top, and where its code is. Made once, used by the layout rules."""

from __future__ import annotations

from collections.abc import Mapping

from ..artifact import DIRECTORY, FILE, Artifact
from ..named_tuple import NamedTuple

_LANGUAGES = {
    ".py": "python",
    ".pyc": "python",
    ".pyd": "python",
    ".js": "nodejs",
    ".mjs": "nodejs",
    ".cjs": "nodejs",
    ".node": "nodejs",
    ".jar": "java",
    ".class": "java",
    ".rb": "ruby",
    ".dll": "dotnet",
}
_DEPTH = 6
MACOS_JUNK = "__MACOSX"


class Shape(NamedTuple):
    """What lies where.

    ``tops``: files below each top-level name (a lone file counts itself). ``root_files``: names of files at the root.
    ``directories``: every directory that holds something, down to six levels. ``languages``: for each top-level name
    the languages whose code it holds. ``python_packages`` and ``npm_packages``: top-level directories that are
    packages. ``programs``: ELF files and scripts that are not libraries. ``names``: of all files, without
    their directories. ``packed``: archives, and the files of packages that unpack one (artifact/npm.py).
    """

    tops: Mapping[str, int]
    root_files: tuple[str, ...]
    directories: frozenset[str]
    languages: Mapping[str, frozenset[str]]
    python_packages: tuple[str, ...]
    npm_packages: tuple[str, ...]
    distributions: tuple[str, ...]
    programs: tuple[str, ...]
    names: frozenset[str]
    packed: tuple[str, ...]

    def below(self, directory: str) -> bool:
        """Whether anything lies below ``directory``."""
        return directory in self.directories


def _by_directory(artifact: Artifact) -> tuple[dict[str, list[str]], set[str]]:
    """The names of the files of each directory, "" for the root; and the paths of what is no regular file."""
    found: dict[str, list[str]] = {}
    links: set[str] = set()
    for entry in artifact.entries:
        kind = entry.kind
        if kind == DIRECTORY:
            continue
        path = entry.path
        directory, _, name = path.rpartition("/")
        names = found.get(directory)
        if names is None:
            names = found[directory] = []
        names.append(name)
        if kind != FILE:
            links.add(path)
    for directory in [directory for directory in found if directory.startswith(MACOS_JUNK)]:
        del found[directory]
    if "" in found:
        found[""] = [name for name in found[""] if not name.startswith(MACOS_JUNK)]
    return found, links


def _languages_of(names: list[str], links: set[str], place: str) -> set[str]:
    """The languages whose code has such names; ``place`` is their directory with its slash."""
    # A name without a dot gives its last letter, which is no ending.
    endings = {name[name.rfind(".") :] for name in names}
    found = {_LANGUAGES[ending] for ending in endings if ending in _LANGUAGES}
    if ".so" in "\n".join(names) and any(
        ".so" in name and name[name.rfind(".") :] not in _LANGUAGES and place + name not in links for name in names
    ):
        found.add("native")
    return found


def outline(artifact: Artifact) -> Shape:
    """Look over the entries of ``artifact`` once."""
    by_directory, links = _by_directory(artifact)
    root_files = by_directory.pop("", [])
    tops: dict[str, int] = {}
    directories: set[str] = set()
    languages: dict[str, set[str]] = {}
    python_packages: set[str] = set()
    npm_packages: set[str] = set()
    distributions: set[str] = set()
    for name in root_files:
        tops[name] = tops.get(name, 0) + 1
        languages[name] = _languages_of([name], links, "")
    for directory, names in by_directory.items():
        top, below, _ = directory.partition("/")
        tops[top] = tops.get(top, 0) + len(names)
        languages.setdefault(top, set()).update(_languages_of(names, links, directory + "/"))
        parts = directory.split("/")[:_DEPTH]
        directories.update(["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)])
        if not below:
            if "__init__.py" in names or "__init__.pyc" in names:
                python_packages.add(top)
            if "package.json" in names:
                npm_packages.add(top)
            if top.endswith((".dist-info", ".egg-info")):
                distributions.add(top)
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
        languages={top: frozenset(found) for top, found in languages.items() if found},
        python_packages=tuple(sorted(python_packages)),
        npm_packages=tuple(sorted(npm_packages)),
        distributions=tuple(sorted(distributions)),
        programs=tuple(programs[:1000]),
        names=frozenset(root_files).union(*by_directory.values()),
        packed=tuple(
            path
            for path, fact in artifact.facts.items()
            if fact.npm is not None or fact.mentions or fact.magic in ("gzip", "zip")
        ),
    )
