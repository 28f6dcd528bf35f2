"""LC401 to LC405: what the dynamic loader finds, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath
from typing import Any

from ..elf import ElfImage
from ..environment import runtimes
from ..filesystem import Hit, Node
from ..finding import Severity
from ..linker import Load, Lookup, MissingVersion, expand, split_path
from .advice import for_library, for_version
from .base import Fault, Subject, TargetView, quote, rule

_LOADER = "man 8 ld.so"
_SEARCH = "AWS Lambda developer guide, environment variables: LD_LIBRARY_PATH"


def _place(view: TargetView, path: str) -> tuple[Subject, str] | None:
    """The artifact that holds an absolute path, and the path inside it."""
    hit = view.filesystem.lookup(path)
    if not isinstance(hit, Hit) or hit.node.entry is None:
        return None
    return view.subject_of(hit.node.mount), hit.node.entry.path


def _blamed(view: TargetView, load: Load, requirer: str) -> tuple[Subject, str] | None:
    """The file that a finding names: the root (DESIGN: roots are judged)."""
    return _place(view, load.path) or _place(view, requirer)


class _Group:
    """The same lookup failing for the same requirer, met in one or many roots."""

    def __init__(self, load: Load, lookup: Lookup) -> None:
        self.lookup = lookup
        self.roots = [load]


def _missing(view: TargetView) -> list[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for load in view.resolution.loads:
        for lookup in load.missing:
            key = (lookup.required_by, lookup.name)
            if key in groups:
                groups[key].roots.append(load)
            else:
                groups[key] = _Group(load, lookup)
    # A root that lacks a library lacks it once, however many of its libraries ask for it.
    told: set[tuple[str, str]] = set()
    kept = []
    for group in groups.values():
        lacking = {(root.path, group.lookup.name) for root in group.roots}
        if not lacking <= told:
            kept.append(group)
        told |= lacking
    return kept


def _named(view: TargetView, name: str) -> list[Node]:
    """Files of the artifacts that could be the library ``name``."""
    return view.filesystem.overlay.libraries(name)


def _fault(
    view: TargetView, group: _Group, fact: str, fix: str | None, extra: dict[str, Any] | None = None
) -> Fault | None:
    """One finding for a group of roots; roots that nothing surely opens make it a warning."""
    certain = [load for load in group.roots if load.path in view.resolution.certain]
    load = (certain or group.roots)[0]
    own = next((root for root in group.roots if root.path == group.lookup.required_by), None)
    if own is not None and (own in certain or not certain):
        load = own
    place = _blamed(view, load, group.lookup.required_by)
    if place is None:
        return None
    chain = list(load.chain(group.lookup.required_by))
    details = {
        "library": group.lookup.name,
        "required_by": group.lookup.required_by,
        "chain": chain,
        "tried": list(group.lookup.tried),
        **(extra or {}),
    }
    if len(group.roots) > 1:
        details["roots"] = sorted(root.path for root in group.roots)
    through = "" if load.path == group.lookup.required_by else f" (through {group.lookup.required_by})"
    severity = None if certain else Severity.WARNING
    unsure = "" if certain else "; nothing is seen to load this file, so it fails only if something opens it"
    return Fault(fact + through + unsure, place[0], place[1], fix, severity, details=details)


@rule(
    "LC401",
    "missing-library",
    Severity.ERROR,
    "target",
    what="A file needs a shared library (DT_NEEDED) that no searched directory holds.",
    why="'libX.so.1: cannot open shared object file: No such file or directory'. Lambda's systems hold few libraries, "
    "fewer than the container images of the same name, and a manylinux tag does not promise more.",
    fix="Use a build of the package that brings its libraries, or put the library into the layer's lib/.",
    example="cv2.abi3.so needs libGL.so.1",
    sources=(_LOADER, _SEARCH, "https://github.com/3mcloud/lambda-packager/issues/36"),
)
def MISSING_LIBRARY(view: TargetView) -> Iterator[Fault]:
    for group in _missing(view):
        name = group.lookup.name
        if "/" not in name and any(_named(view, name)):
            continue
        place = _place(view, group.lookup.required_by)
        fix = for_library(view, place[0], place[1], name) if place else None
        fault = _fault(view, group, f"needs {name}, which no searched directory holds: cannot open shared object", fix)
        if fault is not None:
            yield fault


def _usable(view: TargetView, node: Node) -> bool:
    wanted = 62 if view.environment.architecture == "x86_64" else 183
    image = node.facts.elf if node.facts is not None else None
    return isinstance(image, ElfImage) and image.machine == wanted and image.bits == 64


@rule(
    "LC404",
    "library-off-search-path",
    Severity.ERROR,
    "target",
    what="The missing library is in the artifact, but in a directory that the loader does not search.",
    why="The loader looks into the directories of DT_RPATH, of LD_LIBRARY_PATH (/opt/lib of a layer, lib/ of a "
    "function) and of DT_RUNPATH, and nowhere else; the directory of the program itself is not searched.",
    fix="Move the library to lib/, or set LD_LIBRARY_PATH on the function.",
    example="wkhtmltox/lib/libjpeg.so.62 in a layer: only lib/ is searched",
    sources=(_LOADER, _SEARCH, "https://github.com/wkhtmltopdf/packaging/pull/77"),
)
def LIBRARY_OFF_SEARCH_PATH(view: TargetView) -> Iterator[Fault]:
    for group in _missing(view):
        name = group.lookup.name
        found = [node for node in _named(view, name) if _usable(view, node)] if "/" not in name else []
        if not found or _on_path(group.lookup.tried, {node.path for node in found}):
            continue
        there = found[0]
        directory = there.path[: there.path.rfind("/")]
        called = there.path[there.path.rfind("/") + 1 :]
        if called != name:
            words = f"needs {name}; {there.path} is that library, but not under that file name"
            fix = f"Add a link beside it:\nln -s {quote(called)} {quote(_relative(view, directory) + '/' + name)}"
        else:
            words = f"needs {name}, which lies in {directory}, a directory that the loader does not search"
            home = "/opt/lib" if directory.startswith("/opt") else "/var/task/lib"
            inside = quote(_relative(view, there.path))
            fix = f"Move it to lib/ ({home} is searched), or set LD_LIBRARY_PATH on the function:\nmv {inside} lib/"
        fault = _fault(view, group, words, fix, {"candidates": [node.path for node in found]})
        if fault is not None:
            yield fault


def _relative(view: TargetView, path: str) -> str:
    for root in ("/opt/", "/var/task/"):
        if path.startswith(root):
            return path[len(root) :] or "."
    return path


def _on_path(tried: Sequence[str], paths: set[str]) -> bool:
    return any(normpath(line.split(": ", 1)[0]) in paths for line in tried)


@rule(
    "LC405",
    "unusable-candidate",
    Severity.ERROR,
    "target",
    what="The library is on the search path, but cannot be used: it is for another machine, or no ELF file at all.",
    why="The loader passes over libraries of another machine and then says 'No such file or directory'; a text, an "
    "empty file or a program in their place ends the load at once.",
    fix="Replace the file by the library for the target.",
    example="/opt/lib/libz.so.1 is for arm64",
    sources=(_LOADER, "glibc, elf/dl-load.c, open_verify"),
)
def UNUSABLE_CANDIDATE(view: TargetView) -> Iterator[Fault]:
    for group in _missing(view):
        name = group.lookup.name
        candidates = list(_named(view, name)) if "/" not in name else []
        if not candidates or (
            any(_usable(view, node) for node in candidates)
            and not _on_path(group.lookup.tried, {node.path for node in candidates})
        ):
            continue
        reasons = [line for line in group.lookup.tried if _on_path([line], {n.path for n in candidates})]
        reason = reasons[0] if reasons else f"{candidates[0].path}: it is not for {view.environment.architecture}"
        fault = _fault(
            view,
            group,
            f"needs {name}, and the only copy cannot be used: {reason}",
            f"Replace it by {name} for {view.environment.architecture}.",
            {"candidates": [node.path for node in candidates]},
        )
        if fault is not None:
            yield fault
    yield from _fatal(view)


def _fatal(view: TargetView) -> Iterator[Fault]:
    """Loads that a candidate ended, one finding for each candidate."""
    seen: set[tuple[str, str]] = set()
    for load in view.resolution.loads:
        if load.error is None or load.error in seen:
            continue
        seen.add(load.error)
        place = _place(view, load.path)
        if place is None:
            continue
        path, reason = normpath(load.error[0]), load.error[1]
        certain = load.path in view.resolution.certain
        yield Fault(
            f"cannot load: {path}: {reason}",
            place[0],
            place[1],
            f"Replace {quote(_relative(view, path))} by the real library.",
            None if certain else Severity.WARNING,
            details={"candidates": [path], "reason": reason, "library": path[path.rfind("/") + 1 :]},
        )


@rule(
    "LC402",
    "symbol-version-not-found",
    Severity.ERROR,
    "target",
    what="A file needs a version (GLIBC_2.38, GLIBCXX_3.4.30, OPENSSL_3.2.0 …) that the library found first lacks.",
    why='"/lib64/libc.so.6: version `GLIBC_2.28\' not found". The file was built on a newer system than the runtime: '
    "Amazon Linux 2 has glibc 2.26, Amazon Linux 2023 has 2.34. A newer copy further on in the search is not used.",
    fix="Take a build for an older glibc (manylinux2014), build on the runtime's system, or use a newer runtime.",
    example="_rust.abi3.so needs GLIBC_2.28 of libc.so.6, which has up to 2.26",
    sources=(_LOADER, "https://github.com/aws/aws-lambda-rust-runtime/issues/932"),
)
def SYMBOL_VERSION_NOT_FOUND(view: TargetView) -> Iterator[Fault]:
    groups: dict[str, tuple[list[Load], list[MissingVersion]]] = {}
    for load in view.resolution.loads:
        for fact in load.missing_versions:
            loads, facts = groups.setdefault(fact.required_by, ([], []))
            if load not in loads:
                loads.append(load)
            if fact not in facts:
                facts.append(fact)
    for requirer, (loads, facts) in groups.items():
        certain = [load for load in loads if load.path in view.resolution.certain]
        own = [load for load in loads if load.path == requirer]
        load = ([o for o in own if o in certain] or certain or own or loads)[0]
        place = _place(view, load.path)
        if place is None:
            continue
        wanted = "; ".join(
            f"{', '.join(_sorted_nodes(f.version for f in facts if f.path == path))} of {path}"
            for path in dict.fromkeys(f.path for f in facts)
        )
        blamed = _place(view, requirer) or place
        details: dict[str, Any] = {
            "required_by": requirer,
            "chain": list(load.chain(requirer)),
            "versions": [
                {"library": f.library, "path": f.path, "version": f.version, "required_by": f.required_by}
                for f in facts
            ],
        }
        if len(loads) > 1:
            details["roots"] = sorted(item.path for item in loads)
        through = "" if load.path == requirer else f" (through {requirer})"
        unsure = "" if certain else "; nothing is seen to load this file, so it fails only if something opens it"
        yield Fault(
            f"needs {wanted}, which {view.environment.name}'s libraries lack: version not found{through}{unsure}",
            place[0],
            place[1],
            for_version(view, blamed[0], blamed[1], _newer_runtime(view)),
            None if certain else Severity.WARNING,
            details=details,
        )


def _sorted_nodes(nodes: Iterable[str]) -> list[str]:
    def key(node: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (-1, part) for part in node.replace("_", ".").split(".")]

    return sorted(set(nodes), key=key)


def _newer_runtime(view: TargetView) -> str | None:
    """The oldest runtime of the same language on a newer system, if this one is on Amazon Linux 2."""
    if view.runtime.os != "al2":
        return None
    others = [r.identifier for r in runtimes() if r.language == view.runtime.language and r.os == "al2023"]
    return f"{others[0]} or newer" if others else None


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
    sources=(_LOADER, _SEARCH),
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
    for (name, requirer), path in sorted(answers.items()):
        for directory in _searched_by(view, requirer):
            own = nodes.get(f"{directory}/{name}")
            if own is None or own.path in used or own.path in told or own.entry is None or not _usable(view, own):
                continue
            told.add(own.path)
            broken = name in failing
            yield Fault(
                f"never loads: {path} comes first for the name {name}"
                + (" and lacks a version that is needed" if broken else " and meets every need"),
                view.subject_of(own.mount),
                own.entry.path,
                f"Give its users a DT_RPATH, which comes first:\n"
                f"patchelf --force-rpath --set-rpath '$ORIGIN' {quote(_relative(view, requirer))}"
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


RULES = (MISSING_LIBRARY, SYMBOL_VERSION_NOT_FOUND, SHADOWED_LIBRARY, LIBRARY_OFF_SEARCH_PATH, UNUSABLE_CANDIDATE)
