"""LC403: libraries of the artifact that never load."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from ..elf import ElfImage
from ..filesystem import Hit
from ..finding import Severity
from ..linker import expand, split_path
from .base import Fault, TargetView, quote, rule
from .linking import LOADER, SEARCH, inside, is_usable


@rule(
    "LC403",
    "shadowed-library",
    Severity.WARNING,
    "target",
    what="A library of the artifact that never loads, because another copy of its name comes first in the search.",
    why="/opt/lib is the last directory of LD_LIBRARY_PATH: the runtime's and the system's copies win, and DT_RUNPATH "
    "loses to all of them. Only DT_RPATH comes first.",
    fix="Leave it out when the system's copy serves; else give the library another soname, or its users a DT_RPATH.",
    example="lib/libstdc++.so.6 of a layer: /lib64/libstdc++.so.6 is used",
    sources=(LOADER, SEARCH),
)
def SHADOWED_LIBRARY(view: TargetView) -> Iterator[Fault]:
    nodes = view.filesystem.overlay.nodes
    names = {path[path.rfind("/") + 1 :] for path in nodes if ".so" in path}
    used: set[str] = set()
    answers: dict[tuple[str, str], str] = {}
    failing: set[str] = set()
    for load in view.resolution.loads:
        # A library that was judged by itself only because nothing loads it is not used by that.
        mine = load.objects if load.path in view.resolution.certain else load.objects[1:]
        used.update([item.real for item in mine])
        failing.update([fact.library for fact in load.missing_versions])
        for lookup in load.lookups:
            if lookup.path is not None and lookup.name in names:
                answers.setdefault((lookup.name, lookup.required_by), lookup.path)
    told: set[str] = set()
    searched: dict[str, list[str]] = {}
    for (name, requirer), path in sorted(answers.items()):
        if requirer not in searched:
            searched[requirer] = _searched_by(view, requirer)
        for directory in searched[requirer]:
            own = nodes.get(f"{directory}/{name}")
            if own is None or own.path in used or own.path in told or own.entry is None or not is_usable(view, own):
                continue
            told.add(own.path)
            broken = name in failing
            yield Fault(
                f"never loads: {path} comes first for the name {name}"
                + (" and lacks a version that is needed" if broken else " and meets every need"),
                view.subject_of(own.mount),
                own.entry.path,
                f"Give its users a DT_RPATH, which comes first:\n"
                f"patchelf --force-rpath --set-rpath '$ORIGIN' {quote(inside(view, requirer))}"
                if broken
                else "Leave it out.",
                None if broken else Severity.INFO,
                details={"library": name, "used": path, "required_by": requirer},
            )


def _searched_by(view: TargetView, requirer: str) -> list[str]:
    """The directories of artifacts in which a library for ``requirer`` would be sought, as real paths."""
    hit = view.filesystem.lookup(requirer)
    image = hit.node.facts.elf if isinstance(hit, Hit) and hit.node.facts is not None else None
    own = requirer[: requirer.rfind("/")]
    found = ["/opt/lib", "/var/task/lib", "/var/task", own]
    if isinstance(image, ElfImage):
        for text in split_path(image.runpath):
            found.append(expand(text, own, view.environment.loader.lib, ""))
    return list(dict.fromkeys(normpath(directory) for directory in found))


RULES = (SHADOWED_LIBRARY,)
