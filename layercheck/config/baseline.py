"""The baseline's file: the findings that a team lives with, one line each, sorted, so that a diff of it can be read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from ..check.overrides import Accepted, Baseline
from .search import ConfigError

SCHEMA_VERSION = "1.0"
MAX_BYTES = 12 << 20
_FIELDS = ("fingerprint", "rule", "artifact", "resource", "path", "fact")
_REQUIRED = ("fingerprint", "rule", "artifact")


def everything(path: str) -> Baseline:
    """A baseline that accepts all that a run finds, to be written to ``path``."""
    return Baseline(_shown(path), None, _folder(path), os.getcwd())


def read(path: str) -> Baseline:
    """The baseline at ``path``. Raises ConfigError when it cannot be read or is none."""
    shown = _shown(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{shown}: there is no such baseline (--write-baseline FILE writes one)") from None
    except OSError as error:
        raise ConfigError(f"{shown}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{shown}: is larger than {MAX_BYTES:,} bytes")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ConfigError(f"{shown}: is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{shown}: is not JSON: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise ConfigError(f"{shown}: is no baseline: it has no list 'findings'")
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ConfigError(f"{shown}: schema_version is not {SCHEMA_VERSION}, which this layercheck reads")
    entries = [_entry(item, f"{shown}: findings[{number}]") for number, item in enumerate(document["findings"], 1)]
    return Baseline(shown, tuple(entries), _folder(path), os.getcwd())


def _entry(item: Any, where: str) -> Accepted:
    if not isinstance(item, dict):
        raise ConfigError(f"{where}: expected an object")
    for name in _FIELDS:
        value = item.get(name)
        if not isinstance(value, str) and (value is not None or name in _REQUIRED):
            raise ConfigError(f"{where}: {name} is not a text")
    fields: dict[str, Any] = {name: item[name] for name in _FIELDS if item.get(name) is not None}
    return Accepted(**fields)


def text(entries: Iterable[Accepted]) -> str:
    """The file's text: each entry once, sorted; the same findings give the same bytes."""
    ordered = sorted(set(entries), key=_order)
    lines = [json.dumps({k: v for k, v in entry._asdict().items() if v or k in _REQUIRED}) for entry in _once(ordered)]
    head = f'{{\n"schema_version": "{SCHEMA_VERSION}",\n"findings": ['
    return head + ("\n" + ",\n".join(lines) + "\n" if lines else "") + "]\n}\n"


def _order(entry: Accepted) -> tuple[str, ...]:
    place = entry.rule, entry.resource, entry.artifact, entry.path, entry.fact, entry.fingerprint
    return tuple(part or "" for part in place)


def _once(entries: Iterable[Accepted]) -> list[Accepted]:
    """The first of those that mean the same."""
    from ..check.judgement import baseline_key

    found: dict[tuple[str, str, str], Accepted] = {}
    for entry in entries:
        found.setdefault(baseline_key(entry), entry)
    return list(found.values())


def _shown(path: str) -> str:
    return path.replace(os.sep, "/")


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))
