"""Which characters print: the same on every Python, whose own answer changes with the Unicode that it was made with."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from functools import cache

_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "printable.json")


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
    with open(_FILE, encoding="utf-8") as file:
        return tuple(json.load(file)["edges"])
