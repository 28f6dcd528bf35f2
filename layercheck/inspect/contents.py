"""What each file of an artifact is: the package that it belongs to, and its kind (native code, tests, headers …).

The kinds, and why some of them could go, are facts in data/kinds.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..artifact import FILE, SYMLINK, Artifact, Entry, Facts
from ..artifact.packages import Package, PackageIndex, directory_of
from ..json_table import read_table
from ..rules.modes import debris_kind

MAX_MANIFEST = 256 << 10
"""Bytes of one package.json that are read."""
MAX_MANIFESTS = 32 << 20
"""Bytes of all of them; some 10,000 packages."""
_MAX_WORD = 100
_MANIFEST = "/package.json"
_MODULES = "node_modules/"
_GEM_HOMES = ("ruby/gems/", "bundle/ruby/")
_VERSIONED = r"(?s)(.+?)-(\d[^-]*)(?:-.+)?\Z"
"""Name and version of a gem's directory, without its platform."""
_VERSIONED_JAR = r"(?s)(.+?)-(\d.*)\Z"
_LICENCE_ENDINGS = ("", "txt", "md", "rst", "html", "rtf", "apache", "mit", "bsd")
_JAR_DEPTH = 3
_IMPORTABLE = ("python", "npm", "gem", "jar")
"""The ecosystems whose packages have names and versions of their own."""


def table() -> Mapping[str, Any]:
    """The kinds, and what could go."""
    found: Mapping[str, Any] = read_table(__file__, "kinds")
    return found


class Contents:
    """The packages and kinds of one artifact's files."""

    def __init__(self, artifact: Artifact, packages: PackageIndex) -> None:
        self._artifact = artifact
        self._packages = packages
        self._left = MAX_MANIFESTS
        self._versions: dict[str, str | None] = {}
        self._manifests: dict[str, Entry] | None = None
        self.unread = 0
        """How many package.json files were too many, or too large, to be read for their version."""
        kinds = table()["kinds"]
        self._debris: dict[str, str] = {record["debris"]: name for name, record in kinds.items() if "debris" in record}
        # The longest suffix first: .js.map before .map.
        suffixes = [(suffix, name) for name, record in kinds.items() for suffix in record.get("suffixes", ())]
        self._suffixes = sorted(suffixes, key=lambda item: (-len(item[0]), item))
        self._by_suffix: dict[str, str | None] = {}
        self._licences = tuple(kinds["licences"]["names"])

    def package(self, path: str) -> Package:
        """The package of the file at ``path``, with its version where that is told; else its directory."""
        owner = self._packages.owner(path)
        if owner is not None:
            return owner if owner.ecosystem != "npm" else owner._replace(version=self._npm_version(path, owner.name))
        if path.endswith(".jar"):
            return _jar(path[path.rfind("/") + 1 : -4])
        gem = _gem(path) if "ruby/" in path else None
        if gem is not None:
            return gem
        if self._artifact.form == "jar" and path.count("/") >= _JAR_DEPTH:
            return Package("/".join(path.split("/")[:_JAR_DEPTH]) + "/", None, "directory")
        return directory_of(path)

    def _npm_version(self, path: str, name: str) -> str | None:
        """What the package.json says that lies at the top of the package."""
        top = path[: path.rfind(_MODULES) + len(_MODULES)] + name
        if top not in self._versions:
            self._versions[top] = self._manifest_version(top + _MANIFEST)
        return self._versions[top]

    def _manifest_version(self, path: str) -> str | None:
        if self._manifests is None:
            files = [entry for entry in self._artifact.entries if entry.kind == FILE and entry.size > 0]
            self._manifests = {e.path: e for e in files if e.path.endswith(_MANIFEST)}
        entry = self._manifests.get(path)
        if entry is None:
            return None
        if entry.size > MAX_MANIFEST or entry.size > self._left:
            self.unread += 1
            return None
        self._left -= entry.size
        try:
            found = json.loads(self._artifact.read(entry, MAX_MANIFEST))
        except (ValueError, RecursionError):
            return None
        version = found.get("version") if isinstance(found, dict) else None
        return version if isinstance(version, str) and 0 < len(version) <= _MAX_WORD else None

    def kind(self, entry: Entry) -> str:
        """The kind of an entry that is not a directory: a key of the table."""
        if entry.kind != FILE:
            return "links" if entry.kind == SYMLINK else "data"
        path = entry.path
        debris = self._debris.get(debris_kind(path) or "")
        if debris is not None:
            return debris
        fact = self._artifact.facts.get(path)
        if fact is not None and (machine_code := _machine_code(fact)) is not None:
            return machine_code
        if ".dist-info/" in path or ".egg-info/" in path or path.endswith(_MANIFEST):
            return "metadata"
        name = path[path.rfind("/") + 1 :].lower()
        if name.startswith(self._licences) and name.partition(".")[2] in _LICENCE_ENDINGS:
            return "licences"
        return self._suffix_kind(name)

    def _suffix_kind(self, name: str) -> str:
        # Names end alike: asked once for each ending of an artifact, not for each of 200,000 files.
        dot = name.rfind(".", 0, max(0, name.rfind(".")))
        ending = name[dot if dot >= 0 else name.rfind(".") :] if "." in name else ""
        if ending not in self._by_suffix:
            matches = [kind for suffix, kind in self._suffixes if ending.endswith(suffix)]
            self._by_suffix[ending] = matches[0] if matches else None
        return self._by_suffix[ending] or "data"


def is_named(package: Package) -> bool:
    """Whether it is a package of some ecosystem, not just a directory."""
    return package.ecosystem in _IMPORTABLE


def _jar(stem: str) -> Package:
    found = re.match(_VERSIONED_JAR, stem)
    return Package(found[1], found[2], "jar") if found is not None else Package(stem or ".jar", None, "jar")


def _gem(path: str) -> Package | None:
    """The gem of a file below a gem directory: its code, extensions, documentation, specification or cached archive."""
    for home in _GEM_HOMES:
        at = path.find(home)
        if at < 0 or (at and path[at - 1] != "/"):
            continue
        # API/gems/NAME-VERSION/…, API/extensions/PLATFORM/API/NAME-VERSION/…, API/specifications/NAME-VERSION.gemspec
        parts = path[at + len(home) :].split("/", 5)
        if len(parts) < 3:
            return None
        named = ""
        if parts[1] in ("gems", "doc") and len(parts) > 3:
            named = parts[2]
        elif parts[1] == "extensions" and len(parts) > 5:
            named = parts[4]
        elif parts[1] in ("specifications", "cache") and len(parts) == 3:
            named = parts[2].removesuffix("spec").removesuffix(".gem")
        found = re.match(_VERSIONED, named)
        return Package(found[1], found[2], "gem") if found is not None else None
    return None


def _machine_code(fact: Facts) -> str | None:
    if fact.elf is not None:
        return "native"
    if fact.foreign is not None:
        return "dotnet" if fact.foreign.managed else "native"
    return None
