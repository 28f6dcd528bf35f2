"""LC406: symbols that nothing in the process defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..finding import Severity
from ..linker import Load
from ..named_tuple import TYPE_CHECKING
from .advice import does_without, for_symbols, reinstall
from .alternatives import family
from .base import Fault, Subject, TargetView, rule
from .linking import place_of

if TYPE_CHECKING:
    from typing import Any

    from ..linker.symbols import Unbound

_TOLD = 4
_LISTED = 200
_WHY = {
    "nowhere": "which nothing in its process defines: undefined symbol",
    "not in its file": "which the library that it was linked with does not define here, and this glibc seeks no "
    "further: not defined in file with link time reference",
    "aborts": "whose library has no symbol versions here, on which this glibc gives up: the process is aborted",
}


@rule(
    "LC406",
    "undefined-symbol",
    Severity.WARNING,
    "target",
    what="A file uses a function or variable that neither it nor anything else in its process defines.",
    why="'undefined symbol: PyUnicode_…'. The libraries are all there, but one of them is another release than the "
    "file was built with, or the file was not linked with the one it needs. Told only where every object of the "
    "process is known with its symbols, the program or interpreter included: from an environment captured with "
    "--symbols, or because the artifact brings everything itself.",
    fix="Use a build for the target's runtime, or link the file with the library that defines the symbol.",
    example="_x.cpython-312-x86_64-linux-gnu.so uses fmod and was not linked with libm",
    sources=(
        "man 8 ld.so",
        "glibc, elf/dl-lookup.c",
        "https://wiki.musl-libc.org/functional-differences-from-glibc.html",
    ),
)
def UNDEFINED_SYMBOL(view: TargetView) -> Iterator[Fault]:
    if not view.undefined:
        return
    lacking = {item.load.path for item in view.undefined}
    fine = {family(load.path) for load in view.resolution.loads if load.status == "loads" and load.path not in lacking}
    groups: dict[str, tuple[list[Load], list[Unbound]]] = {}
    for item in view.undefined:
        if family(item.load.path) in fine:
            continue
        for symbol in item.symbols:
            loads, symbols = groups.setdefault(symbol.required_by, ([], []))
            if item.load not in loads:
                loads.append(item.load)
            if symbol not in symbols:
                symbols.append(symbol)
    for requirer, (loads, symbols) in groups.items():
        load = next((load for load in loads if load.path == requirer), loads[0])
        place = place_of(view, load.path)
        if place is not None:
            yield _fault(view, place, load, loads, requirer, symbols)


def _fault(
    view: TargetView, place: tuple[Subject, str], load: Load, loads: list[Load], requirer: str, symbols: list[Unbound]
) -> Fault:
    # The gravest first: what ends the process at once, then what fails only once it is called.
    symbols = sorted(symbols, key=lambda item: (item.why == "nowhere", item.symbol.lazy, item.symbol.name))
    same = [item for item in symbols if item.why == symbols[0].why]
    through = "" if load.path == requirer else f" (through {requirer})"
    details: dict[str, Any] = {
        "required_by": requirer,
        "chain": list(load.chain(requirer)),
        "program": load.program or load.path,
        "symbols": [
            {"name": s.symbol.name, "version": s.symbol.version, "library": s.symbol.file, "why": s.why}
            for s in symbols[:_LISTED]
        ],
    }
    if len(loads) > 1:
        details["roots"] = sorted(item.path for item in loads)
    later = load.program is None and all(item.symbol.lazy for item in symbols)
    fact = f"uses {_names(same)}, {_WHY[symbols[0].why]}{through}"
    if later:
        fact += "; it starts, and fails when that is called"
    else:
        fact += does_without(*place, missing=False)
    return Fault(fact, place[0], place[1], _fix(view, requirer, symbols), details=details)


def _names(symbols: Sequence[Unbound]) -> str:
    named = [
        item.symbol.name if item.symbol.version is None else f"{item.symbol.name}@{item.symbol.version}"
        for item in symbols
    ]
    more = f" and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
    return ", ".join(named[:_TOLD]) + more


def _fix(view: TargetView, requirer: str, symbols: Sequence[Unbound]) -> str:
    text = for_symbols([(item.symbol.name, item.symbol.version) for item in symbols])
    if text is None:
        files = sorted({item.symbol.file for item in symbols if item.symbol.file})
        library = ", ".join(files) if files else "the library that defines it"
        text = f"Link the file with {library}, in the release that it was built with, or use another build of it."
    place = place_of(view, requirer)
    command = reinstall(view, *place) if place is not None else None
    return text if command is None else f"{text}\n{command}"


RULES = (UNDEFINED_SYMBOL,)
