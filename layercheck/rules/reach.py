"""Which modules importing others comes to, over all artifacts of a deployment, and by which way.

First by the lines that look like imports, which is quick; a way that matters is then proven by the syntax trees.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ..artifact.python_facts import IMPORT, MISSING
from ..artifact.python_reader import absolute
from ..filesystem import OPT, TASK
from ..named_tuple import NamedTuple
from .base import TargetView
from .modules import NAMESPACE, SOURCE, Module, Modules

MAX_MODULES = 4_000
_MAX_TRIES = 25
_NOT_IMPORTED = frozenset(("setup", "conftest", "test", "tests", "_distutils_hack", "bin"))
_NAMESPACES_DEEP = 3


def version_of(view: TargetView) -> tuple[int, int] | None:
    """(3, 12) for python3.12; None for other languages."""
    digits = view.runtime.identifier.removeprefix("python").split(".")
    if view.runtime.language != "python" or len(digits) != 2 or not all(map(str.isdigit, digits)):
        return None
    return int(digits[0]), int(digits[1])


class Chain(NamedTuple):
    """The modules from the one that is imported first to ``module``. ``certain``: each import was proven."""

    module: Module
    names: tuple[str, ...]
    certain: bool


def roots_of(view: TargetView, finder: Modules, suspects: Sequence[str]) -> list[str]:
    """What may be imported first where no handler tells: every module at the top of a directory on the path.

    Those that hold one of the ``suspects`` come first.
    """
    found: dict[str, None] = {}
    for place in finder.places:
        if place.startswith((TASK, OPT)):
            for name in view.filesystem.listdir(place):
                _add_root(view, finder, found, name.partition(".")[0], 0)
    tops = [name for name in found if any(f"/{name.replace('.', '/')}" in path for path in suspects)]
    return list(dict.fromkeys([*tops, *found]))


def _add_root(view: TargetView, finder: Modules, found: dict[str, None], name: str, depth: int) -> None:
    if not name.rpartition(".")[2].isidentifier() or name in _NOT_IMPORTED:
        return
    module = finder.find(name)
    if module is None:
        return
    if module.kind != NAMESPACE:
        found[name] = None
    elif depth < _NAMESPACES_DEEP:
        for directory in module.directories:
            for child in view.filesystem.listdir(directory):
                _add_root(view, finder, found, f"{name}.{child.partition('.')[0]}", depth + 1)


class Reach:
    """Follows imports for one target."""

    def __init__(self, view: TargetView, finder: Modules, version: tuple[int, int]) -> None:
        self._view = view
        self._finder = finder
        self._version = version
        self._cut: set[tuple[str, str]] = set()
        self.gave_up = False

    def chains(self, roots: Sequence[str], wanted: frozenset[str]) -> Iterator[Chain]:
        """The modules among ``wanted`` (absolute paths) that importing ``roots`` comes to, each once."""
        told: set[str] = set()
        for _ in range(_MAX_TRIES):
            came = self._walk(roots, wanted - told)
            before = len(self._cut)
            for module, names in came:
                certain = self._prove(names)
                if certain is not None:
                    told.add(module.path)
                    yield Chain(module, tuple(names), certain)
            if len(self._cut) == before:
                return

    def _walk(self, roots: Sequence[str], wanted: frozenset[str]) -> list[tuple[Module, list[str]]]:
        came: dict[str, str | None] = {}
        reached: list[tuple[Module, list[str]]] = []
        left = set(wanted)
        for root in roots:
            pending: deque[str] = deque()
            self._enter(root, None, came, pending)
            while pending and left and len(came) < MAX_MODULES:
                name = pending.popleft()
                module = self._finder.find(name)
                if module is None or module.kind != SOURCE:
                    continue
                if module.path in left:
                    left.discard(module.path)
                    reached.append((module, _way(came, name)))
                for target in self._targets(module):
                    if (name, target) not in self._cut:
                        self._enter(target, name, came, pending)
        return reached

    def _enter(self, name: str, by: str | None, came: dict[str, str | None], pending: deque[str]) -> None:
        """A module and all packages around it, which are imported before it."""
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            part = ".".join(parts[:end])
            if part not in came:
                if self._finder.find(part) is None:
                    return
                came[part] = by
                pending.append(part)

    def _targets(self, module: Module) -> Iterator[str]:
        node = module.node
        if node is None or node.entry is None or node.mount < 0:
            return
        skim = self._view.subject_of(node.mount).python.skim(node.entry.path)
        if skim is None:
            self.gave_up = True
            return
        package = module.name if module.package else module.name.rpartition(".")[0]
        for written, names in skim.imports:
            yield from self._meant(absolute(written, package), names)

    def _meant(self, base: str | None, names: Iterable[str]) -> Iterator[str]:
        if base is None:
            return
        if base:
            yield base
        for name in names:
            if name != "*" and name.isidentifier():
                target = f"{base}.{name}" if base else name
                if self._finder.find(target) is not None:
                    yield target

    def _prove(self, names: Sequence[str]) -> bool | None:
        """Whether each import of a way surely happens; None where one does not, which is then cut."""
        certain = True
        for importer, imported in pairwise(names):
            happens = self._imports(importer, imported)
            if happens is None:
                certain = False
            elif not happens:
                self._cut.add((importer, imported))
                self._cut.update((importer, target) for target in self._below(importer, imported))
                return None
        return certain

    def _below(self, importer: str, imported: str) -> Iterator[str]:
        """What the importer imports of the same package: the guard is around that, too, or it is proven next."""
        module = self._finder.find(importer)
        for target in self._targets(module) if module is not None else ():
            if target.startswith(imported + ".") and not self._imports(importer, target):
                yield target

    def _imports(self, importer: str, imported: str) -> bool | None:
        module = self._finder.find(importer)
        node = module.node if module is not None else None
        if module is None or node is None or node.entry is None:
            return None
        code = self._view.subject_of(node.mount).python.code(node.entry.path)
        if code is None:
            return None
        package = module.name if module.package else module.name.rpartition(".")[0]
        for item in code.imports:
            if not item.where.runs(self._version) or item.where.catches & {IMPORT, MISSING}:
                continue
            for target in self._meant(absolute(item.module, package), item.names):
                if target == imported or target.startswith(imported + "."):
                    return True
        return False


def _way(came: dict[str, str | None], name: str) -> list[str]:
    way = [name]
    while (by := came[way[-1]]) is not None and len(way) < MAX_MODULES:
        way.append(by)
    return way[::-1]
