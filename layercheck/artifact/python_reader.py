"""The Python code of one artifact, read when asked for, each file once and within bounds.

Few runs need it: a handler is given, something that a Python no longer has is imported, or an extension cannot load.
"""

from __future__ import annotations

import re

from ..named_tuple import TYPE_CHECKING, NamedTuple
from .artifact import Artifact
from .entry import FILE, Entry
from .python_source import parse

if TYPE_CHECKING:
    from .python_facts import Code

MAX_FILE = 256 << 10
"""Bytes of one module that is parsed; beyond are tables and generated code."""
MAX_PARSED = 2 << 20
"""Bytes of source that are parsed in one artifact (design, section 6)."""
MAX_SKIMMED = 24 << 20
"""Bytes of source in which only the lines with imports are looked at."""
_IMPORTS = rb"\n(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^()#]*(?:#[^\n]*\n[^()#]*)*\)|[^\n]*)|import[ \t]+([^\n]*))"
_COMMENT = rb"#[^\n]*"


class Skim(NamedTuple):
    """``import`` and ``from … import`` at the left margin, by a look at the lines: (module, names)."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]


class PythonReader:
    """Reads the modules of one artifact. What is not read, for its size or because there is too much, is None."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self._entries: dict[str, Entry] | None = None
        self._sources: dict[str, bytes | None] = {}
        self._codes: dict[str, Code | None] = {}
        self._skims: dict[str, Skim | None] = {}
        self._parsed = 0
        self._skimmed = 0
        self.gave_up = False

    def entries(self) -> dict[str, Entry]:
        """The .py files by their paths."""
        if self._entries is None:
            self._entries = {e.path: e for e in self._artifact.entries if e.path.endswith(".py") and e.kind == FILE}
        return self._entries

    def source(self, path: str) -> bytes | None:
        """The bytes of a module; None where it is too large, or is none."""
        if path not in self._sources:
            entry = self.entries().get(path)
            known = entry is not None and 0 <= entry.size <= MAX_FILE and self._skimmed + entry.size <= MAX_SKIMMED
            if entry is None or not known:
                self.gave_up |= entry is not None
                self._sources[path] = None
            else:
                self._skimmed += entry.size
                self._sources[path] = self._artifact.read(entry, MAX_FILE)
        return self._sources[path]

    def code(self, path: str) -> Code | None:
        """What a module imports, uses and defines; None for what cannot be parsed here, too."""
        if path not in self._codes:
            self._codes[path] = self._parse(path)
        return self._codes[path]

    def _parse(self, path: str) -> Code | None:
        from .python_code import read_code

        source = self.source(path)
        if source is None:
            return None
        if self._parsed + len(source) > MAX_PARSED:
            self.gave_up = True
            return None
        self._parsed += len(source)
        tree = parse(source)
        if tree is None:
            return None
        try:
            return read_code(tree)
        except RecursionError:
            return None

    def skim(self, path: str) -> Skim | None:
        """The imports at the left margin of a module, without parsing it."""
        if path not in self._skims:
            source = self.source(path)
            self._skims[path] = None if source is None else skim(source)
        return self._skims[path]


def skim(source: bytes) -> Skim:
    """Look at the lines of ``source`` that begin with import or from."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for module, names, plain in re.findall(_IMPORTS, b"\n" + source):
        if plain:
            for part in re.sub(_COMMENT, b"", plain).partition(b";")[0].split(b","):
                name = part.split()[:1]
                if name:
                    found.append((_text(name[0]), ()))
        else:
            listed = re.sub(_COMMENT, b"", names).partition(b";")[0].strip(b"() \t\r\n").split(b",")
            found.append((_text(module), tuple([_text(part.split()[0]) for part in listed if part.split()])))
    return Skim(tuple(found))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def absolute(module: str, package: str) -> str | None:
    """The full name of a module that may begin with dots, as it is meant in ``package``; None above the top."""
    name = module.lstrip(".")
    up = len(module) - len(name)
    if not up:
        return name
    parts = package.split(".") if package else []
    if up - 1 >= len(parts):
        return None
    base = parts[: len(parts) - (up - 1)]
    return ".".join([*base, *([name] if name else [])])
