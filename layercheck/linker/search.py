"""Path strings of the loader: splitting lists, the dynamic string tokens $ORIGIN, $LIB and $PLATFORM, search lists.

Rules as in glibc's ``dl-load.c`` (2.26 to 2.43), checked against recorded runs of those loaders.
"""

from __future__ import annotations

import re

from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .library import Library, Refusal

_TOKEN = r"\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})"
_ORIGIN = r"\$(?:ORIGIN(?![A-Za-z0-9_])|\{ORIGIN\})"


class Place(NamedTuple):
    """A directory that exists: ``prefix`` is put before a name, ``real`` is its path without links ("" for /)."""

    prefix: str
    real: str


class Directory(NamedTuple):
    """One element of a search list.

    ``places``: its machine-dependent subdirectories, then itself, as far as they exist. ``ends_list``: whatever is
    opened below it fails with an error that ends the search of the list.
    """

    prefix: str
    places: tuple[Place, ...]
    ends_list: bool


class SearchList:
    """Directories that are searched together, and what they hold for the names asked so far."""

    __slots__ = ("directories", "known", "via")

    def __init__(self, directories: tuple[Directory, ...], via: str) -> None:
        self.directories = directories
        self.via = via
        self.known: dict[str, Library | Refusal | None] = {}


def expand(text: str, origin: str, lib: str, platform: str) -> str:
    """Replace the tokens in ``text``; what merely looks like one stays as it is."""
    if "$" not in text:
        return text
    values = {"ORIGIN": origin, "LIB": lib, "PLATFORM": platform}
    return re.sub(_TOKEN, lambda match: values[match.group(1) or match.group(2)], text)


def expand_all(texts: tuple[str, ...], origin: str | None, lib: str, platform: str) -> tuple[str, ...]:
    """All ``texts`` expanded; with an unknown origin those that ask for it are dropped, as the loader does."""
    if origin is None:
        texts = tuple([text for text in texts if not re.search(_ORIGIN, text)])
    return tuple([expand(text, origin or "", lib, platform) for text in texts])


def split_path(text: str | None) -> tuple[str, ...]:
    """The elements of DT_RPATH or DT_RUNPATH; an empty string has none, an empty element is the working directory."""
    return tuple(text.split(":")) if text else ()


def split_library_path(text: str | None) -> tuple[str, ...]:
    """The elements of LD_LIBRARY_PATH, where ``;`` separates too."""
    return tuple(text.replace(";", ":").split(":")) if text else ()


def directory_of(path: str) -> str:
    """What $ORIGIN means for a file opened as the absolute ``path``."""
    return path[: path.rfind("/")] or "/"


def absolute(path: str, cwd: str) -> str:
    """``path`` seen from the working directory, as text: neither links nor ``..`` are resolved."""
    return path if path.startswith("/") else cwd.rstrip("/") + "/" + path


def prefix_of(directory: str) -> str:
    """What glibc puts before a name: one slash at the end; "" (the working directory) stays empty."""
    return directory.rstrip("/") + "/" if directory else ""
