"""Packages without metadata whose code asks for it: looked for only where a package has no dist-info beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ..artifact import FILE, Entry
from ..artifact.distributions import normalise
from ..artifact.python_imports import Import
from ..artifact.python_metadata import asks, may_ask
from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING
from ..rules import Subject
from ..rules.python_findings import Asked
from .python_code import PythonCode

if TYPE_CHECKING:
    from typing import Any

MAX_READ = 2 << 20
"""Bytes of code of one artifact that are parsed for this."""
MAX_MODULES = 2_000
"""Where there are more modules at the top, none is read: no real artifact has as many, and 200,000 would take long."""
_NAMES = frozenset(("__init__", "version", "_version", "__version__", "__about__", "about", "_about", "_metadata"))


def metadata_asked(subjects: Sequence[Subject], code: PythonCode) -> tuple[Asked, ...]:
    """What the orphaned packages of each artifact ask for."""
    return tuple([asked for subject in subjects for asked in _of(subject, code)])


def _of(subject: Subject, code: PythonCode) -> Iterator[Asked]:
    left = MAX_READ
    candidates = list(islice(_candidates(subject), MAX_MODULES + 1))
    for entry, root in candidates if len(candidates) <= MAX_MODULES else ():
        path = entry.path[len(root) :]
        # The code that matters stands at the top of a package; the function's own is read as well.
        if not 0 < entry.size <= left or subject.packages.owner(entry.path) is not None:
            continue
        data = code.source(subject.artifact, entry.path)
        if data is None:
            continue
        yield from _known(subject, entry.path, path, data)
        if not may_ask(data):
            continue
        left -= entry.size
        module = path[: -len(".py")].replace("/", ".").removesuffix(".__init__")
        package = path.endswith("/__init__.py")
        top = module.partition(".")[0]
        for asking in asks(data, module, package=package):
            surely = package or "." not in module or _is_run(subject, code, root, module)
            name = normalise(asking.name)
            yield Asked(subject, entry.path, asking.line, name, asking.call, top, surely, asking.raises)


def _candidates(subject: Subject) -> Iterator[tuple[Entry, str]]:
    """Modules at the top of sys.path, and those of packages there that tend to tell the version."""
    layer = subject.kind == "layer" and subject.artifact.form != "wheel"
    for entry in subject.artifact.entries:
        path = entry.path
        if not path.endswith(".py") or entry.kind != FILE:
            continue
        root = ""
        if layer:
            if not path.startswith("python/"):
                continue
            root = "python/"
            if path.startswith("python/lib/"):
                at = path.find("/site-packages/")
                root = path[: at + 15] if at >= 0 else root
        parts = path[len(root) :].split("/")
        stem = parts[-1][:-3]
        if len(parts) == 1 or (len(parts) == 2 and stem in _NAMES) or (len(parts) == 3 and stem == "__init__"):
            yield entry, root


def _is_run(subject: Subject, code: PythonCode, root: str, module: str) -> bool:
    """Whether importing the package imports that module of it."""
    top = module.partition(".")[0]
    start = f"{root}{top}/__init__.py"

    def hit(item: Import) -> str | None:
        names = (item.module, *[f"{item.module}.{name}" for name in item.names])
        return module if module in names else None

    return bool(code.chain(subject.artifact, {top: start}, frozenset([top]), [top], hit))


def _table() -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = read_table(__file__, "metadata-readers")["readers"]
    return found


def _known(subject: Subject, path: str, inner: str, data: bytes) -> Iterator[Asked]:
    """Code that needs metadata in a way that reading it does not show (data)."""
    for reader in _table():
        place = data.find(reader["text"].encode()) if reader["path"] == inner else -1
        if place >= 0:
            line = data.count(b"\n", 0, place) + 1
            name, top = reader["distribution"], reader["imported_as"]
            yield Asked(subject, path, line, name, reader["call"], top, True, reader["raises"])
