"""Libraries that .NET assemblies call (P/Invoke), sought as the runtime would seek them.

For a name without a leading slash the runtime makes up to four file names of it (`variants`), and looks for each in the
directories of the native files that the application's .deps.json lists, then beside the assembly, then gives it to
dlopen, which on Lambda looks into /var/task too (dotnet/runtime, LoadNativeLibraryBySearch in
src/coreclr/vm/nativelibrary.cpp, and src/native/corehost/hostpolicy/deps_resolver.cpp). The word libc stands for the C
library (src/coreclr/pal/src/loader/module.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..artifact import RIDS, DotnetDeps, Facts, NativeCalls
from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .library import Library
from .model import Uncalled

_LANGUAGES = ("dotnet", "provided")
_TASK = "/var/task"
_SUFFIX = ".so"
_C_LIBRARY = "libc"


def variants(name: str) -> tuple[str, ...]:
    """The file names that the runtime tries for a library ``name``, in order."""
    if name.startswith("/"):
        return (name,)
    first = name.find(_SUFFIX)
    complete = first >= 0 and name[first + len(_SUFFIX) :][:1] in ("", ".")
    stems = (name,) if "/" in name else (name, "lib" + name)
    suffixed = tuple([stem + _SUFFIX for stem in stems])
    return (*stems, *suffixed) if complete else (*suffixed, *stems)


def find_uncalled(filesystem: Filesystem, loader: GlibcLoader) -> tuple[Uncalled, ...]:
    """Everything that assemblies of the deployment call in vain."""
    runtime = filesystem.environment.runtime
    if runtime is not None and runtime.language not in _LANGUAGES:
        return ()
    assemblies = [
        (path, facts.calls)
        for path, facts in _facts(filesystem)
        if facts.calls is not None and (facts.calls.imports or facts.calls.damage)
    ]
    if not assemblies:
        return ()
    search = _Search(filesystem, loader)
    return tuple([found for path, calls in assemblies for found in search.uncalled(path, calls)])


def _facts(filesystem: Filesystem) -> Iterator[tuple[str, Facts]]:
    """The facts of the files that are there, by absolute path."""
    for mount in filesystem.overlay.mounts:
        for name, facts in mount.artifact.facts.items():
            if facts.calls is not None or facts.dotnet is not None:
                path = f"{mount.at}/{mount.place(name)}"
                node = filesystem.overlay.nodes.get(path)
                if node is not None and node.facts is facts:
                    yield path, facts


class _Search:
    def __init__(self, filesystem: Filesystem, loader: GlibcLoader) -> None:
        self._loader = loader
        self._roots = {_TASK}
        self._directories: list[str] = []
        self._chosen: set[str] = set()
        self._replaced: set[str] = set()
        rids = RIDS[filesystem.environment.architecture]
        for path, facts in _facts(filesystem):
            if facts.dotnet is not None:
                self._add(path[: path.rfind("/")], facts.dotnet, rids)
        if len(self._roots) == 1 and not self._directories:
            # Without any list the host takes the application's own directory.
            self._directories.append(_TASK)
        self._directories = list(dict.fromkeys(self._directories))
        self._known: dict[tuple[str, str, bool], bool] = {}

    def _add(self, root: str, deps: DotnetDeps, rids: Sequence[str]) -> None:
        """Take in what a .deps.json in ``root`` lists for the target."""
        self._roots.add(root)
        for asset in deps.assets:
            if not asset.rid:
                # Published for one system, everything lies flat.
                self._directories.append(root)
            if asset.rid not in rids:
                continue
            path = f"{root}/{asset.path}"
            if asset.kind == "native":
                self._directories.append(path[: path.rfind("/")])
            else:
                # The file of that name in the root is for all systems that have none of their own.
                self._chosen.add(path)
                self._replaced.add(f"{root}/{path[path.rfind('/') + 1 :]}")

    def uncalled(self, path: str, calls: NativeCalls) -> Iterator[Uncalled]:
        """What the assembly ``path`` calls in vain; nothing where the runtime does not load it by itself."""
        directory = path[: path.rfind("/")]
        if path not in self._chosen and (directory not in self._roots or path in self._replaced):
            return
        if calls.damage is not None:
            yield Uncalled(path, calls, None, ())
        for called in calls.imports:
            if not any(self._finds(name, directory, calls.beside) for name in called.names):
                yield Uncalled(path, calls, called, self._tried(called.names[0], directory, calls.beside))

    def _finds(self, name: str, directory: str, beside: bool) -> bool:
        key = (name, directory, beside)
        if key not in self._known:
            self._known[key] = any(self._is_there(file, directory, beside) for file in variants(name))
        return self._known[key]

    def _is_there(self, file: str, directory: str, beside: bool) -> bool:
        if file == _C_LIBRARY:
            return True
        if not file.startswith("/"):
            for place in (*self._directories, directory):
                if isinstance(self._loader.find(f"{place}/{file}"), Library):
                    return True
            if beside:
                return False
        return isinstance(self._loader.find(file), Library)

    def _tried(self, name: str, directory: str, beside: bool) -> tuple[str, ...]:
        lines: list[str] = []
        for file in variants(name):
            if not file.startswith("/"):
                for place in dict.fromkeys((*self._directories, directory)):
                    lines += self._loader.tried(f"{place}/{file}")
            if file.startswith("/") or not beside:
                lines += self._loader.tried(file)
        return tuple(lines)
