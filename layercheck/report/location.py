"""Where a finding lies, for the services that show findings beside files: a path from the root of what they show."""

from __future__ import annotations

import re
from posixpath import basename, join, normpath

from ..finding import ArtifactSummary, Finding, Report
from ..named_tuple import NamedTuple

_DRIVE = r"[A-Za-z]:/"


class Base(NamedTuple):
    """What relative paths of the report start from, and the root of what a service shows: absolute, with slashes."""

    working: str
    root: str


class Location(NamedTuple):
    """``file`` is a path from the root where it lies below it, else as it was given or absolute.

    ``line`` is 1-based, None for a file without lines. ``member`` is the path inside the artifact, ``resource`` the
    logical id in a template.
    """

    file: str
    line: int | None
    member: str | None
    resource: str | None


class Locations:
    """Finds the places of one report's findings."""

    def __init__(self, report: Report, base: Base | None) -> None:
        self._artifacts = {artifact.id: artifact for artifact in report.artifacts}
        self._base = base

    def file(self, path: str) -> str:
        """A path of the report as a service wants it."""
        return from_root(path, self._base)

    def of(self, finding: Finding) -> Location | None:
        """The template's line where the finding has one, else the artifact; None where there is neither."""
        source = finding.source
        if source is not None:
            return Location(self.file(source.file), source.line, finding.path, source.resource)
        return self.in_artifact(finding.artifact, finding.path)

    def in_artifact(self, identifier: str | None, member: str | None) -> Location | None:
        """A file of an artifact: the artifact itself, and of a directory the very file. Without an id, the first."""
        artifact = self._artifact(identifier)
        if artifact is None:
            return None
        path = artifact.path
        if member is not None and artifact.form == "directory":
            path = f"{path.rstrip('/')}/{member}"
        return Location(self.file(path), None, member, None)

    def _artifact(self, identifier: str | None) -> ArtifactSummary | None:
        if identifier is not None:
            return self._artifacts.get(identifier)
        return next(iter(self._artifacts.values()), None)


def from_root(path: str, base: Base | None) -> str:
    """The path from the root of ``base``; where it does not lie below it, as it is."""
    if base is None or not path or is_no_file(path):
        return path
    whole = normpath(path if is_absolute(path) else join(base.working, path))
    root = normpath(base.root)
    if whole == root:
        return "."
    start = root.rstrip("/") + "/"
    return whole[len(start) :] if whole.startswith(start) else path


def is_absolute(path: str) -> bool:
    """Whether it begins at a root or, as on Windows, at a drive."""
    return path.startswith("/") or re.match(_DRIVE, path) is not None


def is_no_file(path: str) -> bool:
    """Whether it is a name for what has none: ``<stdin>``, ``<bytes>``."""
    return path.startswith("<") and path.endswith(">")


def uri(path: str) -> str:
    """The path as a URI reference: relative, or ``file:///`` and absolute. Bytes that are not UTF-8 are kept."""
    from urllib.parse import quote

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half of a pair that stands for no byte, as names on Windows may hold.
        data = path.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="/-._~!$&'()*+,;=@")
    if path.startswith("/"):
        return f"file://{quoted}"
    return f"file:///{quoted.replace('%3A', ':', 1)}" if is_absolute(path) else quoted


def last_part(path: str) -> str:
    """``x.so`` of ``python/x.so``."""
    return basename(path.rstrip("/")) or path
