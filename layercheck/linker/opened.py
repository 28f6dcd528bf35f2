"""Names that code opens while it runs, sought as the interpreter's process would seek them.

dlopen(name) looks for a path where the name has a slash, else through LD_LIBRARY_PATH, /etc/ld.so.cache and the default
directories; paths inside the calling extension (_ctypes, _cffi_backend) are not set in any build of the runtimes.

ctypes.util.find_library (Lib/ctypes/util.py) asks /sbin/ldconfig -p, then gcc, then ld with LD_LIBRARY_PATH, and needs
objdump to read what the latter two find. What it finds of the system itself is taken for found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..artifact import Facts
from ..artifact.printable import is_printable
from ..environment.model import Environment
from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .library import Library
from .model import Load, Unopened
from .roots import PYTHON_SITES


def find_unopened(filesystem: Filesystem, loader: GlibcLoader, loads: Sequence[Load]) -> tuple[Unopened, ...]:
    """Everything that code of the deployment opens in vain. ``loads``: what is sure to be loaded."""
    search: _Search | None = None
    found = []
    tried: dict[str, tuple[str, ...]] = {"": ()}
    for path, facts in _opening(filesystem):
        if search is None:
            search = _Search(filesystem, loader, loads)
        for opened in facts.opens or ():
            # Each name is compared with a few hundred of the system's.
            loader.work.spend(10 * (len(opened.names) + len(opened.sought)))
            if any(search.opens(name) for name in opened.names) or any(search.finds(name) for name in opened.sought):
                continue
            first = opened.names[0] if opened.names else ""
            if first not in tried:
                tried[first] = loader.tried(first)
            unseen = tuple([path for name in opened.sought for path in search.unseen(name)])
            found.append(Unopened(path, opened, tried[first], unseen))
    return tuple(found)


def opening(filesystem: Filesystem) -> list[str]:
    """The absolute paths of files that open libraries by name."""
    return [path for path, _ in _opening(filesystem)]


def _opening(filesystem: Filesystem) -> Iterator[tuple[str, Facts]]:
    """The files that open something, and that the environment's interpreter reads."""
    environment = filesystem.environment
    python = environment.runtime is None or environment.runtime.language == "python"
    for mount in filesystem.overlay.mounts:
        for name, facts in mount.artifact.facts.items():
            if not facts.opens:
                continue
            path = f"{mount.at}/{mount.place(name)}"
            node = filesystem.overlay.nodes.get(path)
            if node is None or node.facts is not facts:
                continue
            if facts.opens[0].config or (python and _is_importable(path, environment)):
                yield path, facts


def _is_importable(path: str, environment: Environment) -> bool:
    """Whether an import statement can reach the module."""
    known = environment.runtime.sys_path if environment.runtime is not None else ()
    roots = [root for root in (*known, *PYTHON_SITES) if path.startswith(root + "/")]
    if not roots:
        return False
    inner = path[len(max(roots, key=len)) + 1 :].removesuffix(".py")
    return is_printable(inner) and all(part.isidentifier() for part in inner.split("/"))


class _Search:
    def __init__(self, filesystem: Filesystem, loader: GlibcLoader, loads: Sequence[Load]) -> None:
        environment = filesystem.environment
        self._loader = loader
        # A library that is loaded answers to its name, wherever it lies.
        self._loaded = {lookup.name for load in loads for lookup in load.lookups if lookup.path is not None}
        self._loaded |= {item.path[item.path.rfind("/") + 1 :] for load in loads for item in load.objects}
        self._system = set(environment.loader.cache)
        for directory in environment.loader.default_directories:
            self._system.update(filesystem.listdir(directory))
        tools = {program[program.rfind("/") + 1 :] for program in environment.programs}
        self._has_linker = "objdump" in tools and not tools.isdisjoint(("ld", "gcc", "cc"))
        self._artifact = filesystem.overlay

    def opens(self, name: str) -> bool:
        """Whether dlopen(name) finds a usable library."""
        return name in self._loaded or isinstance(self._loader.find(name), Library)

    def finds(self, name: str) -> bool:
        """Whether find_library(name) does."""
        start = f"lib{name}."
        if any(known.startswith(start) for known in self._system):
            return True
        return self._has_linker and self.opens(f"lib{name}.so")

    def unseen(self, name: str) -> list[str]:
        """Files that dlopen would find under their own names, and that are the library called ``name``."""
        self._loader.work.spend(len(self._artifact.nodes) >> 4)
        start = f"lib{name}.so"
        files = [path for path in self._artifact.nodes if path[path.rfind("/") + 1 :].startswith(start)]
        return sorted({path for path in files if self.opens(path[path.rfind("/") + 1 :])})
