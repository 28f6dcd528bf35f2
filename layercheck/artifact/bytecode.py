"""Python bytecode: which Python made a .pyc file that stands in the place of its source."""

from __future__ import annotations

from functools import lru_cache

from .entry import Facts

BYTECODE = ".pyc"
HEADER = 16
"""Bytes in front of the code (PEP 552); Python 3.6 and older had 12, Python 2 had 8."""
_CACHED = "__pycache__/"


def bytecode_facts(data: bytes, path: str) -> Facts | None:
    """The magic number of a .pyc file; None for a cached one, which is used only beside a source that fits it.

    The number is kept in two bytes, and CR LF follow: a transfer as text would be seen (CPython,
    Include/internal/pycore_magic_number.h).
    """
    if _CACHED in path:
        return None
    header = data[:HEADER]
    whole = len(header) == HEADER and header[2:4] == b"\r\n"
    return _facts(int.from_bytes(header[:2], "little") if whole else -1)


@lru_cache(maxsize=64)
def _facts(magic: int) -> Facts:
    """Thousands of files of one Python share one fact."""
    return Facts(bytecode=magic)
