"""All roots of a deployment, loaded one after the other."""

from __future__ import annotations

from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .hosts import Hosts
from .model import Load, Resolution, Uncalled, Unopened
from .native_calls import find_uncalled
from .opened import find_unopened
from .roots import LIBRARY, PYTHON_PLACES, UNUSED, Root, find_roots


def resolve(filesystem: Filesystem, library_path: tuple[str, ...] | None = None) -> Resolution:
    """Load every certain root, then every library that none of them reached.

    ``library_path`` replaces the environment's LD_LIBRARY_PATH.
    """
    hosts = Hosts(filesystem, library_path)
    roots = find_roots(filesystem)
    loads: list[Load] = []
    reached: set[str] = set()
    certain: set[str] = set()
    for root in roots:
        if root.kind == LIBRARY:
            continue
        if root.kind == UNUSED:
            # A module for another interpreter never loads here, and what only it needs does not either.
            reached.update([item.real for item in hosts.load(root).objects])
            continue
        certain.add(root.path)
        load = hosts.load(root)
        loads.append(load)
        reached.update([item.real for item in load.objects])
    # A second copy of what is loaded, such as the link for the linker stored as a file, is no library of its own.
    sonames = {(_directory(r.path), r.image.soname) for r in roots if r.path in reached and r.image.soname}
    pending = [
        root
        for root in roots
        if root.kind == LIBRARY
        and root.path not in reached
        and (_directory(root.path), root.image.soname) not in sonames
    ]
    certain.update(_opened_by_code(roots, filesystem))
    unopened: tuple[Unopened, ...] = ()
    uncalled: tuple[Uncalled, ...] = ()
    if isinstance(hosts.loader, GlibcLoader):
        unopened = find_unopened(filesystem, hosts.loader, loads)
        uncalled = find_uncalled(filesystem, hosts.loader)
    loads += _unreached(pending, hosts)
    return Resolution(tuple(loads), frozenset(certain), unopened, uncalled)


def _opened_by_code(roots: list[Root], filesystem: Filesystem) -> list[str]:
    """Libraries that are all the native code of their Python package: it can only be there to be opened with ctypes."""
    runtime = filesystem.environment.runtime
    if runtime is not None and runtime.language != "python":
        return []
    packages: dict[str, list[Root]] = {}
    for root in roots:
        for place in PYTHON_PLACES:
            if root.path.startswith(place):
                rest = root.path[len(place) :].partition("site-packages/")
                top = (rest[2] or rest[0]).partition("/")[0]
                package = root.path[: root.path.index(top, len(place)) + len(top)]
                if f"{package}/__init__.py" in filesystem.overlay.nodes:
                    packages.setdefault(place + top, []).append(root)
    return [found[0].path for found in packages.values() if len(found) == 1 and found[0].kind == LIBRARY]


def _unreached(pending: list[Root], hosts: Hosts) -> list[Load]:
    """Of the libraries that no root reached, those that none of the others needs; of a circle, its first.

    Which needs which is told by names first: loading each of 1,000 libraries in a chain would load half a million.
    """
    named: dict[str, set[str]] = {}
    for root in pending:
        for name in (root.path[root.path.rfind("/") + 1 :], root.image.soname):
            if name:
                named.setdefault(name, set()).add(root.path)
    needed: set[str] = set()
    for root in pending:
        for name in root.image.needed:
            needed |= named.get(name[name.rfind("/") + 1 :], set()) - {root.path}
    loads: list[Load] = []
    seen: set[str] = set()
    for root in sorted(pending, key=lambda root: (root.path in needed, root.path)):
        if root.path not in seen:
            load = hosts.load(root)
            loads.append(load)
            seen.update([item.real for item in load.objects])
    return loads


def _directory(path: str) -> str:
    return path[: path.rfind("/")]
