"""Which package a file of an artifact belongs to, and how many bytes each package takes.

Python distributions are known by their dist-info directory and what its RECORD lists at the top; npm packages by
node_modules; everything else by its directory.
"""

from __future__ import annotations

import re

from ..named_tuple import NamedTuple
from .artifact import Artifact
from .entry import DIRECTORY

_DIST_INFO = r"^(.*/)?([^/]+?)-([^/-]+)\.(?:dist|egg)-info$"


class Package(NamedTuple):
    """``ecosystem`` is python, npm or directory; ``version`` is None where it is not known."""

    name: str
    version: str | None
    ecosystem: str


class PackageIndex:
    """The packages of one artifact. Built when first asked."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self._owners: dict[str, Package] | None = None

    def owner(self, path: str) -> Package | None:
        """The package that the file at ``path`` belongs to."""
        npm = path.rfind("node_modules/")
        if npm >= 0:
            parts = path[npm + 13 :].split("/")
            name = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
            return Package(name, None, "npm") if len(parts) > 1 else None
        owners = self._python()
        at = 0
        while (at := path.find("/", at + 1)) >= 0:
            found = owners.get(path[:at])
            if found is not None:
                return found
        return owners.get(path)

    def _python(self) -> dict[str, Package]:
        if self._owners is None:
            self._owners = {}
            for directory, package, tops in _distributions(self._artifact):
                for top in tops:
                    self._owners.setdefault(directory + top, package)
        return self._owners

    def sizes(self) -> list[tuple[Package, int]]:
        """Unzipped bytes by package, the largest first."""
        totals: dict[Package, int] = {}
        for entry in self._artifact.entries:
            if entry.kind == DIRECTORY:
                continue
            owner = self.owner(entry.path) or _directory(entry.path)
            totals[owner] = totals.get(owner, 0) + entry.bytes
        return sorted(totals.items(), key=lambda item: (-item[1], item[0].name))


def _distributions(artifact: Artifact) -> list[tuple[str, Package, set[str]]]:
    found = []
    seen: set[str] = set()
    for entry in artifact.entries:
        cut = entry.path.find("-info/")
        if cut < 0 or entry.path[: cut + 5] in seen:
            continue
        info = entry.path[: cut + 5]
        seen.add(info)
        match = re.match(_DIST_INFO, info)
        if match is None:
            continue
        directory, name, version = match[1] or "", match[2], match[3]
        facts = artifact.facts.get(info + "/RECORD")
        tops = set(facts.owned) if facts is not None and facts.owned else _guesses(name)
        tops.add(info[len(directory) :])
        found.append((directory, Package(normalise(name), version, "python"), tops))
    return found


def _guesses(name: str) -> set[str]:
    """What a distribution without RECORD is likely to hold: a package of its own name, and the libraries beside it."""
    plain = name.replace("-", "_").replace(".", "_")
    return {plain, plain.lower(), plain + ".libs", plain.lower() + ".libs", plain.lower() + ".py"}


def normalise(name: str) -> str:
    """A distribution's name as the registry spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _directory(path: str) -> Package:
    parts = path.split("/")
    depth = 1
    if parts[0] in ("python", "nodejs", "java", "ruby") and len(parts) > 2:
        depth = parts.index("site-packages") + 2 if "site-packages" in parts[:-2] else 2
    if len(parts) <= depth:
        return Package("/".join(parts[:-1]) + "/" if len(parts) > 1 else parts[0], None, "directory")
    return Package("/".join(parts[:depth]) + "/", None, "directory")
