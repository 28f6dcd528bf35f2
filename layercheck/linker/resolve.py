"""All roots of a deployment, loaded one after the other."""

from __future__ import annotations

from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .model import Load, Resolution
from .musl import MuslLoader
from .roots import LIBRARY, UNUSED, find_roots, own_musl_loader


def resolve(filesystem: Filesystem, library_path: tuple[str, ...] | None = None) -> Resolution:
    """Load every certain root, then every library that none of them reached.

    ``library_path`` replaces the environment's LD_LIBRARY_PATH.
    """
    musl = filesystem.environment.loader.kind == "musl"
    loader = MuslLoader(filesystem, library_path) if musl else GlibcLoader(filesystem, library_path)
    roots = find_roots(filesystem)
    loads: list[Load] = []
    reached: set[str] = set()
    certain: set[str] = set()
    for root in roots:
        if root.kind == LIBRARY:
            continue
        if root.kind == UNUSED:
            # A module for another interpreter never loads here, and what only it needs does not either.
            reached.update([item.real for item in loader.load_program(root.path).objects])
            continue
        certain.add(root.path)
        own = own_musl_loader(filesystem, root.image)
        if root.image.is_static:
            load = Load(root.path, "static")
        elif own is not None and not musl:
            # A program that brings its own loader is prepared by that one.
            load = MuslLoader(filesystem, library_path, path=own).load_program(root.path)
        else:
            load = loader.load_program(root.path)
        loads.append(load)
        reached.update([item.real for item in load.objects])
    # A second copy of what is loaded, such as the link for the linker stored as a file, is no library of its own.
    sonames = {(r.path[: r.path.rfind("/")], r.image.soname) for r in roots if r.path in reached and r.image.soname}
    loads += _unreached(
        {
            r.path: loader.load_program(r.path)
            for r in roots
            if r.kind == LIBRARY
            and r.path not in reached
            and (r.path[: r.path.rfind("/")], r.image.soname) not in sonames
        }
    )
    return Resolution(tuple(loads), frozenset(certain))


def _unreached(loads: dict[str, Load]) -> list[Load]:
    """Of the libraries that no root reached, those that none of the others needs; of a circle, its first."""
    needed = {item.real for load in loads.values() for item in load.objects[1:]}
    kept = [load for path, load in loads.items() if path not in needed]
    seen = {item.real for load in kept for item in load.objects}
    for path, load in loads.items():
        if path not in seen:
            kept.append(load)
            seen.update([item.real for item in load.objects])
    return kept
