"""Ranges of a member's bytes for the ELF reader, where the member is not one piece in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from ..elf import View
from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

Again: TypeAlias = Callable[[], Iterator[bytes | tuple[str, str]]]
"""Makes another pass over a member; a tuple instead of bytes ends it."""


class Pieces:
    """A member kept as the pieces in which it was inflated, each with its start; a range within one is not copied.

    Some may have been dropped: asked for one of those, ``again`` inflates the member once more.
    """

    def __init__(self, pieces: Sequence[tuple[int, bytes]], size: int, again: Again) -> None:
        self._pieces = [piece for _, piece in pieces]
        self._starts = [start for start, _ in pieces]
        self._again = again
        self.size = size

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges."""
        bounds = [(min(offset, self.size), min(offset + length, self.size)) for offset, length in wanted]
        if all(self._has(start, end) for start, end in bounds):
            return [self._view(start, end) for start, end in bounds]
        return MemberRanges(self._again, self.size, b"").fetch(wanted)

    def _has(self, start: int, end: int) -> bool:
        number = max(bisect_right(self._starts, start) - 1, 0)
        while start < end:
            if number >= len(self._starts) or not self._starts[number] <= start:
                return False
            following = self._starts[number] + len(self._pieces[number])
            if start >= following:
                return False
            start, number = following, number + 1
        return True

    def _view(self, start: int, end: int) -> View:
        if start >= end:
            return View(b"", 0, 0)
        number = bisect_right(self._starts, start) - 1
        at = self._starts[number]
        piece = self._pieces[number]
        if end - at <= len(piece):
            return View(piece, start - at, end - at)
        parts = [piece[start - at :]]
        for later in range(number + 1, len(self._pieces)):
            at, piece = self._starts[later], self._pieces[later]
            if at >= end:
                break
            parts.append(piece[: end - at])
        data = b"".join(parts)
        return View(data, 0, len(data))


class MemberRanges:
    """A member too large for memory; each batch beyond its head costs one more pass over it, made by ``again``."""

    def __init__(self, again: Again, size: int, head: bytes) -> None:
        self._again, self._head = again, head
        self.size = size

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See elf.Ranges."""
        bounds = [(min(o, self.size), min(o + n, self.size)) for o, n in wanted]
        if all(end <= len(self._head) or end <= start for start, end in bounds):
            return [View(self._head, start, max(start, end)) for start, end in bounds]
        parts = [bytearray() for _ in bounds]
        at, last = 0, max(end for _, end in bounds)
        for piece in self._again():
            if isinstance(piece, tuple) or at >= last:
                break
            following = at + len(piece)
            for part, (start, end) in zip(parts, bounds, strict=True):
                if start < following and end > at and start < end:
                    part += piece[max(start - at, 0) : end - at]
            at = following
        return [View(bytes(part), 0, len(part)) for part in parts]
