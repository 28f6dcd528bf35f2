"""Path strings of the loader: splitting lists, and the dynamic string tokens $ORIGIN, $LIB and $PLATFORM.

Rules as in glibc's ``dl-load.c`` (2.26 to 2.43), checked against recorded runs of those loaders.
"""

from __future__ import annotations

import re

_TOKEN = r"\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})"


def expand(text: str, origin: str, lib: str, platform: str) -> str:
    """Replace the tokens in ``text``; what merely looks like one stays as it is."""
    if "$" not in text:
        return text
    values = {"ORIGIN": origin, "LIB": lib, "PLATFORM": platform}
    return re.sub(_TOKEN, lambda match: values[match.group(1) or match.group(2)], text)


def split_path(text: str | None) -> tuple[str, ...]:
    """The elements of DT_RPATH or DT_RUNPATH; an empty string has none, an empty element is the working directory."""
    return tuple(text.split(":")) if text else ()


def split_library_path(text: str | None) -> tuple[str, ...]:
    """The elements of LD_LIBRARY_PATH, where ``;`` separates too."""
    return tuple(text.replace(";", ":").split(":")) if text else ()


def directory_of(path: str) -> str:
    """What $ORIGIN means for a file opened as ``path``."""
    return path[: path.rfind("/")] or "/"


def join(directory: str, name: str) -> str:
    """The candidate for ``name`` in a search directory; "" is the working directory, as glibc writes it."""
    if not directory:
        return name
    return directory + name if directory.endswith("/") else directory + "/" + name
