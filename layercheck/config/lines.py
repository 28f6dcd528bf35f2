"""On which line of a TOML text a key stands: the standard library's parser does not tell.

A plain look at headers and at keys in front of ``=``; good enough to lead a person there. What it does not recognise
has no line of its own, and the one of the table around it is given.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_KEY = r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
_KEYS = rf"(?:{_KEY})(?:[ \t]*\.[ \t]*(?:{_KEY}))*"
_HEADER = rf"[ \t]*(\[\[?)[ \t]*({_KEYS})[ \t]*\]"
_ASSIGNED = rf"[ \t]*({_KEYS})[ \t]*="
_QUOTES = r"\"\"\"|'''"
_LONGEST = 1_000
"""Characters of a line that are looked at."""


def key_lines(text: str) -> dict[Path, int]:
    """The 1-based line of each key and table, by its path; tables of an array are numbered from 0."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    open_quotes = ""
    for number, whole in enumerate(text.split("\n"), 1):
        line = whole[:_LONGEST]
        if not open_quotes:
            header, assigned = re.match(_HEADER, line), re.match(_ASSIGNED, line)
            if header is not None:
                table = _resolved(_split(header[2]), counts, more=header[1] == "[[")
                found.setdefault(table, number)
            elif assigned is not None:
                found.setdefault(table + _split(assigned[1]), number)
        for quotes in re.findall(_QUOTES, whole):
            if not open_quotes:
                open_quotes = quotes
            elif quotes == open_quotes:
                open_quotes = ""
    return found


def nearest_line(lines: dict[Path, int], path: Path) -> int | None:
    """The line of the key, or of the first thing in it, or of the nearest table around it; None when none is known."""
    while path:
        inside = [line for key, line in lines.items() if key[: len(path)] == path]
        if inside:
            return min(inside)
        path = path[:-1]
    return None


def _resolved(names: Path, counts: dict[Path, int], *, more: bool) -> Path:
    """A header's path with the number of the last table put in for every array of tables on the way."""
    path: Path = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if more and place == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _split(keys: str) -> Path:
    return tuple(key[1:-1] if key[0] in "\"'" else key for key in re.findall(_KEY, keys))
