"""Symbols: which of those that the objects of a process want nothing in it supplies.

The rules are those of glibc's ``dl-lookup.c`` and musl's ``find_sym``, checked against recorded runs of both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..elf.symbols import Export, Symbols, Wanted
from ..named_tuple import NamedTuple
from .behaviour import Behaviour
from .model import Load, LoadedObject

NOWHERE, NOT_IN_FILE, ABORTS = "nowhere", "not in its file", "aborts"


class Supplier(NamedTuple):
    """An object of a process with its symbols. ``names``: what it was needed as, and its path."""

    path: str
    symbols: Symbols
    names: frozenset[str] = frozenset()


class Unbound(NamedTuple):
    """A symbol that the file opened as ``required_by`` wants in vain.

    ``why``: nowhere; not in its file (the library that it is bound to lacks it, and older loaders seek no further);
    aborts (that library has it, but no versions at all, on which older loaders give up).
    """

    symbol: Wanted
    required_by: str
    why: str = NOWHERE


class Lacking(NamedTuple):
    """A load that finds all its libraries, and the symbols that it lacks nevertheless."""

    load: Load
    symbols: tuple[Unbound, ...]


def scope_of(load: Load, loader: LoadedObject, *, musl: bool = False) -> tuple[LoadedObject, ...]:
    """The objects in which the symbols of a load are sought, in order.

    ``loader`` is the loader itself, which is among them when something needs it; with musl it is the C library.
    """
    scope = load.scope or load.objects
    if loader.path in [item.path for item in scope]:
        return scope
    needed = any(lookup.path == loader.path for lookup in load.lookups)
    return (*scope, loader) if needed or musl else scope


def names_in(load: Load) -> dict[str, frozenset[str]]:
    """What the objects of a load were needed as, by their paths."""
    names: dict[str, set[str]] = {}
    for lookup in load.lookups:
        if lookup.path is not None:
            names.setdefault(lookup.path, {lookup.path}).add(lookup.name)
    return {path: frozenset(found) for path, found in names.items()}


def unbound(
    scope: Sequence[Supplier], requirers: Collection[str], behaviour: Behaviour | None, *, lazy: bool = False
) -> Iterator[Unbound]:
    """What the objects of ``requirers`` (paths) want and nothing in ``scope`` supplies, in the order of both.

    ``behaviour`` is glibc's; None: musl's rules. ``lazy``: functions that are sought when they are first called do not
    count. Weak symbols never do.
    """
    for requirer in scope:
        if requirer.path not in requirers:
            continue
        for symbol in requirer.symbols.wanted:
            if lazy and symbol.lazy:
                continue
            others = [item for item in scope if item is not requirer] if symbol.copied else scope
            why = _by_name(others, symbol) if behaviour is None else _by_version(others, symbol, behaviour)
            if why is not None and (not symbol.weak or why == ABORTS):
                yield Unbound(symbol, requirer.path, why)


def _by_name(scope: Sequence[Supplier], symbol: Wanted) -> str | None:
    """musl: the first definition of the name that is not hidden."""
    for item in scope:
        for export in item.symbols.defined.get(symbol.name, ()):
            if not export.hidden:
                return None
    return NOWHERE


def _by_version(scope: Sequence[Supplier], symbol: Wanted, behaviour: Behaviour) -> str | None:
    for item in scope:
        symbols = item.symbols
        exports = symbols.defined.get(symbol.name)
        is_its_file = symbol.version is not None and symbol.file in item.names
        if exports is not None:
            if symbol.version is not None and not symbols.versioned:
                return ABORTS if is_its_file and behaviour.unversioned_supply_aborts else None
            if _serves(exports, symbol.version, symbols.oldest):
                return None
        if is_its_file and behaviour.symbol_must_be_in_its_file:
            return NOT_IN_FILE
    return NOWHERE


def _serves(exports: tuple[Export, ...], version: str | None, oldest: str | None) -> bool:
    """Whether one of the definitions of a name is what is sought (``check_match``)."""
    if version is not None:
        return any(export.version == version or (export.version is None and not export.hidden) for export in exports)
    if any(export.version is None or export.version == oldest for export in exports):
        return True
    # Without a version only what is not ambiguous will do.
    return sum([not export.hidden for export in exports]) == 1
