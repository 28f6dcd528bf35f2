"""Where the bytes of an archive come from: a path, bytes, or a binary file object, all read by offset."""

from __future__ import annotations

import errno
import io
import os

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO, Protocol
else:
    Protocol = object

SPOOL_LIMIT = 512 << 20
"""Bytes taken from an input that cannot seek. No archive that Lambda takes is nearly that large."""


class Source(Protocol):
    """Random access to an archive; ``size`` in bytes."""

    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes there; fewer at the end of the source, or when it shrank meanwhile."""

    def close(self) -> None:
        """Let go of the file, if this source opened it."""


class BytesSource:
    """An archive in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """See Source."""
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing to let go of."""


class FileSource:
    """An archive behind a seekable binary file object."""

    def __init__(self, file: BinaryIO, *, owned: bool) -> None:
        self._file = file
        self._owned = owned
        self.size = file.seek(0, io.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        """See Source."""
        self._file.seek(offset)
        data = self._file.read(length)
        # A raw stream may give less than asked for without being at its end.
        while data and len(data) < length and (more := self._file.read(length - len(data))):
            data += more
        return data

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()


class DescriptorSource:
    """An archive behind a file descriptor, on systems with ``pread``: no seek, no buffer, safe from several threads."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        status = os.fstat(self._descriptor)
        self.size, self._time = status.st_size, status.st_mtime_ns

    def read_at(self, offset: int, length: int) -> bytes:
        """See Source."""
        data = os.pread(self._descriptor, length, offset)
        if len(data) == length or not data or offset + len(data) >= self.size:
            return data
        parts = [data]
        got = len(data)
        while got < length:
            more = os.pread(self._descriptor, length - got, offset + got)
            if not more:
                break
            parts.append(more)
            got += len(more)
        return b"".join(parts)

    def check_unchanged(self) -> None:
        """Raises OSError when the file was written to since it was opened: what was read is then no archive at all."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._time):
            raise OSError(errno.EBUSY, "it changed while it was read", os.fspath(self._path))

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_path(path: str | os.PathLike[str]) -> Source:
    """A source for the regular file at ``path``; raises OSError."""
    if hasattr(os, "pread"):
        return DescriptorSource(path)
    return FileSource(open(path, "rb"), owned=True)


def open_stream(file: BinaryIO) -> Source:
    """A source for a binary file object. One that cannot seek is read to its end first, into memory.

    Raises OSError when such a stream brings more than ``SPOOL_LIMIT`` bytes.
    """
    try:
        if file.seekable():
            return FileSource(file, owned=False)
    except (AttributeError, OSError):
        # No such method, or one that promises what the file cannot do: read it from the front.
        pass
    parts, size = [], 0
    while chunk := file.read(1 << 20):
        size += len(chunk)
        if size > SPOOL_LIMIT:
            raise OSError(f"the input is longer than {SPOOL_LIMIT} bytes")
        parts.append(chunk)
    return BytesSource(b"".join(parts))
