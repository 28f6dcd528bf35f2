"""Which characters print: the same on every Python, whose own answer changes with the Unicode that it was made with."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

from ..json_table import read_table


def is_printable(text: str) -> bool:
    """Whether nothing in ``text`` is a control, a mark of direction, a line break, a stray byte or unassigned.

    As str.isprintable of Python 3.10, the oldest that is supported; characters that came later count as unassigned.
    """
    if text.isascii():
        return text.isprintable()
    return all(character.isprintable() if character < "\x80" else _prints(ord(character)) for character in text)


def _prints(number: int) -> bool:
    return bisect_right(_edges(), number) % 2 == 1


@cache
def _edges() -> tuple[int, ...]:
    """Where printable characters begin and end, in turn."""
    return tuple(read_table(__file__, "printable")["edges"])
