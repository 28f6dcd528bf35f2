"""LC401, LC402, LC404 and LC405: what the dynamic loader finds, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from posixpath import normpath

from ..elf import ElfImage
from ..elf.image import MACHINES
from ..environment import runtimes
from ..filesystem import Hit, Node
from ..finding import Severity
from ..linker import Load, Lookup, MissingVersion
from ..named_tuple import TYPE_CHECKING
from .advice import does_without, for_library, for_version
from .alternatives import family
from .base import Fault, Subject, TargetView, number, quote, rule

if TYPE_CHECKING:
    from typing import Any

_TRIED = 100
_ASKED = 6
"""Files of one group whose packages are asked whether they do without them; so many are never all optional."""
_UNSURE = "; nothing is seen to load this file, so it fails only if something opens it"
LOADER = "man 8 ld.so"
SEARCH = "AWS Lambda developer guide, environment variables: LD_LIBRARY_PATH"


def place_of(view: TargetView, path: str) -> tuple[Subject, str] | None:
    """The artifact that holds an absolute path, and the path inside it."""
    hit = view.filesystem.lookup(path)
    if not isinstance(hit, Hit) or hit.node.entry is None:
        return None
    return view.subject_of(hit.node.mount), hit.node.entry.path


def _blamed(view: TargetView, load: Load, requirer: str) -> tuple[Subject, str] | None:
    """The file that a finding names: the root (DESIGN: roots are judged)."""
    return place_of(view, load.path) or place_of(view, requirer)


class _Group:
    """The same lookup failing for the same requirer, met in one or many roots."""

    def __init__(self, load: Load, lookup: Lookup) -> None:
        self.lookup = lookup
        self.roots = [load]


def _at_fault(view: TargetView) -> list[Load]:
    """The loads that fail, but for those of which another build loads: builds for other Node.js ABIs, other systems."""
    failing = [load for load in view.resolution.loads if load.status == "fails" or load.error is not None]
    if not failing:
        return []
    loaded = {family(load.path) for load in view.resolution.loads if load.status in ("loads", "unverified", "static")}
    return [load for load in failing if family(load.path) not in loaded]


def _missing(view: TargetView) -> list[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for load in _at_fault(view):
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
    load, optional = _needed(view, load, certain)
    place = _blamed(view, load, group.lookup.required_by)
    if place is None:
        return None
    chain = list(load.chain(group.lookup.required_by))
    details = {
        "library": group.lookup.name,
        "required_by": group.lookup.required_by,
        "chain": chain,
        "tried": _bounded(group.lookup.tried),
        **(extra or {}),
    }
    if len(group.roots) > 1:
        details["roots"] = sorted(root.path for root in group.roots)
    through = "" if load.path == group.lookup.required_by else f" (through {group.lookup.required_by})"
    severity = None if certain and not optional else Severity.WARNING
    unsure = "" if certain else _UNSURE
    return Fault(fact + through + (optional or unsure), place[0], place[1], fix, severity, details=details)


def _needed(view: TargetView, load: Load, certain: Sequence[Load]) -> tuple[Load, str]:
    """The load to blame, and how its package does without it, in words: one that is needed comes before all others."""
    words = ""
    asked = [load, *[other for other in certain if other is not load]] if load in certain else []
    for item in asked[:_ASKED]:
        place = place_of(view, item.path)
        said = does_without(*place, missing=False) if place is not None else ""
        if not said:
            return (item if place is not None else load), ""
        words = words or said
    return load, words if len(asked) <= _ASKED else ""


def _bounded(tried: Sequence[str]) -> list[str]:
    """The candidates of a failed search, as many as a person could want; a search list may hold thousands."""
    return list(tried[:_TRIED]) + ([f"… and {len(tried) - _TRIED} more"] if len(tried) > _TRIED else [])


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
    sources=(LOADER, SEARCH, "https://github.com/3mcloud/lambda-packager/issues/36"),
    open=True,
    links=True,
)
def MISSING_LIBRARY(view: TargetView) -> Iterator[Fault]:
    faults: dict[tuple[str, str | None, object], list[Fault]] = {}
    for group in _missing(view):
        name = group.lookup.name
        if "/" not in name and any(_named(view, name)):
            continue
        place = place_of(view, group.lookup.required_by)
        fix = for_library(view, place[0], place[1], name) if place else None
        fault = _fault(view, group, f"needs {name}, which no searched directory holds: cannot open shared object", fix)
        if fault is not None and fault.subject is not None:
            package = place[0].packages.owner(place[1]) if place else None
            faults.setdefault((fault.subject.id, fault.path, package or fix or name), []).append(fault)
    for found in faults.values():
        yield found[0] if len(found) == 1 else _together(found)


def _together(faults: list[Fault]) -> Fault:
    """One root that lacks several libraries of one package: one cause, and one thing to do."""
    worst = [fault for fault in faults if fault.severity is None] or faults
    head = min(worst, key=lambda fault: _ORDER.get(str(fault.details["library"]), 1))
    names = list(dict.fromkeys(str(fault.details["library"]) for fault in [head, *faults]))
    fact = f"needs {', '.join(names)}, which no searched directory holds: cannot open shared object"
    unsure = (
        "" if head.severity is None else head.fact[max(head.fact.rfind("; its package"), head.fact.rfind(_UNSURE)) :]
    )
    return head._replace(fact=fact + unsure, details={**head.details, "libraries": names, **_roots(faults)})


def _roots(faults: Sequence[Fault]) -> dict[str, list[str]]:
    """The detail ``roots`` of several faults of one root: all that fail by any of them."""
    roots = {root for fault in faults for root in fault.details.get("roots", ())}
    return {"roots": sorted(roots)} if roots else {}


_ORDER = {"libGL.so.1": 0}
"""What is told first of several: the library by which people know the fault."""


def is_usable(view: TargetView, node: Node) -> bool:
    """Whether a file is an ELF file for the target's machine."""
    wanted = MACHINES[view.environment.architecture]
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
    sources=(LOADER, SEARCH, "https://github.com/wkhtmltopdf/packaging/pull/77"),
    open=True,
    links=True,
)
def LIBRARY_OFF_SEARCH_PATH(view: TargetView) -> Iterator[Fault]:
    for group in _missing(view):
        name = group.lookup.name
        found = [node for node in _named(view, name) if is_usable(view, node)] if "/" not in name else []
        if not found or _on_path(group.lookup.tried, {node.path for node in found}):
            continue
        there = next((node for node in found if node.path.endswith("/" + name)), found[0])
        directory = there.path[: there.path.rfind("/")]
        called = there.path[there.path.rfind("/") + 1 :]
        if called != name and any(line.startswith(f"{directory}/") for line in map(normpath, group.lookup.tried)):
            words = f"needs {name}; {there.path} is that library, but not under that file name"
            fix = f"Add a link beside it:\nln -s {quote(called)} {quote(inside(view, directory) + '/' + name)}"
        else:
            words = f"needs {name}, which lies in {directory}, a directory that the loader does not search"
            new_name = "" if called == name else quote(name)
            if called != name:
                words = f"needs {name}; {there.path} is that library, in a directory that the loader does not search"
            home = "/opt/lib" if directory.startswith("/opt") else "/var/task/lib"
            place = quote(inside(view, there.path))
            fix = f"Move it to lib/ ({home} is searched), or set LD_LIBRARY_PATH on the function:\n"
            fix += f"mv {place} lib/{new_name}"
        fault = _fault(view, group, words, fix, {"candidates": [node.path for node in found]})
        if fault is not None:
            yield fault


def inside(view: TargetView, path: str) -> str:
    """An absolute path as it stands inside its artifact."""
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
    sources=(LOADER, "glibc, elf/dl-load.c, open_verify"),
    open=True,
    links=True,
)
def UNUSABLE_CANDIDATE(view: TargetView) -> Iterator[Fault]:
    for group in _missing(view):
        name = group.lookup.name
        candidates = list(_named(view, name)) if "/" not in name else []
        if not candidates or (
            any(is_usable(view, node) for node in candidates)
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
    for load in _at_fault(view):
        if load.error is None or load.error in seen:
            continue
        seen.add(load.error)
        place = place_of(view, load.path)
        if place is None:
            continue
        path, reason = normpath(load.error[0]), load.error[1]
        certain = load.path in view.resolution.certain
        yield Fault(
            f"cannot load: {path}: {reason}",
            place[0],
            place[1],
            f"Replace {quote(inside(view, path))} by the real library.",
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
    sources=(LOADER, "https://github.com/aws/aws-lambda-rust-runtime/issues/932"),
    links=True,
)
def SYMBOL_VERSION_NOT_FOUND(view: TargetView) -> Iterator[Fault]:
    groups: dict[str, tuple[list[Load], list[MissingVersion]]] = {}
    for load in _at_fault(view):
        for fact in load.missing_versions:
            loads, facts = groups.setdefault(fact.required_by, ([], []))
            if load not in loads:
                loads.append(load)
            if fact not in facts:
                facts.append(fact)
    faults: dict[tuple[str, str | None, object], list[Fault]] = {}
    for requirer, (loads, facts) in groups.items():
        certain = [load for load in loads if load.path in view.resolution.certain]
        own = [load for load in loads if load.path == requirer]
        load, optional = _needed(view, ([o for o in own if o in certain] or certain or own or loads)[0], certain)
        place = place_of(view, load.path)
        if place is None:
            continue
        blamed = place_of(view, requirer) or place
        details: dict[str, Any] = {
            "required_by": requirer,
            "chain": list(load.chain(requirer)),
            "versions": [
                {"library": f.library, "path": f.path, "version": f.version, "required_by": requirer} for f in facts
            ],
        }
        if len(loads) > 1:
            details["roots"] = sorted(item.path for item in loads)
        unsure = "" if certain else _UNSURE
        fault = Fault(
            optional or unsure,
            place[0],
            place[1],
            for_version(view, *blamed, _name(facts[0].library), _newer_runtime(view), _image(blamed)),
            None if certain and not optional else Severity.WARNING,
            details=details,
        )
        package = blamed[0].packages.owner(blamed[1])
        faults.setdefault((place[0].id, place[1], package or requirer), []).append(fault)
    for found in faults.values():
        yield _versions_together(view, found)


def _versions_together(view: TargetView, faults: list[Fault]) -> Fault:
    """One root and one package: what all its libraries lack is one cause, and one thing to do."""
    head = min(faults, key=lambda fault: (fault.severity or Severity.ERROR).rank)
    versions = [version for fault in faults for version in fault.details["versions"]]
    wanted = "; ".join(
        f"{', '.join(_sorted_nodes(v['version'] for v in versions if v['path'] == path))} of {path}"
        for path in dict.fromkeys(str(version["path"]) for version in versions)
    )
    root = head.subject.where(head.path or "") if head.subject is not None else ""
    requirers = [str(fault.details["required_by"]) for fault in faults]
    through = "" if root in map(normpath, requirers) else f" (through {requirers[0]}"
    if through:
        through += f" and {len(requirers) - 1} more)" if len(requirers) > 1 else ")"
    fact = f"needs {wanted}, which {view.environment.name}'s libraries lack: version not found{through}"
    return head._replace(fact=fact + head.fact, details={**head.details, "versions": versions, **_roots(faults)})


def _sorted_nodes(nodes: Iterable[str]) -> list[str]:
    def key(node: str) -> list[tuple[int, str]]:
        parts = [(number(part), part) for part in node.replace("_", ".").split(".")]
        return [(-1, part) if value is None else (value, "") for value, part in parts]

    return sorted(set(nodes), key=key)


def _newer_runtime(view: TargetView) -> str | None:
    """The oldest runtime of the same language on a newer system, if this one is on Amazon Linux 2."""
    if view.runtime.os != "al2":
        return None
    others = [r.identifier for r in runtimes() if r.language == view.runtime.language and r.os == "al2023"]
    return f"{others[0]}{' or newer' if len(others) > 1 else ''}" if others else None


def _name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _image(place: tuple[Subject, str]) -> ElfImage | None:
    facts = place[0].artifact.facts.get(place[1])
    return facts.elf if facts is not None and isinstance(facts.elf, ElfImage) else None


RULES = (MISSING_LIBRARY, SYMBOL_VERSION_NOT_FOUND, LIBRARY_OFF_SEARCH_PATH, UNUSABLE_CANDIDATE)
