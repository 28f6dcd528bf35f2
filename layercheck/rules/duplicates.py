"""LC510: one Python distribution in two versions on one search path."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Confidence, Severity
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .base import Fault, Subject, TargetView, quote, rule
from .installed import Installed, installed

if TYPE_CHECKING:
    from typing import Any

_TOOLS = frozenset(("pip", "setuptools", "wheel"))
"""They build packages, and no function runs them: which version there is does not matter."""
_SHOWN = 5
_META = (".dist-info/", ".egg-info/", ".egg-info")


class _Pair(NamedTuple):
    """Two versions of a distribution in two directories; Python takes ``first``."""

    first: Installed
    second: Installed


@rule(
    "LC510",
    "duplicate-distribution",
    Severity.WARNING,
    "target",
    what="One Python distribution in two versions where a function searches: in the function and in a layer, in two "
    "layers, or twice in one directory.",
    why="An import takes the first on the path (/var/task, then the layers), whatever version the other packages of "
    "that layer were tested with; where both are parts of a namespace package, or two layers fill one directory, their "
    "files mix: 'returned a result with an exception set (google._upb._message)'. `pip install --target --upgrade` "
    "leaves the metadata of the old version behind, and importlib.metadata may answer with either.",
    fix="Install one version, in one place; build into an empty directory.",
    example="protobuf 7.36.0 in the function, and 7.35.1 in a layer",
    sources=(
        "https://github.com/open-telemetry/opentelemetry-lambda/issues/2570",
        "https://github.com/pypa/pip/issues/13763",
    ),
)
def DUPLICATE_DISTRIBUTION(view: TargetView) -> Iterator[Fault]:
    by_name: dict[str, list[Installed]] = {}
    for item in installed(view):
        if item.subject is not None and item.name not in _TOOLS:
            by_name.setdefault(item.name, []).append(item)
    pairs: dict[tuple[str, str, str, str], list[_Pair]] = {}
    for items in by_name.values():
        if len({item.version for item in items}) < 2:
            continue
        first = items[0]
        here = [item for item in items if item.place == first.place]
        if len({item.version for item in here}) > 1:
            yield _in_one_directory(view, here)
        told: set[tuple[str, str]] = set()
        for item in items:
            key = (item.place, item.version)
            if item.place == first.place or item.version == first.version or key in told:
                continue
            told.add(key)
            pairs.setdefault((_owner(first), first.place, _owner(item), item.place), []).append(_Pair(first, item))
    for group in pairs.values():
        yield _in_two_directories(view, group)


def _in_one_directory(view: TargetView, items: list[Installed]) -> Fault:
    """The files tell which version is loaded: those that differ from what a RECORD says are not of that version."""
    strange = [_strangers(view, item) for item in items]
    at = min(range(len(items)), key=lambda index: (len(strange[index]), index))
    best, others = items[at], [item for item in items if item.version != items[at].version]
    last = others[0]
    versions = ", ".join(dict.fromkeys(item.version for item in others))
    mixing = strange[at] or [path for item in others for path in _left_over(view, item, best)]
    owners = {_owner(item) for item in items}
    info = last.distribution.info if last.distribution is not None else None
    details: dict[str, Any] = {"versions": sorted({item.version for item in items}), "place": best.place}
    if mixing:
        fact = f"files of {best.name} {best.version} and {versions} mix in one directory, {best.place}"
        details["examples"] = mixing[:_SHOWN]
    elif best.distribution is None or best.distribution.record is None:
        fact = f"{best.name} has the metadata of {best.version} and of {versions} in one directory"
    else:
        fact = (
            f"left over from an update: the files of {best.name} are those of {best.version}, not of {versions}; who "
            "asks importlib.metadata for the version may get either"
        )
        details["loaded"] = best.version
    if len(owners) > 1:
        fix = f"Give the layers the same version, or only one of them {best.name}."
    elif mixing or info is None:
        fix = "Build into an empty directory."
    else:
        fix = f"rm -r {quote(info)}"
    return Fault(fact, last.subject, info, fix, confidence=Confidence.LIKELY, details=details)


def _owner(item: Installed) -> str:
    return item.subject.id if item.subject is not None else ""


def _rows(item: Installed) -> Iterator[tuple[str, int | None]]:
    """The importable and native files that a distribution lists, with their sizes."""
    if item.distribution is None:
        return
    for row in item.distribution.record or ():
        if ".." not in row.path and not any(part in row.path for part in _META) and not row.path.endswith(".pyc"):
            yield item.distribution.directory + row.path, row.size


def _sizes(subject: Subject) -> dict[str, int]:
    return {entry.path: entry.bytes for entry in subject.artifact.entries}


def _strangers(view: TargetView, item: Installed) -> list[str]:
    """Files of a distribution whose size is another than its RECORD says, and those that another layer replaces."""
    subject = item.subject
    if subject is None:
        return []
    sizes = _sizes(subject)
    return [
        path
        for path, size in _rows(item)
        # Native files are often stripped, and lost ones are another rule's.
        if path in sizes
        and (not view.shows(subject, path) or (size not in (None, sizes[path]) and path.endswith(".py")))
    ]


def _left_over(view: TargetView, item: Installed, best: Installed) -> list[str]:
    """Modules that only the other version has, and that are there: old ones that can still be imported."""
    if item.subject is None or best.distribution is None or best.distribution.record is None:
        return []
    known = {path for path, _ in _rows(best)}
    has = item.subject.artifact.has
    return [
        p for p, _ in _rows(item) if p not in known and p.endswith(".py") and has(p) and view.shows(item.subject, p)
    ]


def _in_two_directories(view: TargetView, group: list[_Pair]) -> Fault:
    first, second = group[0]
    labels = [f"{pair.first.name} {pair.first.version} (hidden: {pair.second.version})" for pair in group]
    shown = ", ".join(labels[:_SHOWN]) + (f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else "")
    same = _owner(first) == _owner(second)
    where = first.place if same else f"{_called(first.subject)} ({first.place})"
    info = second.distribution.info if second.distribution is not None else None
    fact = f"an import takes {shown} from {where}, which comes before {second.place}"
    if not same:
        fact += f": what else is in {_called(second.subject)} was built with its own"
    pins = " ".join(quote(f"{pair.first.name}=={pair.first.version}") for pair in group[:_SHOWN])
    fix = (
        f"Remove the copies in {second.place}." if same else f"Use the same versions in both, or only one copy: {pins}"
    )
    details = {"versions": {p.first.name: [p.first.version, p.second.version] for p in group}, "loaded": first.place}
    return Fault(fact, second.subject, info, fix, None, Confidence.LIKELY, details)


def _called(subject: Subject | None) -> str:
    if subject is None or subject.kind == "function":
        return "the function"
    return f"the layer {subject.artifact.name}"


RULES = (DUPLICATE_DISTRIBUTION,)
