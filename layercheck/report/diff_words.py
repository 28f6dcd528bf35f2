"""What the text and the Markdown of ``layercheck diff`` have in common: the lines of each part."""

from __future__ import annotations

from collections.abc import Iterator

from ..inspect.diff import Diff, FileChange, PackageChange, Side
from ..inspect.diff_findings import Told
from ..inspect.diff_project import CHANGES, ProjectDiff
from ..named_tuple import NamedTuple
from .words import first, human, plural

SIGNS = {"added": "+", "removed": "-", "version": "~", "content": "~", "mode": "m"}
_LIBRARIES, _PATHS, _TARGETS = 12, 3, 3


class Line(NamedTuple):
    """One change: its sign (+ new, - gone, ~ other), what it is about, and the rest in words."""

    sign: str
    subject: str
    words: str


def signed(size: int) -> str:
    """``+1.2 MB``, ``-3 bytes``, ``0 bytes``."""
    return f"{'+' if size > 0 else '-' if size < 0 else ''}{human(abs(size))}"


def verdict(difference: Diff) -> str:
    """The last line: one word and the reason."""
    code = difference.exit_code
    if code == 3:
        return "NOT COMPARED: " + (
            "an archive is damaged, its list of files is not whole"
            if difference.broken
            else "no difference was seen, but not everything could be read"
        )
    if code == 0:
        how = "the same archive" if difference.identical else "the same content and modes"
        return f"SAME: {how}"
    counts = [
        f"{difference.count(change):,} {word}"
        for change, word in (
            ("added", "added"),
            ("removed", "removed"),
            ("content", "with other content"),
            ("mode", "with another mode only"),
        )
        if difference.count(change)
    ]
    return f"DIFFERENT: files: {', '.join(counts)}"


def project_verdict(difference: ProjectDiff) -> str:
    """The last line about two builds of a project."""
    counts = [f"{difference.count(change):,} {change}" for change in CHANGES if difference.count(change)]
    word = {0: "SAME", 1: "DIFFERENT", 3: "NOT COMPARED"}[difference.exit_code]
    if difference.unchecked:
        counts.append(f"{len(difference.unchecked):,} not compared")
    return f"{word}: functions and layers: {', '.join(counts) or 'none'}"


def side(item: Side) -> str:
    """One artifact in a few words, without its path."""
    zipped = "not zipped yet" if item.zip_bytes is None else f"{item.zip_bytes:,} bytes zipped"
    return f"{item.kind} {item.form}, {item.unzipped_bytes:,} bytes unzipped, {zipped}, {plural(item.files, 'file')}"


def totals(difference: Diff) -> str:
    """How the totals changed."""
    old, new = difference.old, difference.new
    parts = [f"{signed(new.unzipped_bytes - old.unzipped_bytes)} unzipped"]
    if old.zip_bytes is not None and new.zip_bytes is not None:
        parts.append(f"{signed(new.zip_bytes - old.zip_bytes)} zipped")
    files = new.files - old.files
    parts.append(f"{files:+,} files" if files else "as many files")
    return ", ".join(parts)


def packages(difference: Diff) -> list[Line]:
    """Packages that came, went or changed, in the order of their names."""
    return [Line(SIGNS[item.change], item.name, _package(item)) for item in difference.packages]


def _package(item: PackageChange) -> str:
    old = ", ".join(filter(None, item.old.versions)) if item.old is not None else ""
    new = ", ".join(filter(None, item.new.versions)) if item.new is not None else ""
    if item.change == "version":
        versions = f"{old or 'no version'} -> {new or 'no version'}"
    elif item.change == "content":
        versions = f"{new}, other content" if new else "other content"
    else:
        versions = old or new
    return f"{versions} ({item.ecosystem}), {signed(item.delta)}".lstrip()


def libraries(difference: Diff) -> list[Line]:
    """What the loader needs or finds now, and no longer."""
    changes = difference.libraries
    lines = []
    for what, new, gone in (
        ("built for", changes.architectures_new, changes.architectures_gone),
        ("needed from outside", changes.needed_new, changes.needed_gone),
        ("brought along", changes.provided_new, changes.provided_gone),
    ):
        lines += [Line(sign, what, first(names, _LIBRARIES)) for sign, names in (("+", new), ("-", gone)) if names]
    for sign, pairs in (("+", changes.versions_new), ("-", changes.versions_gone)):
        by_library: dict[str, list[str]] = {}
        for library, version in pairs:
            by_library.setdefault(library, []).append(version)
        for library, versions in by_library.items():
            lines.append(Line(sign, f"needed of {library}", first(versions, _LIBRARIES)))
    return lines


def findings(difference: Diff) -> list[Line]:
    """Findings that are new, then those that are gone; those of one rule that say the same are told together."""
    lines = []
    for sign, found in (("+", difference.findings_new), ("-", difference.findings_gone)):
        together: dict[tuple[str, ...], list[Told]] = {}
        for item in found:
            together.setdefault((item.severity, item.rule, item.name, item.fact, *item.targets), []).append(item)
        lines += [Line(sign, " ".join(key[:3]), _findings(items)) for key, items in together.items()]
    return lines


def _findings(items: list[Told]) -> str:
    head = items[0]
    where = f" ({first(head.targets, _TARGETS)})" if head.targets else ""
    if len(items) == 1:
        return head.message + where
    return f"{len(items):,} files: {head.fact}{where}: {first([item.path or '' for item in items], _PATHS)}"


def checked(difference: Diff) -> str:
    """What a check says of both."""
    old, new = difference.old, difference.new
    words = [
        f"{name} {old.counts[name]:,} -> {new.counts[name]:,}"
        for name in old.counts
        if old.counts[name] or new.counts[name]
    ]
    if old.unchecked or new.unchecked:
        words.append(f"not checked {old.unchecked:,} -> {new.unchecked:,}")
    passed = {0: "passes", 1: "fails"}
    was, now = (passed.get(code, f"exit code {code}") for code in (old.exit_code, new.exit_code))
    change = f"{now}, as before" if was == now else f"{was} -> {now}"
    return f"{change}; {', '.join(words)}" if words else change


def declared(difference: Diff) -> Iterator[Line]:
    """Runtimes that may be declared now, and no longer; where no target was given."""
    if difference.new.gate:
        return
    old = {item.architecture: item.runtimes for item in difference.old.compatibility}
    new = {item.architecture: item.runtimes for item in difference.new.compatibility}
    for architecture in sorted(old.keys() | new.keys()):
        before, after = old.get(architecture, ()), new.get(architecture, ())
        for sign, here, there in (("+", after, before), ("-", before, after)):
            names = [name for name in here if name not in there]
            if names:
                yield Line(sign, f"works on {architecture}", ", ".join(names))


def files(difference: Diff, most: int | None) -> tuple[list[Line], int]:
    """The files that differ, those with the largest effect first, and how many are not among the ``most``."""
    ordered = sorted(difference.files, key=lambda item: (-abs(item.delta), item.path))
    shown = ordered if most is None else ordered[:most]
    return [Line(SIGNS[item.change], item.path, _file(item)) for item in shown], len(ordered) - len(shown)


def _file(item: FileChange) -> str:
    old, new = item.old, item.new
    if old is None or new is None:
        state = old or new
        return "" if state is None else signed(item.delta) if state.kind == "file" else state.kind
    parts = []
    if old.kind != new.kind:
        parts.append(f"{old.kind} -> {new.kind}")
    if item.change == "content":
        parts.append(f"{old.bytes:,} -> {new.bytes:,} bytes" if item.delta else f"{new.bytes:,} bytes, other content")
    if old.mode != new.mode and "file" in (old.kind, new.kind):
        parts.append(f"mode {old.mode or 'none'} -> {new.mode or 'none'}")
    return ", ".join(parts)
