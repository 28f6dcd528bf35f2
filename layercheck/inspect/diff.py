"""``layercheck diff``: what a rebuild changed: files, packages, libraries, and what a check says.

Contents are compared by size and CRC-32 as they are read, so that times and the order in the archive do not matter.
That tells builds apart, which differ by accident; it is no protection against somebody who forges a CRC-32.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..artifact import DIRECTORY, FILE
from ..check import Options
from ..check.options import Input
from ..filesystem import OPT, TASK
from ..finding import Compatibility, Report, Severity, Unchecked
from ..named_tuple import NamedTuple
from ..rules import Subject
from .contents import Contents, is_named
from .diff_findings import Told, changes, told
from .diff_libraries import Libraries, LibraryChanges, compare_libraries, libraries_of
from .opened import Opened, check_open
from .size import UNREADABLE


class FileState(NamedTuple):
    """One file as it is on one side. ``mode`` is octal, None where the archive stores none, or for a symlink.

    ``content`` is what tells its bytes from others'; None where it was not read.
    """

    kind: str
    mode: str | None
    bytes: int
    content: tuple[int, ...] | None


class FileChange(NamedTuple):
    """A path that differs. ``change``: added, removed, content, or mode (nothing but the mode)."""

    path: str
    change: str
    package: str
    old: FileState | None
    new: FileState | None

    @property
    def delta(self) -> int:
        """Unzipped bytes that it adds."""
        return (self.new.bytes if self.new is not None else 0) - (self.old.bytes if self.old is not None else 0)


class PackageState(NamedTuple):
    """One package on one side: its versions (several where it is there several times), sorted, and unzipped bytes."""

    versions: tuple[str, ...]
    bytes: int


class PackageChange(NamedTuple):
    """A package that differs. ``change``: added, removed, version, or content (the same version, other files)."""

    ecosystem: str
    name: str
    change: str
    old: PackageState | None
    new: PackageState | None

    @property
    def delta(self) -> int:
        """Unzipped bytes that it adds."""
        return (self.new.bytes if self.new is not None else 0) - (self.old.bytes if self.old is not None else 0)


class Side(NamedTuple):
    """One of the two artifacts, with what a check says of it. Sizes in bytes; None of a directory.

    ``gate``: targets were given. Without them ``compatibility`` is what a check is about.
    """

    path: str
    kind: str
    form: str
    zip_bytes: int | None
    unzipped_bytes: int
    files: int
    code_sha256: str | None
    content_sha256: str
    exit_code: int
    counts: Mapping[str, int]
    unchecked: int
    compatibility: tuple[Compatibility, ...]
    gate: bool


class Diff(NamedTuple):
    """Everything that differs, sorted. ``unchecked``: what could not be compared; ``broken``: an archive is damaged so
    that its list of files is not whole."""

    old: Side
    new: Side
    files: tuple[FileChange, ...]
    packages: tuple[PackageChange, ...]
    libraries: LibraryChanges
    findings_new: tuple[Told, ...]
    findings_gone: tuple[Told, ...]
    unchecked: tuple[Unchecked, ...]
    broken: bool

    @property
    def identical(self) -> bool:
        """Whether both are the same archive, byte for byte."""
        return self.old.code_sha256 is not None and self.old.code_sha256 == self.new.code_sha256

    @property
    def exit_code(self) -> int:
        """0 the same content, 1 different, 3 where that cannot be told."""
        if self.identical:
            return 0
        if self.broken:
            return 3
        return 1 if self.files else 3 if self.unchecked else 0

    def count(self, change: str) -> int:
        """How many files differ in this way."""
        return sum([item.change == change for item in self.files])


class _Read(NamedTuple):
    """What is kept of one side."""

    side: Side
    files: Mapping[str, FileState]
    owners: Mapping[str, tuple[str, str, str]]
    packages: Mapping[tuple[str, str], PackageState]
    libraries: Libraries
    report: Report
    notes: list[Unchecked]
    broken: bool


def diff(old: Input, new: Input, options: Options, before: Options | None = None) -> Diff:
    """Compare two artifacts, each checked with the same options (``layers``, target …), or the old one as ``before``.

    Raises OSError for an input that cannot be read, ValueError for a wrong option.
    """
    first, second = _read(old, before or options, "old"), _read(new, options, "new")
    notes = [*first.notes, *second.notes]
    identical = first.side.code_sha256 is not None and first.side.code_sha256 == second.side.code_sha256
    files = [] if identical else list(_files(first, second, notes))
    gone, fresh = changes(told(first.report), told(second.report))
    return Diff(
        old=first.side,
        new=second.side,
        files=tuple(files),
        packages=tuple(_packages(first, second, files)),
        libraries=compare_libraries(first.libraries, second.libraries),
        findings_new=fresh,
        findings_gone=gone,
        unchecked=tuple(notes),
        broken=first.broken or second.broken,
    )


def _read(source: Input, options: Options, which: str) -> _Read:
    with Opened(source, options) as deployment:
        subject = deployment.main
        artifact = subject.artifact
        contents = Contents(artifact, subject.packages)
        files = _states(subject)
        owners: dict[str, tuple[str, str, str]] = {}
        sums: dict[tuple[str, str], tuple[set[str], list[int]]] = {}
        for entry in artifact.entries:
            if entry.kind == DIRECTORY:
                continue
            package = contents.package(entry.path)
            owners[_place(subject, entry.path)] = (package.ecosystem, package.name, package.version or "")
            if is_named(package):
                versions, sizes = sums.setdefault((package.ecosystem, package.name), (set(), []))
                versions.add(package.version or "")
                sizes.append(entry.bytes)
        report = check_open(deployment, options)
        notes = [
            Unchecked(f"the list of files of the {which} one", defect.detail, (), which, defect.entry)
            for defect in artifact.defects
            if defect.kind in UNREADABLE or defect.kind in ("left-out", "unreadable")
        ]
        if contents.unread:
            why = f"{contents.unread:,} package.json are more, or larger, than are read"
            notes.append(Unchecked("the versions of some npm packages", why, (), which))
        return _Read(
            side=Side(
                path=artifact.name,
                kind=subject.kind,
                form=artifact.form,
                zip_bytes=artifact.zip_bytes,
                unzipped_bytes=artifact.unzipped_bytes,
                files=artifact.files,
                code_sha256=artifact.code_sha256,
                content_sha256=artifact.content_sha256,
                exit_code=report.exit_code,
                counts={severity.value: report.count(severity) for severity in Severity},
                unchecked=len(report.unchecked),
                compatibility=report.compatibility,
                gate=report.gate,
            ),
            files=files,
            owners=owners,
            packages={key: PackageState(tuple(sorted(v)), sum(sizes)) for key, (v, sizes) in sums.items()},
            libraries=libraries_of(artifact),
            report=report,
            notes=notes,
            broken=any(defect.kind in UNREADABLE for defect in artifact.defects),
        )


def _place(subject: Subject, path: str) -> str:
    """Where the file lies below /opt or /var/task: so a wheel compares with the layer made of it."""
    where = subject.where(path)
    for top in (OPT, TASK):
        if where.startswith(top + "/"):
            return where[len(top) + 1 :]
    return where


def _states(subject: Subject) -> dict[str, FileState]:
    """Each file, link and empty directory by its place. Of entries with one name all count, in their order."""
    artifact = subject.artifact
    parents: set[str] = set()
    for entry in artifact.entries:
        path = entry.path
        while (path := path.rpartition("/")[0]) and path not in parents:
            parents.add(path)
    found: dict[str, FileState] = {}
    for index, entry in enumerate(artifact.entries):
        if entry.kind == DIRECTORY and entry.path in parents:
            continue
        key = artifact.content_key(index) if entry.kind != DIRECTORY else ()
        # A link's own mode means nothing, and Windows has none to give.
        mode = None if entry.mode is None or entry.kind not in (FILE, DIRECTORY) else f"{entry.mode & 0o7777:04o}"
        state = FileState(entry.kind, mode, 0 if entry.kind == DIRECTORY else entry.bytes, key)
        place = _place(subject, entry.path)
        earlier = found.get(place)
        if earlier is not None:
            content = None if state.content is None or earlier.content is None else earlier.content + state.content
            state = FileState(state.kind, state.mode, state.bytes + earlier.bytes, content)
        found[place] = state
    return found


def _files(before: _Read, after: _Read, notes: list[Unchecked]) -> list[FileChange]:
    found = []
    for path in sorted(before.files.keys() | after.files.keys()):
        old, new = before.files.get(path), after.files.get(path)
        if old == new and old is not None and old.content is not None:
            continue
        owner = after.owners.get(path) or before.owners.get(path)
        package = owner[1] if owner is not None else ""
        if old is None or new is None:
            found.append(FileChange(path, "added" if old is None else "removed", package, old, new))
        elif old.kind != new.kind or old.bytes != new.bytes:
            found.append(FileChange(path, "content", package, old, new))
        elif old.content is None or new.content is None:
            notes.append(Unchecked("whether its content is the same", "it was not read", (), None, path))
        elif old.content != new.content:
            found.append(FileChange(path, "content", package, old, new))
        else:
            found.append(FileChange(path, "mode", package, old, new))
    return found


def _packages(before: _Read, after: _Read, files: list[FileChange]) -> list[PackageChange]:
    touched: set[tuple[str, str]] = set()
    for item in files:
        for owners in (before.owners, after.owners):
            owner = owners.get(item.path)
            if owner is not None and item.change != "mode":
                touched.add(owner[:2])
    found = []
    for key in sorted(before.packages.keys() | after.packages.keys()):
        old, new = before.packages.get(key), after.packages.get(key)
        if old is None or new is None:
            found.append(PackageChange(*key, "added" if old is None else "removed", old, new))
        elif old.versions != new.versions:
            found.append(PackageChange(*key, "version", old, new))
        elif key in touched:
            found.append(PackageChange(*key, "content", old, new))
    return found
