"""Which files a pattern of the configuration means: pure text, no look at any file system.

A pattern is written as git's ignore files have it: ``*`` and ``?`` stay inside a name, ``[abc]`` is one of these,
``**`` stands for any number of folders, one without ``/`` fits the name at any depth, and what fits a folder fits all
below it. Patterns are the user's and names may be hostile: no pair of them takes longer than their lengths multiplied.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

WHOLE = "."
"""The path of a finding that concerns the artifact as a whole."""


def fits(pattern: str, path: str) -> bool:
    """Whether a file's path, or a folder above it, fits the pattern."""
    if WHOLE in (pattern, path) and pattern not in ("**", "*"):
        return pattern == path
    wanted = [part for part in pattern.strip("/").split("/") if part not in ("", ".")] or ["**"]
    if len(wanted) == 1 and not pattern.startswith("/"):
        wanted.insert(0, "**")
    # With ** at its end, it also fits what lies below a folder that it names.
    return parts_fit([*wanted, "**"], path.split("/"))


def parts_fit(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether all parts of a path fit all parts of a pattern, in which ``**`` stands for any number of parts."""
    at = place = 0
    star, resume = -1, 0
    while place < len(parts):
        if at < len(pattern) and pattern[at] == "**":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and part_fits(pattern[at], parts[place]):
            at += 1
            place += 1
        elif star >= 0:
            # The last ** takes one part more; an earlier one need never be asked again.
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(part == "**" for part in pattern[at:])


def part_fits(pattern: str, part: str) -> bool:
    """Whether one name fits one part of a pattern, letter case counting on every system."""
    from fnmatch import fnmatchcase

    # fnmatch translates each star to a search that is never taken back, so that it stays quick on any name.
    return pattern == part or fnmatchcase(part, pattern)


def absolute(path: str, folder: str) -> str:
    """The path, as seen from ``folder`` (absolute), with forward slashes, without ``..``."""
    path = path.replace("\\", "/")
    # With a drive it is absolute, though POSIX knows nothing of drives.
    whole = path if re.match(r"[A-Za-z]:/", path) else posixpath.join(folder.replace("\\", "/"), path)
    return posixpath.normpath(whole)


def below(path: str, base: str) -> str:
    """An absolute path as seen from ``base``: relative where it lies below it, else as it is."""
    base = base.replace("\\", "/").rstrip("/") + "/"
    return path[len(base) :] if path.startswith(base) else path


def is_at(pattern: str, base: str, path: str, cwd: str) -> bool:
    """Whether an artifact's path, seen from ``cwd``, is what a pattern names that is seen from ``base``, no more."""
    return parts_fit(absolute(pattern, base).split("/"), absolute(path, cwd).split("/"))


def is_below(pattern: str, base: str, path: str, cwd: str) -> bool:
    """Whether an artifact's path fits a pattern, or a folder above it does; one without ``/`` fits at any depth."""
    if "/" not in pattern.replace("\\", "/"):
        return fits(pattern, below(absolute(path, cwd), base))
    return is_at(f"{pattern}/**", base, path, cwd)


def split_place(place: str) -> tuple[str | None, str]:
    """``layer.zip:python/x.so`` into the pattern of the artifact (None: any) and that of the file in it."""
    artifact, colon, file = place.rpartition(":")
    return (artifact, file or "**") if colon else (None, place)
