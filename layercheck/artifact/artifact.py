"""An opened artifact: what it holds, what is odd about it, and the facts of its files."""

from __future__ import annotations

import io
import os
from binascii import b2a_base64
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import accumulate
from stat import S_ISREG
from types import TracebackType

from ..finding import Defect
from ..named_tuple import TYPE_CHECKING
from .directory_scan import DirectoryScan
from .entry import DIRECTORY, FILE, SYMLINK, Entry, Facts
from .hashed_source import HashedSource
from .inflate import choose_engine
from .names import MAX_PATH
from .source import BytesSource, DescriptorSource, Source, open_path, open_stream
from .zip_directory import read_directory
from .zip_scan import Progress, ZipScan

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_STEPS = 500_000
"""Directories passed on the way of all symlinks of an artifact: half a second of them."""
_AFTER_SLASH = chr(ord("/") + 1)
_FORMS = {".whl": "wheel", ".jar": "jar"}


class Artifact:
    """What is uploaded: a zip, a jar, a wheel about to go into one, or a directory that will be zipped.

    The entries of a wheel have the modes that an installer would give them. Made by ``open_artifact``. A context
    manager: leaving it closes the file, after which only ``read`` and ``pieces`` no longer work.
    """

    def __init__(self, name: str, form: str, scan: ZipScan | DirectoryScan, source: HashedSource | None) -> None:
        self.name = name
        self.form = form
        self._scan = scan
        self._source = source
        self._index: dict[bytes, int] = {}
        self._paths: frozenset[str] | None = None
        self.entries: tuple[Entry, ...] = scan.entries
        if form == "wheel":
            self.entries = tuple([_as_installed(entry) for entry in scan.entries])
        self.defects: tuple[Defect, ...] = tuple(scan.defects)
        self.facts: Mapping[str, Facts] = scan.facts
        self.stopped = scan.stopped
        self.zip_bytes: int | None = source.size if source is not None else None
        # As AWS prints it (CodeSha256): base64.
        digest = b2a_base64(source.sha256(), newline=False).decode("ascii") if source is not None else None
        self.code_sha256: str | None = digest
        self.content_sha256 = _content_sha256(scan)
        sizes = [e.size if e.size >= 0 else e.declared for e in self.entries if e.kind != DIRECTORY]
        self.files: int = len(sizes)
        self.unzipped_bytes = sum(sizes) + scan.left_out_bytes
        # What found no room among its facts: how many of each kind.
        self.unread: Mapping[str, int] = scan.unread

    @property
    def inflate_count(self) -> int:
        """How many times a member was inflated (a file of a directory: read) so far."""
        return self._scan.inflate_count if isinstance(self._scan, ZipScan) else self._scan.read_count

    def content_key(self, index: int) -> tuple[int, int] | None:
        """(bytes, CRC-32) of the content of ``entries[index]`` as counted; None where it was not read."""
        checksum = self._scan.checksums[index]
        return None if checksum is None else (self.entries[index].size, checksum)

    def read(self, entry: Entry, limit: int) -> bytes:
        """At most ``limit`` bytes of ``entry``, inflated once more. Damaged data ends early, without an exception."""
        return self._scan.read_again(self._place(entry), limit)

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The content of ``entry`` in pieces of at most 1 MiB, inflated once more. Damaged data ends early."""
        return self._scan.pieces_again(self._place(entry))

    def _place(self, entry: Entry) -> int:
        if not self._index:
            self._index.update((known.raw, place) for place, known in enumerate(self.entries))
        return self._index[entry.raw]

    def has(self, path: str) -> bool:
        """Whether there is an entry at ``path``."""
        if self._paths is None:
            self._paths = frozenset([entry.path for entry in self.entries])
        return path in self._paths

    def followed_bytes(self) -> int:
        """The unzipped bytes if every symlink that leads to something inside were stored as a copy of it."""
        links = {p: f.link_target for p, f in self.facts.items() if f.link_target is not None}
        # By path, so that a directory's size is the difference of two sums: that of all files below it.
        files = sorted([(entry.path, entry.bytes) for entry in self.entries if entry.kind not in (DIRECTORY, SYMLINK)])
        paths = [path for path, _ in files]
        sums = [0, *accumulate([size for _, size in files])]

        def size(path: str) -> int:
            first, end = bisect_left(paths, path + "/"), bisect_left(paths, path + _AFTER_SLASH)
            own = bisect_left(paths, path)
            return sums[end] - sums[first] + sum([size for name, size in files[own : own + 1] if name == path])

        steps = _Steps()
        return sums[-1] + sum([size(target) for path in links if (target := _follow(path, links, steps))])

    def close(self) -> None:
        """Close the file behind it, if it was opened here."""
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> Artifact:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _as_installed(entry: Entry) -> Entry:
    """A wheel's entry with the mode that pip gives the file: of the wheel's own modes only the execute bits count."""
    if entry.kind != FILE:
        return entry
    runs = entry.mode is not None and entry.mode & 0o111
    return entry._replace(mode=0o100755 if runs or ".data/scripts/" in entry.path else 0o100644)


class _Steps:
    """What is left of ``MAX_STEPS``."""

    def __init__(self) -> None:
        self.left = MAX_STEPS


def _follow(path: str, links: Mapping[str, str], steps: _Steps) -> str:
    """Where a path inside the artifact leads to; "" when it leads out, nowhere, in a circle or too far to follow."""
    pending, at, followed = path.split("/")[::-1], "", 0
    while pending and steps.left > 0 and len(at) <= MAX_PATH:
        steps.left -= 1
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not at:
                return ""
            at = at.rpartition("/")[0]
            continue
        here = f"{at}/{part}" if at else part
        target = links.get(here)
        if target is None:
            at = here
            continue
        followed += 1
        if followed > 40 or target.startswith("/"):
            return ""
        pending += target.split("/")[::-1]
    return "" if pending else at


def open_artifact(
    source: str | os.PathLike[str] | bytes | BinaryIO,
    *,
    name: str | None = None,
    engine: str = "auto",
    progress: Progress | None = None,
    follow: bool = False,
) -> Artifact:
    """Open and scan an artifact: the path of a zip, jar, wheel or directory, the bytes of a zip, or a binary file.

    ``engine`` is ``auto``, ``zlib`` or ``deflate``; all give the same result. ``follow``: what zips a directory stores
    what its links lead to. Raises OSError when the input cannot be
    read at all. What is wrong with its content never raises: it is in ``defects``.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        # What is said of it is the same on every system.
        name = name or path.replace(os.sep, "/")
        if os.path.isdir(path):
            return Artifact(name, "directory", DirectoryScan(path, follow=follow), None)
        if not _is_regular(path):
            with open(path, "rb") as pipe:
                return _open_zip(open_stream(pipe), name, engine, progress)
        return _open_zip(open_path(path), name, engine, progress)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _open_zip(BytesSource(bytes(source)), name or "<bytes>", engine, progress)
    if not isinstance(source, io.TextIOBase) and hasattr(source, "read"):
        label = getattr(source, "name", None)
        return _open_zip(
            open_stream(source), name or (label if isinstance(label, str) else "<stream>"), engine, progress
        )
    raise TypeError(f"an artifact is a path, bytes or a binary file object, not {type(source).__name__}")


def _is_regular(path: str) -> bool:
    """Whether ``path`` can be read at any offset; a pipe (process substitution) or a device cannot. Raises OSError."""
    return S_ISREG(os.stat(path).st_mode)


def _open_zip(source: Source, name: str, engine: str, progress: Progress | None) -> Artifact:
    try:
        hashed = HashedSource(source)
        scan = ZipScan(hashed, read_directory(hashed), choose_engine(engine), progress)
        artifact = Artifact(name, _FORMS.get(os.path.splitext(name)[1].lower(), "zip"), scan, hashed)
        if isinstance(source, DescriptorSource):
            source.check_unchanged()
        return artifact
    except OSError as error:
        source.close()
        if error.filename is None and error.errno is not None:
            error.filename = name
        raise
    except BaseException:
        source.close()
        raise


def _content_sha256(scan: ZipScan | DirectoryScan) -> str:
    """SHA-256 (hex) over a list of path, kind, permission bits, size and CRC-32 of every entry, sorted.

    The bytes enter through their CRC-32, which is computed anyway: hashing them anew would cost as much as all the rest
    of a check. It tells builds apart that differ by accident; it is no protection against somebody who forges one.
    Directories count only where they are empty: whether a packager writes entries for the others is its habit.
    """
    parents: set[str] = set()
    named = any(entry.kind == DIRECTORY for entry in scan.entries)
    for entry in scan.entries if named else ():
        path = entry.path
        while (end := path.rfind("/")) > 0:
            path = path[:end]
            if path in parents:
                break
            parents.add(path)
    lines = []
    sorts: dict[tuple[str, int | None], str] = {}
    for entry, checksum in zip(scan.entries, scan.checksums, strict=True):
        path, kind, mode = entry.path, entry.kind, entry.mode
        # Of a hundred thousand entries nearly all have one kind and mode.
        sort = sorts.get((kind, mode))
        if sort is None:
            bits = "-" if mode is None or kind == SYMLINK else f"{mode & 0o7777:o}"
            sort = sorts[kind, mode] = f"{kind} {bits}"
        if kind == DIRECTORY and path in parents:
            continue
        body = "-" if checksum is None or kind == DIRECTORY else f"{entry.size} {checksum:08x}"
        # The path comes first, as archives have them nearly sorted; its length tells where it ends.
        lines.append(f"{path}\0{len(path)} {sort} {body}")
    return sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()
