"""The Python distributions of an artifact: what installers wrote about them, read once, when first asked."""

from __future__ import annotations

import re
from itertools import islice

from ..named_tuple import NamedTuple
from .artifact import Artifact
from .entry import DIRECTORY
from .metadata import (
    MAX_METADATA,
    MAX_RECORD,
    MAX_ROWS,
    RecordRow,
    headers,
    lines,
    one_line,
    record_rows,
    requirements,
)

__all__ = ["Distribution", "DistributionIndex", "RecordRow", "normalise"]

_MAX_DAMAGE = 3
_METADATA_FILES = {"dist-info": "METADATA", "egg-info": "PKG-INFO", "egg": "PKG-INFO"}


class Distribution(NamedTuple):
    """An installed distribution.

    ``name`` is normalised (PEP 503), ``version`` "" where none is said. ``directory`` is where it is installed in the
    artifact: "" or ending in "/". ``info`` is the path of its .dist-info or .egg-info directory, or .egg-info file;
    ``kind`` is dist-info, egg-info or egg. ``requires`` are Requires-Dist as written (those of a requires.txt turned
    into the same form), ``extras`` Provides-Extra. ``tags`` and ``pure`` are what WHEEL says, ``record`` what RECORD
    lists, with paths relative to ``directory``; None where there is none. ``damage`` says what is missing or cannot be
    read of METADATA (PKG-INFO), WHEEL and RECORD, None when all is well.
    """

    name: str
    version: str
    directory: str
    info: str
    kind: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    requires_python: str | None = None
    tags: tuple[str, ...] = ()
    pure: bool | None = None
    record: tuple[RecordRow, ...] | None = None
    top_level: tuple[str, ...] = ()
    damage: str | None = None


class DistributionIndex:
    """The distributions of one artifact, wherever they lie in it. Parsed when first asked, then remembered."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        self._all: tuple[Distribution, ...] | None = None

    @property
    def all(self) -> tuple[Distribution, ...]:
        """Every distribution, sorted by the path of its ``info``."""
        if self._all is None:
            found = _infos(self._artifact)
            rows = _Rows()
            self._all = tuple([_read(self._artifact, info, found[info], rows) for info in sorted(found)])
        return self._all

    def visible_file(self, distribution: Distribution) -> str:
        """The path of a file that stands for the distribution: where it is replaced by another, so is what it says."""
        info = distribution.info
        names = (_METADATA_FILES[distribution.kind], "RECORD", "WHEEL", "top_level.txt", "requires.txt")
        return next((path for path in (f"{info}/{name}" for name in names) if self._artifact.has(path)), info)


def normalise(name: str) -> str:
    """A distribution's name as the registry spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _infos(artifact: Artifact) -> dict[str, set[str]]:
    """Each directory (or lone file) of metadata with the names of the files in it."""
    found: dict[str, set[str]] = {}
    for entry in artifact.entries:
        path = entry.path
        if ("-info" not in path and "EGG-INFO/" not in path) or entry.kind == DIRECTORY:
            continue
        match = re.match(r"((?:[^/]+/)*?[^/]+(?:\.dist-info|\.egg-info|\.egg/EGG-INFO))(?:/(.*)|$)", path, re.DOTALL)
        if match is not None and (match[2] is not None or not match[1].endswith(".dist-info")):
            found.setdefault(match[1], set()).add(match[2] or "")
    return found


class _Rows:
    """How many rows of all RECORDs may still be read; each file of an artifact is in one at most."""

    def __init__(self) -> None:
        self.left = 2 * MAX_ROWS


def _read(artifact: Artifact, info: str, names: set[str], rows: _Rows) -> Distribution:
    damage: list[str] = []

    def content(name: str, *, must: bool = True) -> bytes:
        """A file's bytes as kept; nothing where there is none. ``must``: it is damage when nothing can be read."""
        if name not in names:
            return b""
        fact = artifact.facts.get(f"{info}/{name}" if name else info)
        data = fact.metadata if fact is not None else None
        limit = MAX_RECORD if name == "RECORD" else MAX_METADATA
        if data is None:
            if must:
                damage.append(f"{name or 'it'} is empty or cannot be read")
        elif len(data) > limit:
            damage.append(f"{name or 'it'} is longer than {limit} bytes")
        return (data or b"")[:limit]

    kind = "egg" if info.endswith("/EGG-INFO") else info.rpartition(".")[2]
    directory = info[: -len("EGG-INFO")] if kind == "egg" else info[: info.rfind("/") + 1]
    file = "" if "" in names else _METADATA_FILES[kind]
    if file not in names:
        damage.append(f"there is no {file}")
    about = headers(content(file))
    wheel = headers(content("WHEEL"))
    requires, extras = _all(about, "requires-dist"), _all(about, "provides-extra")
    if not requires and kind != "dist-info":
        requires, extras = requirements(content("requires.txt", must=False))
    name, version = _named(info, kind)
    record = _record(content("RECORD"), damage, rows) if kind == "dist-info" and "RECORD" in names else None
    pure = (_first(wheel, "root-is-purelib") or "").lower()
    return Distribution(
        name=normalise(_first(about, "name") or name),
        version=_first(about, "version") or version,
        directory=directory,
        info=info,
        kind=kind,
        requires=requires,
        extras=extras,
        requires_python=_first(about, "requires-python"),
        tags=_all(wheel, "tag"),
        pure={"true": True, "false": False}.get(pure),
        record=record,
        top_level=tuple(lines(content("top_level.txt", must=False))),
        damage="; ".join(damage[:_MAX_DAMAGE]) or None,
    )


def _record(data: bytes, damage: list[str], left: _Rows) -> tuple[RecordRow, ...]:
    most = min(MAX_ROWS, left.left)
    rows = tuple(islice(record_rows(data), most + 1))
    left.left -= min(len(rows), most)
    if len(rows) > most:
        damage.append(f"RECORD has more than {MAX_ROWS} rows" if most == MAX_ROWS else "there are too many RECORD rows")
    return rows[:most]


def _all(found: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple([one_line(value) for value in found.get(name, ())])


def _first(found: dict[str, list[str]], name: str) -> str | None:
    return next((value for value in _all(found, name) if value), None)


def _named(info: str, kind: str) -> tuple[str, str]:
    """Name and version by the name of the directory: NAME-VERSION.dist-info; eggs have -py3.X behind it."""
    stem = info[: -len("/EGG-INFO")] if kind == "egg" else info
    name, _, version = stem[stem.rfind("/") + 1 :].rpartition(".")[0].partition("-")
    return name, version.partition("-")[0] if kind != "dist-info" else version
