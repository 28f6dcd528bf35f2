"""LC407's part for .NET: libraries that assemblies call (P/Invoke), and that are not there.

One assembly names the libraries of all systems side by side, and calls most of them never: what other systems and the
runtime itself provide is told from the rest by a table (data/native-names.json), what several systems have under
different names by the functions that are sought in them (artifact/assembly.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from ..filesystem import Node
from ..finding import Confidence, Severity
from ..json_table import read_table
from ..linker import Uncalled
from ..linker.native_calls import variants
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .advice import for_opened
from .base import Fault, Subject, TargetView, Unsure, quote
from .by_name import copies_by_stem, stem_of, system_copy
from .dotnet import is_known, publish
from .linking import inside, is_usable, place_of

if TYPE_CHECKING:
    from typing import Any

_ELSEWHERE = (".dll", ".exe")
_FRAMEWORK = "System."
_OF_APPLICATIONS = (".deps.json", ".runtimeconfig.json")
_SHOWN = 4


def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_table(__file__, "native-names")
    return found


@lru_cache(maxsize=1)
def _silent() -> tuple[frozenset[str], tuple[str, ...]]:
    """The table's plain names, and its patterns."""
    names = [name for group in _table()["groups"] for name in group["names"]]
    return frozenset(name for name in names if "*" not in name), tuple([name for name in names if "*" in name])


def is_elsewhere(name: str) -> bool:
    """Whether the name is one of another system, or of the runtime's own libraries."""
    plain = name.lower()
    for suffix in _ELSEWHERE:
        plain = plain.removesuffix(suffix)
    names, patterns = _silent()
    return plain in names or any(fnmatchcase(plain, pattern) for pattern in patterns)


def uncalled(view: TargetView) -> Iterator[Fault | Unsure]:
    """The faults of the function's assemblies; layers alone do not tell which of theirs the runtime loads."""
    if not view.resolution.uncalled or view.stack.function is None:
        return
    copies = copies_by_stem(view)
    own = _own(view, view.stack.function)
    free = _finds_its_own_way(view, own)
    by_assembly: dict[str, list[Uncalled]] = {}
    for item in view.resolution.uncalled:
        by_assembly.setdefault(item.path, []).append(item)
    for path, items in by_assembly.items():
        place = place_of(view, path)
        if place is None or is_known(_file(path)):
            continue
        if items[0].called is None:
            yield Unsure("the native libraries that it calls", items[0].calls.damage or "", *place)
            continue
        found = [_missing(item, names, copies) for item, names in _considered(items)]
        yield from _judged(view, found, place, _assembly(path) in own, free)


def _own(view: TargetView, function: Subject) -> frozenset[str]:
    """The names of the assemblies that are the application itself, and no packages."""
    names = {name for _, facts in view.facts(function) if facts.dotnet is not None for name in facts.dotnet.projects}
    for entry in function.artifact.entries:
        for suffix in _OF_APPLICATIONS:
            if entry.path.endswith(suffix):
                names.add(_file(entry.path).removesuffix(suffix))
    return frozenset(names)


def _finds_its_own_way(view: TargetView, own: frozenset[str]) -> bool:
    """Whether the application's own code may direct where the libraries of all assemblies are found."""
    for subject in view.stack.subjects:
        for path, facts in view.facts(subject):
            if facts.calls is not None and facts.calls.guided:
                name = _assembly(path)
                if name in own or not (own or name.startswith(_FRAMEWORK)):
                    return True
    return False


def _considered(items: Sequence[Uncalled]) -> Iterator[tuple[Uncalled, tuple[str, ...]]]:
    """What an assembly may call on Linux, each with the names that could be meant there."""
    everything = [name for called in items[0].calls.imports for name in called.names if not is_elsewhere(name)]
    # Who knows a name for Linux gives Windows' names to Windows' libraries.
    only_windows = all(name.lower().endswith(_ELSEWHERE) for name in everything)
    for item in items:
        names = [name for name in (item.called or items[0].calls.imports[0]).names if not is_elsewhere(name)]
        plain = [name for name in names if not name.lower().endswith(_ELSEWHERE)]
        if plain or (names and only_windows):
            yield item, tuple(plain or names)


class _Missing(NamedTuple):
    """One library that is not found: the file name by which people know it, and what could be it."""

    item: Uncalled
    names: tuple[str, ...]
    wanted: str
    functions: int
    stems: tuple[str, ...]
    same: tuple[Node, ...]


def _missing(item: Uncalled, names: tuple[str, ...], copies: Mapping[str, Sequence[Node]]) -> _Missing:
    functions = item.called.functions if item.called is not None else 0
    stems = tuple(dict.fromkeys([stem_of(name) for name in names]))
    same = tuple([node for stem in stems for node in copies.get(stem, ())])
    return _Missing(item, names, _wanted(names), functions, stems, same)


def _wanted(names: Sequence[str]) -> str:
    """The file name under which a library is usual: libNAME.so, or as it is called where that says more."""
    name = next((name for name in names if ".so" in name), names[0])
    if "/" in name or ".so" in name:
        return name
    return f"{name}.so" if name.startswith("lib") or name.lower().endswith(_ELSEWHERE) else f"lib{name}.so"


def _judged(
    view: TargetView, found: Sequence[_Missing], place: tuple[Subject, str], own: bool, free: bool
) -> Iterator[Fault | Unsure]:
    absent: dict[Severity, list[_Missing]] = {}
    for missing in found:
        if free or missing.item.calls.guided:
            # The library is there, and the code knows where; or nobody can tell what it will be called. A few functions
            # of code that copes by itself are not worth a word.
            if not missing.same and _severity(missing, own) is Severity.WARNING:
                why = "the code finds libraries its own way (NativeLibrary, AssemblyLoadContext)"
                yield Unsure(f"{missing.wanted}, which it calls", why, *place)
        elif missing.same:
            yield _misplaced(view, missing, place, own)
        else:
            absent.setdefault(_severity(missing, own), []).append(missing)
    for severity, group in absent.items():
        yield _absent(view, group, place, severity)


def _severity(missing: _Missing, own: bool) -> Severity:
    if all(name.lower().endswith(_ELSEWHERE) for name in missing.names):
        return Severity.INFO
    return Severity.WARNING if own or missing.functions >= int(_table()["few"]) else Severity.INFO


def _calls(found: Sequence[_Missing]) -> str:
    parts = []
    for missing in found[:_SHOWN]:
        number = f"{missing.functions:,} function{'s' if missing.functions != 1 else ''}"
        parts.append(f"{number} of {missing.names[0]}")
    more = f" and {len(found) - _SHOWN} more libraries" if len(found) > _SHOWN else ""
    return f"declares {' and '.join(parts)}{more} (P/Invoke)"


def _details(found: Sequence[_Missing], **more: Any) -> dict[str, Any]:
    head = found[0]
    files = [file for missing in found for name in missing.names for file in variants(name)]
    return {
        "library": head.wanted,
        "libraries": list(dict.fromkeys([missing.wanted for missing in found] + files)),
        "functions": sum(missing.functions for missing in found),
        "tried": list(head.item.tried[:100]),
        **more,
    }


def _absent(view: TargetView, found: Sequence[_Missing], place: tuple[Subject, str], severity: Severity) -> Fault:
    wanted = [missing.wanted for missing in found]
    fact = f"{_calls(found)}, and nothing provides {', '.join(wanted[:_SHOWN])}{' …' if len(wanted) > _SHOWN else ''}: "
    fact += "DllNotFoundException (Unable to load shared library) once one of them is called"
    system = system_copy(view, found[0].stems)
    if system is not None and "/" not in wanted[0]:
        fact += f"; Lambda has it as {system[system.rfind('/') + 1 :]}"
        fix = "Name that file in DllImport, or add a link under the name that is sought:\n"
        fix += f"mkdir -p lib && ln -s {quote(system)} lib/{quote(wanted[0])}"
    else:
        stems = [stem for missing in found for stem in missing.stems]
        fix = "Add the package that brings it for Linux, and publish for the target:\n"
        fix += f"{publish(view)}\nOr: {for_opened(view, stems, wanted[:_SHOWN])}"
    return Fault(fact, *place, fix, severity, Confidence.LIKELY, _details(found))


def _misplaced(view: TargetView, missing: _Missing, place: tuple[Subject, str], own: bool) -> Fault:
    """The library is in the artifact, but not where or as it is sought."""
    usable = [node for node in missing.same if is_usable(view, node)]
    details = _details([missing], candidates=[node.path for node in usable or missing.same])
    start = f"{_calls([missing])}, "
    severity = _severity(missing, own)
    if not usable:
        first = missing.same[0].path
        fact = f"{start}and the only copy, {first}, cannot be used on {view.environment.architecture}"
        return Fault(fact, *place, f"Publish for the target:\n{publish(view)}", severity, Confidence.LIKELY, details)
    there = usable[0].path
    beside = f"{place[1].rpartition('/')[0]}/" if "/" in place[1] else ""
    fact = f"{start}and {there} is that library, but lies where .NET does not look for {missing.wanted}"
    if missing.item.calls.beside:
        fact += ": the assembly is searched beside, and nowhere else (DllImportSearchPath.AssemblyDirectory)"
    fix = f"Put it beside the assembly, under the name that is sought:\ncp {quote(inside(view, there))} "
    fix += quote(beside + missing.wanted)
    return Fault(fact, *place, fix, severity, Confidence.LIKELY, details)


def _file(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _assembly(path: str) -> str:
    """The name of an assembly, by its file."""
    return _file(path).rpartition(".")[0]
