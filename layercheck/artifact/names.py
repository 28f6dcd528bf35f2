"""Names of members: which are unsafe, and what path they amount to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

MAX_PATH, MAX_COMPONENT = 4_095, 255
"""Linux: PATH_MAX without its NUL, and NAME_MAX, in bytes."""
MAX_DEPTH = 64
"""Folders below one another that are looked into; node_modules in node_modules reach about 30."""
ALWAYS_PLACED = 2 * MAX_DEPTH
"""Bytes up to which no name is too deep."""
MAX_TREE = 16 << 20
"""Characters of the paths of all directories. 10,000 of them, as 60,000 files have, take 600,000."""
_SURELY_SMALL = 2 << 20
"""Bytes of names that cannot make so large a tree."""
_SHOWN = 200
_ODD = (b"\n/", b"\n\n", b"//", b"..", b"\n./", b"/./", b"/.\n", b"\\", b"\0", b":")
"""What no name of an archive holds that is as it should be, one name a line."""
_ORDINARY = re.compile(rb"(?:[\w@][\w.@+=~ -]*/)*[\w@][\w.@+=~ -]*").fullmatch


def is_ordinary(raw: bytes) -> bool:
    """Whether a name is surely without defect and its own plain path, as nearly all are: told at a glance."""
    return len(raw) <= MAX_COMPONENT and _ORDINARY(raw) is not None


def ordinary_paths(names: Sequence[bytes]) -> list[str] | None:
    """The paths of all members, looked at together, if no name is odd and none comes twice; else None."""
    lengths = list(map(len, names))
    longest = max(lengths, default=0)
    together = b"\n".join([b"", *names, b""])
    if (
        longest > MAX_COMPONENT
        or (longest > ALWAYS_PLACED and max([name.count(b"/") for name in names]) > MAX_DEPTH)
        or together.count(b"\n") != len(names) + 1
        or not together.isascii()
        or any(odd in together for odd in _ODD)
    ):
        return None
    text = together.decode("ascii")
    if "/\n" in text:
        text = text.replace("/\n", "\n")
    paths = text[1:-1].split("\n") if names else []
    return paths if len(set(paths)) == len(paths) else None


def name_defect(raw: bytes) -> tuple[str, str] | None:
    """(kind of defect, detail) for a name that cannot be extracted as it stands, else None."""
    if len(raw) > MAX_COMPONENT and (len(raw) > MAX_PATH or max(map(len, raw.split(b"/"))) > MAX_COMPONENT):
        return "unsafe-path", f"its name is longer than Linux allows ({len(raw)} bytes)"
    if b"\\" in raw:
        return "backslash", "its name holds backslashes, which are ordinary characters on Linux"
    if not raw or raw[:1] == b"/":
        return "unsafe-path", "its path is absolute" if raw else "its name is empty"
    if b"\0" in raw:
        return "unsafe-path", "its name holds a NUL byte"
    if raw[1:2] == b":" and raw[:1].isalpha():
        return "unsafe-path", "its name begins with a drive letter"
    if b"//" in raw:
        return "unsafe-path", "its path has an empty component"
    if b".." in raw and b".." in raw.split(b"/"):
        return "unsafe-path", "its path leaves the archive through '..'"
    return None


class _Named(Protocol):
    """What has a name."""

    @property
    def raw(self) -> bytes:
        """The name as it stands in the archive."""


class Trees:
    """Which names have no place in the tree of directories: paths that long, that deep or that many fill memory.

    ``large``: there are so many that each new directory is counted.
    """

    def __init__(self, named: Sequence[_Named]) -> None:
        self.large = sum([len(item.raw) for item in named]) > _SURELY_SMALL and (
            sum([len(item.raw) * item.raw.count(b"/") for item in named]) > 2 * MAX_TREE
        )
        self._known: set[bytes] = set()
        self._left = MAX_TREE

    def problem(self, raw: bytes) -> tuple[str, str] | None:
        """(kind of defect, detail) for a name that must be left out."""
        if len(raw) > MAX_PATH:
            return "unsafe-path", f"its name is longer than Linux allows ({len(raw)} bytes)"
        if raw.count(b"/") > MAX_DEPTH:
            return "left-out", f"it lies more than {MAX_DEPTH} directories deep"
        end = raw.rfind(b"/") if self.large else -1
        while end > 0 and raw[:end] not in self._known:
            self._left -= end
            if self._left < 0:
                return "left-out", "the names of all directories are longer than is read"
            self._known.add(raw[:end])
            end = raw.rfind(b"/", 0, end)
        return None


def shortened(raw: bytes) -> str:
    """The beginning of a name that is too long to be told."""
    return f"{raw[:_SHOWN].decode('utf-8', 'surrogateescape')}… ({len(raw)} bytes)"


def plain_path(name: str) -> str:
    """The path without trailing slash and without "." components."""
    path = name.rstrip("/") if name.endswith("/") else name
    if path.startswith("./") or "/./" in path or path.endswith("/."):
        path = "/".join([part for part in path.split("/") if part != "."])
    return path or name


def installed_place(path: str) -> str:
    """Where an installer puts a file of a wheel: NAME.data/platlib/x is x, NAME.data/scripts/x is bin/x (PEP 427)."""
    top, _, rest = path.partition("/")
    if not top.endswith(".data") or not rest:
        return path
    scheme, _, inner = rest.partition("/")
    if scheme in ("purelib", "platlib", "data"):
        return inner or path
    return f"bin/{inner}" if scheme == "scripts" and inner else path
