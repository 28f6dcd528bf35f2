"""From a table of the configuration to what it means: each key known, each value of its kind, each path from here.

The reader is small and ours, so that each fault names the file, the line, the key, what is expected, and the nearest
name that there is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..check.overrides import Exemption, Overrides
from ..finding import Severity, Source
from ..named_tuple import NamedTuple
from .keys import (
    ARTIFACT_KEYS,
    ARTIFACTS,
    EXCEPTION_KEYS,
    EXCEPTIONS,
    METADATA_KEYS,
    TOP_KEYS,
    Key,
)
from .kinds import Wrong, near, show
from .lines import Path, key_lines, nearest_line
from .search import ConfigError, Found

_ARN = r"^arn:[^:]*:lambda:"


class ArtifactEntry(NamedTuple):
    """One ``[[artifact]]``: the pattern of its path, and its target as the command line's parser would give it."""

    path: str
    values: Mapping[str, Any]
    line: int | None


class Configuration(NamedTuple):
    """What one file says. ``values``: by attribute of the parsed command line, as its parser would give them.

    ``file`` as it is shown, ``folder`` and ``cwd`` absolute.
    """

    file: str
    folder: str
    cwd: str
    values: Mapping[str, Any]
    artifacts: tuple[ArtifactEntry, ...]
    overrides: Overrides


class _Reader:
    """Reads one document; knows where it stands, for what it says about faults."""

    def __init__(self, file: str, text: str, inside: tuple[str, ...], folder: str, cwd: str) -> None:
        self.file, self._text, self._inside = file, text, inside
        self._folder, self._cwd = folder, cwd
        self._lines: dict[Path, int] | None = None

    def line(self, path: Path) -> int | None:
        """The line of a key of the table, where it can be told."""
        if self._lines is None:
            self._lines = key_lines(self._text)
        return nearest_line(self._lines, (*self._inside, *path))

    def wrong(self, path: Path, message: str) -> ConfigError:
        """The error that names file, line and key."""
        line = self.line(path)
        words = [f"[{part + 1}]" if isinstance(part, int) else f".{_key(part)}" for part in path]
        place = self.file if line is None else f"{self.file}:{line}"
        key = "".join(words).removeprefix(".")
        return ConfigError(f"{place}: {key}: {message}" if key else f"{place}: {message}")

    def table(self, value: Any, path: Path, keys: Sequence[Key], *more: str) -> dict[str, Any]:
        """The clean values of a table by the names of their keys. ``more``: keys that are read elsewhere."""
        if not isinstance(value, Mapping):
            raise self.wrong(path, f"expected a table, not {show(value)}")
        known = {name: key for key in keys for name in (key.name, key.also) if name}
        found: dict[str, Any] = {}
        for name, item in value.items():
            key = known.get(name) if isinstance(name, str) else None
            if key is None:
                if isinstance(name, str) and name in more:
                    continue
                raise self.wrong((*path, str(name)), f"unknown key{self._hint(name, [*known, *more])}")
            if key.name in found:
                raise self.wrong((*path, name), f"is given twice, as {key.name} and as {key.also}")
            try:
                found[key.name] = key.kind.read(item)
            except Wrong as error:
                raise self.wrong((*path, name, *error.key), f"{error} (expected {key.kind.expected})") from None
            except ValueError as error:
                raise self.wrong((*path, name), f"expected {key.kind.expected}: {error}") from None
        for key in keys:
            if key.required and key.name not in found:
                raise self.wrong(path, f"lacks {key.name}")
        return found

    def _hint(self, name: Any, known: Sequence[str]) -> str:
        if name == "tool" and not self._inside:
            return ": here the keys stand at the top, without [tool.layercheck]"
        return near(name, known) if isinstance(name, str) else ""

    def tables(self, table: Mapping[str, Any], spellings: tuple[str, str]) -> list[tuple[Path, Any]]:
        """The tables of an array, each with its path."""
        present = [name for name in spellings if name in table]
        if len(present) > 1:
            raise self.wrong((present[1],), f"is given twice, as {' and as '.join(present)}")
        for name in present:
            value = table[name]
            if not isinstance(value, (list, tuple)):
                raise self.wrong((name,), f"expected an array of tables, [[{name}]], not {show(value)}")
            return [((name, place), item) for place, item in enumerate(value)]
        return []

    def options(self, found: Mapping[str, Any], keys: Sequence[Key]) -> dict[str, Any]:
        """Clean values as the command line's parser would give them."""
        given: dict[str, Any] = {}
        for key in keys:
            if key.option and key.name in found:
                value = found[key.name]
                if key.name in ("select", "ignore"):
                    value = [value]
                elif key.name in ("baseline", "environment"):
                    value = from_here(value, self._folder, self._cwd)
                elif key.name == "reports":
                    value = [(form, from_here(path, self._folder, self._cwd)) for form, path in value]
                elif key.name == "layers":
                    value = [v if re.match(_ARN, v) else from_here(v, self._folder, self._cwd) for v in value]
                given[key.option] = value
        return given

    def overrides(
        self, found: Mapping[str, Any], exceptions: list[tuple[Path, Any]], where: Source | None
    ) -> Overrides:
        """The decisions of a table."""
        exemptions = []
        for path, item in exceptions:
            clean = self.table(item, path, EXCEPTION_KEYS)
            if not clean["rule"]:
                raise self.wrong((*path, "rule"), "names no rule")
            source = Source(self.file, self.line(path)) if where is None else where
            exemptions.append(
                Exemption(
                    tuple(clean["rule"]), clean.get("path"), clean["reason"].strip(), clean.get("expires"), source
                )
            )
        return Overrides(
            ignore=() if where is None else tuple(found.get("ignore", ())),
            severity=tuple(
                (rule, None if level == "off" else Severity(level)) for rule, level in found.get("severity", ())
            ),
            ignore_at=tuple((place, tuple(rules)) for place, rules in found.get("per-path-ignores", ())),
            exceptions=tuple(exemptions),
            where=where,
            base=self._folder,
            cwd=self._cwd,
        )


def from_here(path: str, folder: str, cwd: str) -> str:
    """A path of the configuration, which lies in ``folder``, as seen from the working directory."""
    if folder == cwd:
        # Never "-" alone, which is standard input on the command line.
        return os.path.join(os.curdir, path) if path == "-" else path
    whole = os.path.join(folder, path)
    try:
        return path if os.path.isabs(path) else os.path.relpath(whole, cwd)
    except ValueError:
        # Another drive.
        return whole


def read(found: Found) -> Configuration:
    """The configuration that was found. Raises ConfigError."""
    cwd = os.getcwd()
    reader = _Reader(found.path, found.text, found.inside, found.folder, cwd)
    top = reader.table(found.table, (), TOP_KEYS, *ARTIFACTS, *EXCEPTIONS)
    artifacts = []
    for path, item in reader.tables(found.table, ARTIFACTS):
        entry = reader.table(item, path, ARTIFACT_KEYS)
        if entry["path"].rstrip("/").endswith("**"):
            raise reader.wrong((*path, "path"), "would take every folder: name the artifacts, such as dist/**/*.zip")
        artifacts.append(ArtifactEntry(entry["path"], reader.options(entry, ARTIFACT_KEYS), reader.line(path)))
    return Configuration(
        file=found.path,
        folder=found.folder,
        cwd=cwd,
        values=reader.options(top, TOP_KEYS),
        artifacts=tuple(artifacts),
        overrides=reader.overrides(top, reader.tables(found.table, EXCEPTIONS), None),
    )


def read_metadata(mapping: Any, where: Source) -> Overrides:
    """What a resource's metadata decides about its findings. Raises ConfigError."""
    cwd = os.getcwd()
    folder = os.path.dirname(os.path.join(cwd, where.file))
    reader = _Metadata(where, folder, cwd)
    top = reader.table(mapping, (), METADATA_KEYS, *EXCEPTIONS)
    return reader.overrides(top, reader.tables(mapping, EXCEPTIONS), where)


class _Metadata(_Reader):
    """A reader for a resource of a template: one line, and the resource's name before each key."""

    def __init__(self, where: Source, folder: str, cwd: str) -> None:
        super().__init__(where.file, "", (), folder, cwd)
        self._where = where

    def line(self, path: Path) -> int | None:
        """The resource's line."""
        return self._where.line

    def wrong(self, path: Path, message: str) -> ConfigError:
        """The error that names file, line, resource and key."""
        return super().wrong((f"{self._where.resource}.Metadata.layercheck", *path), message)


def _key(part: str) -> str:
    """A key as people would look for it, however long it is."""
    return part if len(part) <= 60 else part[:60] + "…"
