"""What the RECORD of a distribution lists and its artifact has not, and what of the package's code imports that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ..artifact.distributions import Distribution
from ..artifact.python_imports import Import, module_name
from ..filesystem import Overlay
from ..rules import Subject
from ..rules.python_findings import IMPORT, INNER, NONE, PART, UNKNOWN, Lost, Use
from .needs import how_used
from .python_code import Hit, Modules, PythonCode, modules_in

_PRUNED = frozenset(("tests", "test", "docs", "doc", "examples", "example", "benchmarks", "include", "share", "bin"))
"""Directories that people trim; what of them importing the package needs is a fault all the same."""
_ORDER = (IMPORT, PART, UNKNOWN, INNER, NONE)
_MENTIONING = 8 << 20
_SLIGHT = 400
"""Bytes of an __init__ below which it hardly defines what people import."""


def lost_files(subjects: Sequence[Subject], overlay: Overlay, code: PythonCode) -> tuple[Lost, ...]:
    """For each distribution what it has lost, one item for each way in which that matters."""
    found: list[Lost] = []
    stems: set[str] | None = None
    for subject in subjects:
        # A wheel's own RECORD is judged when it is opened.
        if subject.artifact.form == "wheel":
            continue
        for distribution in subject.distributions.all:
            gone = _gone(subject, distribution, overlay)
            if gone:
                if stems is None:
                    stems = _stems(overlay)
                found += _judged(subject, distribution, _without_twins(subject, distribution, gone, stems), code)
    return tuple(found)


def _gone(subject: Subject, distribution: Distribution, overlay: Overlay) -> list[str]:
    """The rows of code that no artifact has in that place."""
    nodes, place = overlay.nodes, f"{subject.at}/{distribution.directory}"
    rows = distribution.record or ()
    return [
        row.path
        for row in rows
        if place + row.path not in nodes
        and (row.path.endswith((".py", ".so", ".pyc")) or ".so." in row.path)
        and row.size != 0
        and "__pycache__/" not in row.path
        and not row.path.startswith(("../", "/"))
    ]


def _stems(overlay: Overlay) -> set[str]:
    """What can be imported in any form: the paths of modules up to the first dot of the name."""
    found = set()
    for path in overlay.nodes:
        if path.endswith((".py", ".pyc", ".so")):
            found.add(path[: path.find(".", path.rfind("/"))])
    return found


def _without_twins(subject: Subject, distribution: Distribution, gone: list[str], stems: set[str]) -> list[str]:
    """Without modules that are there in another form: compiled, for another Python, or as a package."""
    place, lost = f"{subject.at}/{distribution.directory}", set(gone)
    left = []
    for path in gone:
        stem = path[: path.find(".", path.rfind("/") + 1)]
        if path.endswith(".pyc") and path[:-1] in lost:
            continue
        if module_name(path) is None or (place + stem not in stems and f"{place}{stem}/__init__" not in stems):
            left.append(path)
    return left


def _judged(subject: Subject, distribution: Distribution, gone: list[str], code: PythonCode) -> Iterator[Lost]:
    if not gone:
        return
    modules = modules_in(subject, distribution)
    named = {name[0]: path for path in gone if (name := module_name(path)) is not None}
    directory = distribution.directory
    if not modules.paths and named:
        yield Lost(subject, distribution, tuple([directory + path for path in named.values()]), Use(NONE), husk=True)
        return
    there = sorted(modules.paths)
    hollow = [name for name, path in named.items() if path.endswith("/__init__.py") and _has_below(there, name)]
    tops = [named[name] for name in hollow if "." not in name]
    if tops:
        files = tuple(dict.fromkeys([directory + path for path in (*tops, *gone)]))
        slight = any(row.path == tops[0] and (row.size or _SLIGHT) < _SLIGHT for row in distribution.record or ())
        yield Lost(subject, distribution, files, Use(IMPORT), hollow=True, slight=slight)
        return
    whole = {name: path for name, path in named.items() if not _is_pruned(path)}
    judged: list[tuple[Use, list[str]]] = []
    if named:
        hit = _hit(named, frozenset(hollow), modules)
        use = how_used(code, subject.artifact, modules, hit) if whole else _import_only(code, subject, modules, hit)
        if whole or use.level == IMPORT:
            natives = [path for path in whole.values() if path.endswith(".so")]
            if use.level == NONE and natives:
                use = Use(UNKNOWN)
            first = named.get(use.steps[-1].module) if use.steps else next(iter(natives), None)
            paths = list(whole.values()) or [path for path in named.values() if path == first]
            judged.append((use, [*([first] if first else []), *[path for path in paths if path != first]]))
    libraries = [path for path in gone if ".so" in path and module_name(path) is None and not _is_pruned(path)]
    judged += [(Use(UNKNOWN), [path]) for path in _mentioned(code, subject, modules, libraries)]
    for use, paths in sorted(judged, key=lambda item: _ORDER.index(item[0].level)):
        yield Lost(subject, distribution, tuple([directory + path for path in paths]), use)


def _is_pruned(path: str) -> bool:
    return not _PRUNED.isdisjoint(path.split("/")[:-1]) or path.rsplit("/", 1)[-1] in ("conftest.py", "setup.py")


def _has_below(there: Sequence[str], name: str) -> bool:
    """Whether modules of a package are there that lost its __init__ only: it can be imported still, but is empty."""
    at = bisect_left(there, name + ".")
    return at < len(there) and there[at].startswith(name + ".")


def _hit(named: dict[str, str], hollow: frozenset[str], modules: Modules) -> Hit:
    def hit(item: Import) -> str | None:
        parts = item.module.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            if module in named and module not in hollow:
                return module
        for name in item.names:
            module = f"{item.module}.{name}"
            if module in named and module not in hollow:
                return module
            if item.module in hollow and name != "*" and module not in modules.paths and module not in hollow:
                return item.module
        return None

    return hit


def _import_only(code: PythonCode, subject: Subject, modules: Modules, hit: Hit) -> Use:
    """Of tests and the like only what importing the package comes to."""
    steps = code.chain(subject.artifact, modules.paths, modules.packages, modules.tops, hit)
    return Use(IMPORT, steps) if steps else Use(NONE)


def _mentioned(code: PythonCode, subject: Subject, modules: Modules, libraries: list[str]) -> list[str]:
    """Of lost libraries those that the package's code names: the others, if needed, are missed by the loader."""
    stems = {path: path[path.rfind("/") + 1 :].partition(".so")[0].removeprefix("lib") for path in libraries}
    if not stems:
        return []
    found: set[str] = set()
    left = _MENTIONING
    for path in modules.paths.values():
        entry = code.entry(subject.artifact, path)
        if entry is None or not path.endswith(".py") or not 0 < entry.size <= left:
            continue
        left -= entry.size
        data = code.source(subject.artifact, path) or b""
        if b"CDLL" in data or b"dlopen" in data or b"LoadLibrary" in data or b"load_library" in data:
            found |= {
                library
                for library, stem in stems.items()
                if len(stem) > 2 and stem.encode("utf-8", "surrogateescape") in data
            }
    return [path for path in libraries if path in found]
