"""What could leave a deployment, and how many bytes that is: tests, headers, caches, debug sections, copies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..artifact import FILE, Artifact
from ..artifact.inflate import MAX_WHOLE
from ..elf import ElfImage
from ..elf.sections import debug_bytes
from ..named_tuple import NamedTuple
from ..rules import Subject
from ..rules.base import quote
from ..rules.size import duplicates
from .contents import Contents, table

_SHOWN = 3


class Removable(NamedTuple):
    """One thing that could go: ``files`` and unzipped ``bytes``, how to take it away, and what that costs.

    ``counted`` is False where it is a choice of its own, and not part of the sum. ``confidence`` is high where nothing
    on Lambda reads it, medium where a few packages may.
    """

    what: str
    files: int
    bytes: int
    counted: bool
    confidence: str
    how: str
    cost: str
    source: str


def removable(subjects: Iterable[Subject]) -> tuple[list[Removable], list[str]]:
    """What could go from all artifacts, the largest first, and what could not be looked into."""
    kinds: dict[str, list[int]] = {}
    debug, copies = [0, 0], [0, 0]
    strip: list[str] = []
    unread: list[str] = []
    facts = table()
    drops: Mapping[str, Any] = {kind: record["drop"] for kind, record in facts["kinds"].items() if "drop" in record}
    for subject in subjects:
        contents = Contents(subject.artifact, subject.packages)
        kept: set[str] = set()
        for entry in subject.artifact.entries:
            if entry.kind != FILE:
                continue
            kind = contents.kind(entry)
            if kind in drops:
                _add(kinds.setdefault(kind, [0, 0]), entry.bytes)
            else:
                kept.add(entry.path)
        for path, size in _debug(subject.artifact, kept, unread):
            _add(debug, size)
            strip.append(path)
        for size, paths in duplicates(subject):
            for _ in [path for path in paths if path in kept][1:]:
                _add(copies, size)
    found = []
    for kind, (files, count) in kinds.items():
        record = facts["kinds"][kind]
        how = "zip -x " + " ".join(map(quote, patterns(kind)))
        found.append(_made(record["title"], files, count, how, drops[kind]))
    if debug[1]:
        more = f" and {len(strip) - _SHOWN} more" if len(strip) > _SHOWN else ""
        how = "strip --strip-debug " + " ".join(map(quote, sorted(strip)[:_SHOWN])) + more
        found.append(_made(facts["debug"]["title"], debug[0], debug[1], how, facts["debug"]))
    if copies[1]:
        how = "zip -y"
        found.append(_made(facts["duplicates"]["title"], copies[0], copies[1], how, facts["duplicates"]))
    return sorted(found, key=lambda item: (-item.bytes, item.what)), unread


def patterns(kind: str) -> list[str]:
    """What ``zip -x`` takes to leave out the files of a kind that could go."""
    record = table()["kinds"][kind]
    given = record["drop"].get("patterns")
    return list(given) if given else [f"*{suffix}" for suffix in record["suffixes"]]


def _add(sums: list[int], size: int) -> None:
    sums[0] += 1
    sums[1] += size


def _made(what: str, files: int, count: int, how: str, record: Mapping[str, Any]) -> Removable:
    return Removable(what, files, count, True, record["confidence"], how, record["cost"], record["source"])


def _debug(artifact: Artifact, kept: set[str], unread: list[str]) -> Iterator[tuple[str, int]]:
    """Each ELF file that stays, with its bytes that only a debugger reads. Inflates these files once more."""
    for entry in artifact.entries:
        fact = artifact.facts.get(entry.path)
        if fact is None or not isinstance(fact.elf, ElfImage) or entry.path not in kept or entry.kind != FILE:
            continue
        if entry.bytes > MAX_WHOLE:
            unread.append(f"debug sections of {entry.path}: files above {MAX_WHOLE >> 20} MiB are not read for them")
            continue
        size = debug_bytes(artifact.read(entry, MAX_WHOLE))
        if size:
            yield entry.path, size
