"""A source that hashes what passes by, so that an archive need not be read once more for its digest."""

from __future__ import annotations

from hashlib import sha256

from .source import Source

_BLOCK = 1 << 20


class HashedSource:
    """Reads from another source; whatever is read in the order of the file goes into a SHA-256 on its way."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._digest = sha256()
        self._hashed = 0
        self.size = source.size

    def read_at(self, offset: int, length: int) -> bytes:
        """See Source."""
        data = self._source.read_at(offset, length)
        start = self._hashed - offset
        if 0 <= start < len(data):
            self._digest.update(memoryview(data)[start:])
            self._hashed = offset + len(data)
        return data

    def sha256(self) -> bytes:
        """The digest of all bytes; those that nobody has read yet are read now. Of a device without end: of none."""
        while self._hashed < self.size and self.read_at(self._hashed, _BLOCK):
            pass
        return self._digest.digest()

    def close(self) -> None:
        """See Source."""
        self._source.close()
