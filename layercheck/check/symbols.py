"""Undefined symbols (LC406): where all the objects of a process can be known, what they want and nothing supplies.

Of the environment's files the symbols are known when they were captured with them; the artifact's own are read again,
and only when everything else of that process is known.
"""

from __future__ import annotations

from ..elf import ElfImage
from ..filesystem import Filesystem, Hit
from ..linker import Load, LoadedObject, Resolution
from ..linker.behaviour import behaviour_of
from ..linker.roots import own_musl_loader
from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..elf.symbols import Symbols
    from ..linker.symbols import Lacking

MAX_FILE = 64 << 20
"""Bytes of one file that is read again for its symbols."""
MAX_TOTAL = 512 << 20
"""Bytes read again in one run."""


class SymbolReader:
    """The symbols of files, each read at most once in a run."""

    def __init__(self) -> None:
        self._left = MAX_TOTAL
        # The artifact is kept in the value: its id stays its own for as long as the key is there.
        self._known: dict[tuple[int, str], tuple[object, Symbols | None]] = {}

    def read(self, filesystem: Filesystem, real: str) -> Symbols | None:
        """The symbols of the file at a real path; None when they are not known."""
        hit = filesystem.lookup(real)
        if not isinstance(hit, Hit):
            return None
        node = hit.node
        owner: object = filesystem.overlay.mounts[node.mount].artifact if node.mount >= 0 else filesystem.environment
        key = (id(owner), hit.real)
        if key not in self._known:
            read = self._again if node.mount >= 0 else self._captured
            self._known[key] = (owner, read(filesystem, hit))
        return self._known[key][1]

    def _captured(self, filesystem: Filesystem, hit: Hit) -> Symbols | None:
        from ..environment.captured import symbols_of

        return symbols_of(filesystem.environment, hit.real)

    def _again(self, filesystem: Filesystem, hit: Hit) -> Symbols | None:
        from ..elf.symbols import read_symbols

        node = hit.node
        if node.entry is None or node.entry.size > min(MAX_FILE, self._left):
            return None
        self._left -= node.entry.size
        return read_symbols(filesystem.overlay.mounts[node.mount].artifact.read(node.entry, MAX_FILE))


class Undefined(NamedTuple):
    """The loads that lack symbols; and (root, file) of those not judged because that file of the artifact could not be
    read for its symbols."""

    lacking: tuple[Lacking, ...]
    unread: tuple[tuple[str, str], ...]


def undefined_symbols(filesystem: Filesystem, resolution: Resolution, reader: SymbolReader) -> Undefined:
    """Judge every load of which all objects can be known."""
    lacking: list[Lacking] = []
    unread: list[tuple[str, str]] = []
    for load in resolution.loads:
        image = _decidable(filesystem, resolution, load)
        if image is None:
            continue
        own = own_musl_loader(filesystem, image)
        musl = own is not None or filesystem.environment.loader.kind == "musl"
        scope = _scope(filesystem, load, image, own, musl=musl)
        if scope is None:
            continue
        found = _judge(filesystem, load, scope, reader, musl=musl)
        if isinstance(found, str):
            unread.append((load.path, found))
        elif found is not None:
            lacking.append(found)
    return Undefined(tuple(lacking), tuple(unread))


def _decidable(filesystem: Filesystem, resolution: Resolution, load: Load) -> ElfImage | None:
    """The image of a root that surely is opened, and of which it is known in what process: a program, or a module that
    was opened into its interpreter."""
    if load.status not in ("loads", "unverified") or load.path not in resolution.certain:
        return None
    node = filesystem.overlay.nodes.get(load.path)
    image = node.facts.elf if node is not None and node.facts is not None else None
    if not isinstance(image, ElfImage) or (load.program is None and not image.is_program):
        return None
    return image


def _scope(
    filesystem: Filesystem, load: Load, image: ElfImage, own: str | None, *, musl: bool
) -> tuple[LoadedObject, ...] | None:
    """The objects of the process, if the symbols of all those that the environment provides are at hand."""
    from ..linker.symbols import scope_of

    environment = filesystem.environment
    path = own or environment.loader.path
    # The process runs under the loader that the program names, whatever the environment's is called.
    named = filesystem.lookup(image.interp) if load.program is None and image.interp else None
    hit = named if isinstance(named, Hit) and named.node.mount >= 0 else filesystem.lookup(path)
    real = hit.real if isinstance(hit, Hit) else path
    scope = scope_of(load, LoadedObject(path, real, "environment", None), musl=musl)
    for item in scope:
        there = filesystem.lookup(item.real)
        if not isinstance(there, Hit) or (there.node.mount < 0 and there.real not in environment.symbols):
            return None
    return scope


def _judge(
    filesystem: Filesystem, load: Load, scope: tuple[LoadedObject, ...], reader: SymbolReader, *, musl: bool
) -> Lacking | str | None:
    """What the load lacks; the path of a file of the artifact whose symbols cannot be read; None when all is well."""
    from ..linker.symbols import Lacking, Supplier, names_in, unbound

    names = names_in(load)
    suppliers = []
    for item in scope:
        symbols = reader.read(filesystem, item.real)
        if symbols is None:
            return item.path if item.origin == "artifact" else None
        suppliers.append(Supplier(item.path, symbols, names.get(item.path, frozenset())))
    environment = filesystem.environment
    behaviour = None if musl else behaviour_of(environment.loader, environment.architecture, "")
    # What the environment's own libraries need is met, unless they got it from the artifact.
    concerned = {lookup.required_by for lookup in load.lookups if lookup.origin == "artifact"}
    concerned |= {item.path for item in load.objects if item.origin == "artifact"}
    concerned &= {item.path for item in load.objects}
    found = tuple(unbound(suppliers, concerned, behaviour))
    return Lacking(load, found) if found else None
