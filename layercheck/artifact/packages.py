"""Which package a file of an artifact belongs to, and how many bytes each package takes.

Python distributions are known by what their RECORD lists, or by the usual directories where there is none; npm packages
by node_modules; everything else by its directory.
"""

from __future__ import annotations

import re
from posixpath import normpath

from ..named_tuple import NamedTuple
from .artifact import Artifact
from .distributions import DistributionIndex
from .entry import DIRECTORY

_DEEP = 12
"""Directories above a file that is listed, but not there, that are still its package's."""
_CACHED = r"^(.*/|)__pycache__/([^/.]+)\.[^/]*\.pyc$"


class Package(NamedTuple):
    """``ecosystem`` is python, npm or directory; ``version`` is None where it is not known."""

    name: str
    version: str | None
    ecosystem: str


class PackageIndex:
    """The packages of one artifact. Built when first asked."""

    def __init__(self, artifact: Artifact, distributions: DistributionIndex) -> None:
        self._artifact = artifact
        self._distributions = distributions
        self._files: dict[str, Package] = {}
        # None: several distributions share the directory, as they do google/ and azure/.
        self._directories: dict[str, Package | None] = {}
        self._built = False

    def owner(self, path: str) -> Package | None:
        """The package that the file at ``path`` belongs to."""
        npm = path.rfind("node_modules/")
        if npm >= 0:
            parts = path[npm + 13 :].split("/")
            name = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
            return Package(name, None, "npm") if len(parts) > 1 else None
        if not self._built:
            self._built = True
            self._build()
        if not self._files and not self._directories:
            return None
        found = self._files.get(path)
        if found is None and path.endswith(".pyc") and (match := re.match(_CACHED, path)) is not None:
            found = self._files.get(f"{match[1]}{match[2]}.py")
        while found is None and path:
            if path in self._directories:
                return self._directories[path]
            path = path.rpartition("/")[0]
        return found

    def _build(self) -> None:
        # The outermost first: what it has bundled is its own, with the metadata of its own that this may have.
        for distribution in sorted(self._distributions.all, key=lambda item: item.directory.count("/")):
            package = Package(distribution.name, distribution.version or None, "python")
            if distribution.record:
                for row in distribution.record:
                    path = self._installed(distribution.directory, row.path)
                    if path is not None and path not in self._files:
                        self._files[path] = package
                        if path.count("/") <= _DEEP or self._artifact.has(path):
                            self._claim(path, distribution.directory, package)
            else:
                for top in distribution.top_level or _guesses(distribution.name):
                    self._directories.setdefault(distribution.directory + top, package)
                    self._directories.setdefault(f"{distribution.directory}{top}.py", package)
            self._directories.setdefault(distribution.info, package)

    def _installed(self, directory: str, row: str) -> str | None:
        """Where a row of RECORD leads. ``pip install --target`` writes ../../bin/x for what it then puts into bin/x."""
        if not row.startswith("../"):
            return directory + row
        path = normpath(directory + row)
        if not self._artifact.has(path):
            path = directory + re.sub(r"^(\.\./)+", "", row)
        return path if self._artifact.has(path) else None

    def _claim(self, path: str, directory: str, package: Package) -> None:
        """The directories between a file and the place of its distribution are its package's, until another has files
        in them too."""
        at = path.rpartition("/")[0]
        while len(at) >= len(directory) > 0 or (at and not directory):
            if at in self._directories:
                known = self._directories[at]
                if known is None or known == package:
                    return
                self._directories[at] = None
            else:
                self._directories[at] = package
            at = at.rpartition("/")[0]

    def sizes(self) -> list[tuple[Package, int]]:
        """Unzipped bytes by package, the largest first."""
        totals: dict[Package, int] = {}
        for entry in self._artifact.entries:
            if entry.kind == DIRECTORY:
                continue
            owner = self.owner(entry.path) or directory_of(entry.path)
            totals[owner] = totals.get(owner, 0) + entry.bytes
        return sorted(totals.items(), key=lambda item: (-item[1], item[0].name))


def _guesses(name: str) -> set[str]:
    """What a distribution that does not tell is likely to hold: a package or module of its name, and the libraries
    beside it."""
    plain = name.replace("-", "_")
    return {plain, plain + ".libs"}


def directory_of(path: str) -> Package:
    """The package that stands for a file without one: its directory below the place of packages, or the file itself."""
    parts = path.split("/")
    depth = 1
    if parts[0] in ("python", "nodejs", "java", "ruby") and len(parts) > 2:
        depth = parts.index("site-packages") + 2 if "site-packages" in parts[:-2] else 2
    if len(parts) <= depth:
        return Package("/".join(parts[:-1]) + "/" if len(parts) > 1 else parts[0], None, "directory")
    return Package("/".join(parts[:depth]) + "/", None, "directory")
