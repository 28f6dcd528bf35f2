"""A directory as an artifact: the same facts as the zip that would be made of it, links kept as links."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from stat import S_ISDIR, S_ISLNK, S_ISREG

from ..elf import View
from ..finding import Defect
from .entry import DIRECTORY, FILE, OTHER, SYMLINK, Entry, Facts, decode_name, members_without_files
from .inflate import MAX_WHOLE
from .names import MAX_DEPTH, name_defect
from .probes import HEAD, Readers, probe
from .zip_scan import MAX_COUNTED

_HAS_MODES = os.name == "posix"
MAX_FOLLOWED = 50_000
"""Entries that are reached through links out of the directory; a function's package has fewer."""
_LIVE = (b"/proc/", b"/sys/", b"/dev/")


class DirectoryScan:
    """Walks the tree below ``root`` once, reading every regular file once. Raises OSError if ``root`` is unreadable.

    ``follow``: what zips the directory stores what a link leads to. Links out of the directory are followed then; those
    to something inside stay links, which lead to the same.
    """

    def __init__(self, root: str, *, follow: bool = False) -> None:
        self.root = os.fsencode(root)
        self._real = os.path.realpath(self.root) if follow else None
        # Directories that are reached through a link, and where they really are.
        self._outside: dict[bytes, bytes] = {}
        self._followed = 0
        self.defects: list[Defect] = []
        self.facts: dict[str, Facts] = {}
        self.checksums: list[int | None] = []
        self.read_count = 0
        self.stopped = False
        self.left_out_bytes = 0
        self._counted = 0
        self._entries: list[Entry] = []
        self._readers = Readers()
        self._walk(b"", os.listdir(self.root))
        self.unread = self._readers.room.unread
        self.entries = tuple(self._entries)
        unread = any(defect.kind in ("unreadable", "left-out") for defect in self.defects)
        if not unread and members_without_files([entry.kind for entry in self.entries]):
            self.defects.append(Defect("empty", None, "it holds no file"))

    def _walk(self, prefix: bytes, names: Sequence[bytes]) -> None:
        pending = [prefix + name for name in sorted(names, reverse=True)]
        while pending:
            raw = pending.pop()
            full = os.path.join(self.root, raw)
            status = None
            try:
                status = os.lstat(full)
                if self._real is not None:
                    through = self._through(raw, full, status)
                    if through is None:
                        continue
                    status = through
                if S_ISDIR(status.st_mode):
                    self._add(raw + b"/", DIRECTORY, status, 0)
                    if raw.count(b"/") >= MAX_DEPTH:
                        detail = f"it lies more than {MAX_DEPTH} directories deep"
                        self.defects.append(Defect("left-out", _path(raw), detail))
                        continue
                    pending.extend(raw + b"/" + name for name in sorted(os.listdir(full), reverse=True))
                elif S_ISLNK(status.st_mode):
                    self._link(raw, full, status)
                elif S_ISREG(status.st_mode):
                    self._file(raw, full, status)
                else:
                    self._add(raw, OTHER, status, -1)
            except OSError as error:
                self.defects.append(Defect("unreadable", _path(raw), error.strerror or str(error)))
                if status is not None and not S_ISDIR(status.st_mode):
                    self._add(raw, FILE if S_ISREG(status.st_mode) else OTHER, status, -1)

    def _through(self, raw: bytes, full: bytes, status: os.stat_result) -> os.stat_result | None:
        """The status of what is packed for an entry: of a link's target where that lies outside; None for nothing.

        Raises OSError. What the system makes up while it is read (/proc) is never followed.
        """
        parent = self._outside.get(os.path.dirname(raw))
        real = None if parent is None else os.path.join(parent, os.path.basename(raw))
        if S_ISLNK(status.st_mode):
            real = os.path.realpath(full)
            if self._stays(raw, real):
                return status
            status = os.stat(real)
        if real is None:
            return status
        self._followed += 1
        if self._followed > MAX_FOLLOWED:
            if self._followed == MAX_FOLLOWED + 1:
                detail = f"more than {MAX_FOLLOWED:,} files are reached through links out of the directory"
                self.defects.append(Defect("left-out", _path(raw), detail))
            return None
        if S_ISDIR(status.st_mode):
            self._outside[raw] = real
        return status

    def _stays(self, raw: bytes, real: bytes) -> bool:
        """Whether a link is kept: to something inside, to nothing, and round to what it lies in itself."""
        root = self._real or b""
        if _is_below(real, root) or _is_below(root, real) or real.startswith(_LIVE) or not os.path.exists(real):
            return True
        while raw:
            raw = os.path.dirname(raw)
            around = self._outside.get(raw)
            if around is None:
                return False
            if _is_below(around, real):
                return True
        return False

    def _link(self, raw: bytes, full: bytes, status: os.stat_result) -> None:
        target = os.readlink(full)
        if self._readers.room.for_target(len(target)):
            self.facts[_path(raw)] = Facts(link_target=decode_name(target))
        self._add(raw, SYMLINK, status, len(target), zlib.crc32(target))

    def _file(self, raw: bytes, full: bytes, status: os.stat_result) -> None:
        if self.stopped or self._counted + status.st_size > MAX_COUNTED:
            self.stopped = True
            self._add(raw, FILE, status, -1)
            return
        self.read_count += 1
        path = _path(raw)
        if status.st_size <= MAX_WHOLE:
            with open(full, "rb") as file:
                data = file.read(MAX_WHOLE)
            crc, size = zlib.crc32(data), len(data)
            facts = probe(data, path, self._readers)
        else:
            crc, size, head = _read_pieces(full)
            facts = probe(head, path, self._readers, _FileRanges(full, size))
        self._counted += size
        if size != status.st_size:
            self.defects.append(Defect("unreadable", path, "it changed while it was read"))
        if facts is not None:
            self.facts[path] = facts
        self._add(raw, FILE, status, size, crc)

    def _add(self, raw: bytes, kind: str, status: os.stat_result, size: int, crc: int | None = None) -> None:
        problem = name_defect(raw)
        if problem is not None:
            self.defects.append(Defect(problem[0], _path(raw), problem[1]))
        mode = status.st_mode if _HAS_MODES else None
        declared = status.st_size if kind == FILE else max(size, 0)
        self._entries.append(Entry(raw, _path(raw), kind, mode, size, declared, declared, crc or 0, 0, 3, 0))
        self.checksums.append(crc)

    def read_again(self, index: int, limit: int) -> bytes:
        """At most ``limit`` bytes of a file."""
        entry = self.entries[index]
        try:
            if entry.kind == SYMLINK:
                return os.readlink(os.path.join(self.root, entry.raw))[:limit]
            if entry.kind != FILE:
                return b""
            with open(os.path.join(self.root, entry.raw), "rb") as file:
                return file.read(limit)
        except OSError:
            return b""

    def pieces_again(self, index: int) -> Iterator[bytes]:
        """The content of a file in pieces; what cannot be read ends early."""
        entry = self.entries[index]
        try:
            if entry.kind == FILE:
                with open(os.path.join(self.root, entry.raw), "rb") as file:
                    while piece := file.read(1 << 20):
                        yield piece
        except OSError:
            return


def _is_below(path: bytes, folder: bytes) -> bool:
    """Whether a real path is a folder, or in it."""
    return path == folder or path.startswith(folder.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep))


class _FileRanges:
    def __init__(self, path: bytes, size: int) -> None:
        self._path = path
        self.size = size

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges."""
        views = []
        with open(self._path, "rb") as file:
            for offset, length in wanted:
                file.seek(min(offset, self.size))
                data = file.read(max(0, min(length, self.size - offset)))
                views.append(View(data, 0, len(data)))
        return views


def _read_pieces(path: bytes) -> tuple[int, int, bytes]:
    crc, size, head = 0, 0, b""
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            head = head or piece[:HEAD]
    return crc, size, head


def _path(raw: bytes) -> str:
    return decode_name(raw.rstrip(b"/"))
