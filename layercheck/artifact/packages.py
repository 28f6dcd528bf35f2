"""Which package a file of an artifact belongs to, and how many bytes each package takes.

Python distributions are known by their dist-info directory and what its RECORD lists at the top; npm packages by
node_modules; everything else by its directory.
"""

from __future__ import annotations

from ..named_tuple import NamedTuple
from .artifact import Artifact
from .distributions import Distribution, DistributionIndex
from .entry import DIRECTORY


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
            for distribution in self._distributions.all:
                package = Package(distribution.name, distribution.version or None, "python")
                for top in _tops(distribution):
                    self._owners.setdefault(distribution.directory + top, package)
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


def _tops(distribution: Distribution) -> set[str]:
    """The names at the top of what a distribution installs, its metadata among them."""
    tops = {row.path.split("/", 1)[0] for row in distribution.record or ()} - {"", ".", ".."}
    own = distribution.info[len(distribution.directory) :].split("/", 1)[0]
    return (tops or set(distribution.top_level) or _guesses(distribution.name)) | {own}


def _guesses(name: str) -> set[str]:
    """What a distribution without RECORD is likely to hold: a package of its own name, and the libraries beside it."""
    plain = name.replace("-", "_")
    return {plain, plain + ".libs", plain + ".py"}


def _directory(path: str) -> Package:
    parts = path.split("/")
    depth = 1
    if parts[0] in ("python", "nodejs", "java", "ruby") and len(parts) > 2:
        depth = parts.index("site-packages") + 2 if "site-packages" in parts[:-2] else 2
    if len(parts) <= depth:
        return Package("/".join(parts[:-1]) + "/" if len(parts) > 1 else parts[0], None, "directory")
    return Package("/".join(parts[:depth]) + "/", None, "directory")
