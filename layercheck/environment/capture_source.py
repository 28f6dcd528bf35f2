"""Where a capture reads: an unpacked root filesystem, a tar of one, or what the printed function returned.

No symlink is ever followed: a link is a fact, and what lies behind it is met where it lies.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator, Sequence
from typing import IO

from ..elf import Ranges, View
from ..named_tuple import NamedTuple

FILE, DIRECTORY, LINK = "file", "directory", "link"
MAX_MEMBER = 512 << 20
"""Bytes of one member of a tar that are held at once."""
MAX_PIECE = 64 << 20
"""Bytes of one range of a file of which only pieces are at hand."""
_LIVE = frozenset(("proc", "sys", "dev"))
"""Directories at the top that are no files of the image."""


class Member(NamedTuple):
    """One file, directory or symlink. ``path`` is absolute inside the root; ``same`` an earlier path (a hard link)."""

    path: str
    kind: str
    executable: bool = False
    target: str = ""
    content: Ranges | None = None
    same: str | None = None


def from_directory(root: str) -> Iterator[Member]:
    """Everything below ``root``, sorted. Raises OSError when the directory itself cannot be read."""
    met: dict[tuple[int, int], str] = {}
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            names = sorted(os.listdir(root + folder if folder else root))
        except PermissionError:
            if not folder:
                raise
            continue
        for name in names:
            path = f"{folder}/{name}"
            place = root.rstrip("/") + path
            try:
                status = os.lstat(place)
            except OSError:
                continue
            if stat.S_ISLNK(status.st_mode):
                yield Member(path, LINK, target=os.readlink(place))
            elif stat.S_ISDIR(status.st_mode):
                yield Member(path, DIRECTORY)
                if folder or name not in _LIVE:
                    pending.append(path)
            elif stat.S_ISREG(status.st_mode):
                same = None
                if status.st_nlink > 1:
                    first = met.setdefault((status.st_dev, status.st_ino), path)
                    same = first if first != path else None
                content = _OnDisk(place, status.st_size)
                yield Member(path, FILE, bool(status.st_mode & 0o111), content=content, same=same)


class _OnDisk:
    """A file that is opened for each batch of ranges."""

    def __init__(self, place: str, size: int) -> None:
        self._place = place
        self.size = size

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges. Raises OSError."""
        views = []
        with open(self._place, "rb", buffering=0) as file:
            for offset, length in wanted:
                file.seek(min(offset, self.size))
                data = file.read(max(0, min(length, self.size - offset)))
                views.append(View(data, 0, len(data)))
        return views


def from_tar(file: IO[bytes]) -> Iterator[Member]:
    """Everything in a tar, compressed or not, read in one go. Raises tarfile.TarError or OSError when it is damaged."""
    try:
        yield from _members(file)
    except RecursionError:
        raise tarfile.ReadError("headers follow headers without end") from None
    except (ValueError, OverflowError) as error:
        raise tarfile.ReadError(f"one of its headers cannot be read ({error})") from None


def _members(file: IO[bytes]) -> Iterator[Member]:
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for item in archive:
            path = _clean(item.name)
            if path is None:
                continue
            executable = bool(item.mode & 0o111)
            if item.issym():
                yield Member(path, LINK, target=item.linkname)
            elif item.isdir():
                yield Member(path, DIRECTORY)
            elif item.islnk():
                yield Member(path, FILE, executable, same=_clean(item.linkname))
            elif item.isfile():
                source = archive.extractfile(item)
                assert source is not None
                yield Member(path, FILE, executable, content=_InTar(source, item.size))


def _clean(name: str) -> str | None:
    """The absolute path of a member; None for names that leave the root and for what is not of the image."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or (parts[0] in _LIVE and len(parts) > 1):
        return None
    return "/" + "/".join(parts)


class _InTar:
    """A member of a tar that is read once, forwards; what was read is kept while the member is looked at."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source = source
        self._data = bytearray()
        self.size = size

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges."""
        end = min(max(offset + length for offset, length in wanted), self.size, MAX_MEMBER)
        if end > len(self._data):
            self._data += self._source.read(end - len(self._data))
        pieces = [bytes(self._data[offset : offset + length]) for offset, length in wanted]
        return [View(piece, 0, len(piece)) for piece in pieces]


class Sparse:
    """A file of which only some pieces are at hand; the rest reads as zero bytes."""

    def __init__(self, size: int, pieces: Sequence[tuple[int, bytes]]) -> None:
        self.size = size
        self._pieces = pieces

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges."""
        views = []
        for offset, length in wanted:
            data = bytearray(max(0, min(length, self.size - offset, MAX_PIECE)))
            for at, piece in self._pieces:
                start, end = max(at, offset), min(at + len(piece), offset + len(data))
                if start < end:
                    data[start - offset : end - offset] = piece[start - at : end - at]
            views.append(View(bytes(data), 0, len(data)))
        return views
