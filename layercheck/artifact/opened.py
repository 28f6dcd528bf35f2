"""Which libraries Python code and ODBC configuration open by name: found while a member's bytes are at hand."""

from __future__ import annotations

import re

from .entry import Opened
from .printable import is_printable

HEAD_OF_SOURCE = 4_096
"""Bytes of a module in which its imports are sought."""
MAX_SOURCE = 96 << 10
"""Bytes of one module that is read: beyond are generated bindings, which would take longer than all the rest."""
MAX_SOURCES = 2 << 20
"""Bytes of source code read in one artifact (design, section 6)."""
MAX_CONFIG = 64 << 10

_CALLS = (b"DLL", b"LoadLibrary(", b"dlopen(", b"find_library(")
# Each begins with a literal, by which it is found at once.
_FILE = rb"""\.so(?:\.[0-9]+)*["']"""
_GIVEN = rb"""\(\s*(?:\w+,\s*)?["'(\[](?!(?:c|m|dl|rt|pthread)["'])"""
_CALLED = (rb"dlopen" + _GIVEN, rb"find_library" + _GIVEN)
_ALWAYS_THERE = (b"libc", b"libm")
_OTHER_PLACES = frozenset(
    ("test", "tests", "testing", "example", "examples", "_examples", "doc", "docs", "benchmarks", "demo", "demos")
)
"""Directories of code that the package itself does not import."""
_OTHER_FILES = frozenset(("setup.py", "conftest.py"))
_DRIVER = rb"(?im)^[ \t]*Driver(?:64)?[ \t]*=[ \t]*([^\s#;][^\r\n]*)"


class Openings:
    """Reads the code of one artifact, as much as may be read."""

    def __init__(self) -> None:
        self._left = MAX_SOURCES

    def of_python(self, data: bytes, path: str) -> tuple[Opened, ...] | None:
        """The literal names that the module ``data`` opens; None where there is too much code to tell."""
        if not any(call in data for call in _CALLS) or _is_elsewhere(path) or not _has_name(data):
            return ()
        if len(data) > min(MAX_SOURCE, self._left):
            return None
        self._left -= len(data)
        from .opened_code import opened_by

        return opened_by(data.decode("utf-8", "replace"))

    def of_odbc(self, data: bytes) -> tuple[Opened, ...]:
        """The driver files that an odbcinst.ini or odbc.ini names; plain names there are those of other sections."""
        found = []
        for match in re.finditer(_DRIVER, data[:MAX_CONFIG]):
            name = match[1].decode("utf-8", "surrogateescape").strip().strip("\"'")
            if name.startswith("/") and is_printable(name):
                found.append(Opened((name,), (), data.count(b"\n", 0, match.start()) + 1, config=True))
                if len(found) == _MOST_DRIVERS:
                    break
        return tuple(found)


_MOST_DRIVERS = 20


def _has_name(data: bytes) -> bool:
    """Whether something is opened by a literal name, other than the C library: parsing takes far longer than this."""
    if any(data[match.start() - 4 : match.start()] not in _ALWAYS_THERE for match in re.finditer(_FILE, data)):
        return True
    return any(re.search(pattern, data) for pattern in _CALLED)


def _is_elsewhere(path: str) -> bool:
    *above, name = path.split("/")
    return name in _OTHER_FILES or not _OTHER_PLACES.isdisjoint(above)
