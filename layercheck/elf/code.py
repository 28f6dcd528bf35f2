"""Where the machine code of a file lies: bytes that nobody who wants its linking facts asks for."""

from __future__ import annotations

from .layout import FORMATS

_PT_LOAD, _PF_X = 1, 1
_TABLES = 4 << 20
"""Older linkers put symbols, names and versions before the code, into one segment; in OpenBLAS they take 1 MB."""


def code_ranges(head: bytes) -> tuple[tuple[int, int], ...]:
    """The file ranges (start, end) of executable segments, by the beginning of a file; none when that does not tell.

    A hint, to keep less of a large file: what is asked for all the same must be fetched again.
    """
    if head[:4] != b"\x7fELF" or len(head) < 64 or head[4] != 2 or head[5] != 1:
        return ()
    fmt = FORMATS[2, 1]
    header = fmt.header.unpack_from(head, 16)
    at, size, count = header[4], header[8], header[9]
    if size != fmt.program.size or at + count * size > len(head):
        return ()
    ranges = []
    for place in range(at, at + count * size, size):
        kind, flags, offset, _, _, length, _, _ = fmt.program.unpack_from(head, place)
        if kind == _PT_LOAD and flags & _PF_X:
            ranges.append((offset if offset else _TABLES, offset + length))
    return tuple([(start, end) for start, end in ranges if start < end])
