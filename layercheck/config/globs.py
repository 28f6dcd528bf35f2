"""Which files a pattern of ``[[artifact]]`` means: the one place of this room that looks around in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..check.places import part_fits

MAX_LOOKED_AT = 200_000
"""Names that one pattern may make us look at: a ``**`` at the top of a disk is a mistake."""
_MAGIC = frozenset("*?[")


class TooMany(ValueError):
    """A pattern would look at more names than are looked at."""


def is_pattern(path: str) -> bool:
    """Whether a path has a sign of a pattern."""
    return not _MAGIC.isdisjoint(path)


def matching(pattern: str, folder: str) -> list[str]:
    """The paths that fit, as the pattern writes them (relative to ``folder`` unless it is absolute), sorted.

    ``**`` goes into folders, not through links; names that begin with a dot are found only by one that does too.
    Raises TooMany.
    """
    plain = pattern.replace(os.sep, "/")
    drive, rest = os.path.splitdrive(plain)
    start = drive + "/" * (len(rest) - len(rest.lstrip("/")))
    parts = [part for part in rest.split("/") if part not in ("", ".")]
    budget = [MAX_LOOKED_AT]
    found = {start + "/".join(path) for path in _walk(start, (), parts, folder, budget, pattern)}
    return sorted(found)


def _walk(
    start: str, above: tuple[str, ...], parts: list[str], folder: str, budget: list[int], pattern: str
) -> Iterator[tuple[str, ...]]:
    """Depth first, with a list of its own: folders may be nested deeper than functions may."""
    waiting = [(above, 0)]
    seen = set(waiting)
    while waiting:
        path, at = waiting.pop()
        if at == len(parts):
            if path and os.path.lexists(_real(start, path, folder)):
                yield path
            continue
        part = parts[at]
        following: list[tuple[tuple[str, ...], int]] = []
        if part == "**":
            following.append((path, at + 1))
        if part == "**" or is_pattern(part):
            for entry in _entries(_real(start, path, folder)):
                budget[0] -= 1
                if budget[0] < 0:
                    raise TooMany(f"{pattern!r} looks at more than {MAX_LOOKED_AT:,} names")
                if part == "**":
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        following.append(((*path, entry.name), at))
                elif part_fits(part, entry.name) and (part.startswith(".") or not entry.name.startswith(".")):
                    following.append(((*path, entry.name), at + 1))
        else:
            following.append(((*path, part), at + 1))
        for step in following:
            if step not in seen:
                seen.add(step)
                waiting.append(step)


def _real(start: str, path: tuple[str, ...], folder: str) -> str:
    return os.path.join(folder, start + "/".join(path)) if path or start else folder


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            yield from entries
    except OSError:
        # Not a folder, or not ours to read: nothing in it fits.
        return
