"""All roots of a deployment, loaded one after the other."""

from __future__ import annotations

from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .hosts import Hosts
from .model import Load, Resolution, Uncalled, Unopened
from .native_calls import find_uncalled
from .opened import find_unopened, opening
from .roots import LIBRARY, PYTHON_PLACES, UNUSED, Root, find_roots
from .work import TooMuch, Work


def resolve(
    filesystem: Filesystem, library_path: tuple[str, ...] | None = None, work: Work | None = None
) -> Resolution:
    """Load every certain root, then every library that none of them reached.

    ``library_path`` replaces the environment's LD_LIBRARY_PATH. When ``work`` is done, the rest is ``unlinked``.
    """
    hosts = Hosts(filesystem, library_path, work)
    unlinked: list[str] = []
    roots = find_roots(filesystem)
    loads: list[Load] = []
    reached: set[str] = set()
    certain: set[str] = set()
    for root in roots:
        if root.kind == LIBRARY:
            continue
        if root.kind == UNUSED:
            # A module for another interpreter never loads here, and what only it needs does not either.
            unused = _load(hosts, root, unlinked)
            reached.update([item.real for item in unused.objects] if unused is not None else ())
            continue
        certain.add(root.path)
        load = _load(hosts, root, unlinked)
        if load is None:
            continue
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
        try:
            unopened = find_unopened(filesystem, hosts.loader, loads)
            uncalled = find_uncalled(filesystem, hosts.loader)
        except TooMuch:
            unlinked += opening(filesystem)
    loads += _unreached(pending, hosts, unlinked)
    return Resolution(tuple(loads), frozenset(certain), unopened, uncalled, tuple(unlinked))


def _load(hosts: Hosts, root: Root, unlinked: list[str]) -> Load | None:
    try:
        return hosts.load(root)
    except TooMuch:
        unlinked.append(root.path)
        return None


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


def _unreached(pending: list[Root], hosts: Hosts, unlinked: list[str]) -> list[Load]:
    """Of the libraries that no root reached, those that none of the others needs; of a circle, its first.

    Which needs which is told by names first: loading each of 1,000 libraries in a chain would load half a million.
    """
    named: dict[str, set[str]] = {}
    for root in pending:
        for name in (root.path[root.path.rfind("/") + 1 :], root.image.soname):
            if name:
                named.setdefault(name, set()).add(root.path)
    # Who needs a name: one root, or ("") several.
    needing: dict[str, str] = {}
    for root in pending:
        for name in root.image.needed:
            name = name[name.rfind("/") + 1 :]
            needing[name] = root.path if needing.get(name, root.path) == root.path else ""
    needed = {path for name, by in needing.items() for path in named.get(name, ()) if path != by}
    loads: list[Load] = []
    seen: set[str] = set()
    for root in sorted(pending, key=lambda root: (root.path in needed, root.path)):
        if root.path not in seen:
            load = _load(hosts, root, unlinked)
            if load is None:
                continue
            loads.append(load)
            seen.update([item.real for item in load.objects])
    return loads


def _directory(path: str) -> str:
    return path[: path.rfind("/")]
