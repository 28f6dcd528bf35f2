"""Where Python finds a module in a deployment: the directories of sys.path, and what of them answers to a name."""

from __future__ import annotations

from ..filesystem import TASK, Hit, Node
from ..named_tuple import NamedTuple
from .base import TargetView
from .installed import search_path

SOURCE, BYTECODE, EXTENSION, NAMESPACE, BUILTIN = "source", "bytecode", "extension", "namespace", "runtime"


class Module(NamedTuple):
    """What an import finds. ``path`` is absolute; ``package``: modules may lie below it, in ``directories``."""

    name: str
    kind: str
    path: str
    package: bool
    directories: tuple[str, ...]
    node: Node | None


class Modules:
    """Finds modules for one target; each name is sought once."""

    def __init__(self, view: TargetView) -> None:
        self._filesystem = view.filesystem
        self._suffixes = view.runtime.extension_suffixes.get(view.environment.architecture, ())
        self._known: dict[str, Module | None] = {}
        self.places = search_path(view) or (TASK,)

    def find(self, name: str) -> Module | None:
        """The module of a dotted ``name`` in the artifacts; None where no import finds it there.

        As importlib's finders do: in each directory a package first, then an extension, a source, bytecode; a
        directory without ``__init__`` counts only if no directory further on has the module.
        """
        if name not in self._known:
            above, _, last = name.rpartition(".")
            directories: tuple[str, ...] = self.places
            if above:
                parent = self.find(above) if above.count(".") < _DEEPEST else None
                directories = parent.directories if parent is not None else ()
            self._known[name] = self._in(name, last, directories) if last else None
        return self._known[name]

    def _in(self, name: str, last: str, directories: tuple[str, ...]) -> Module | None:
        portions = []
        for directory in directories:
            base = f"{directory}/{last}"
            if self._is_directory(base):
                found = self._file(name, f"{base}/__init__", (base,))
                if found is not None:
                    return found
                portions.append(base)
            found = self._file(name, base, ())
            if found is not None:
                return found
        return Module(name, NAMESPACE, portions[0], True, tuple(portions), None) if portions else None

    def _file(self, name: str, base: str, directories: tuple[str, ...]) -> Module | None:
        for suffix, kind in [*[(s, EXTENSION) for s in self._suffixes], (".py", SOURCE), (".pyc", BYTECODE)]:
            hit = self._filesystem.lookup(base + suffix)
            if isinstance(hit, Hit) and not hit.node.is_directory:
                return Module(name, kind, base + suffix, bool(directories), directories, hit.node)
        return None

    def _is_directory(self, path: str) -> bool:
        hit = self._filesystem.lookup(path)
        return isinstance(hit, Hit) and hit.node.is_directory


_DEEPEST = 30
"""Dots in a name; no real module has as many."""
