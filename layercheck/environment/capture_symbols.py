"""The dynamic symbols of an ELF file as an environment file holds them, and back.

They are kept by version, since most files have hundreds of names and few versions, and read back one file at a time,
when somebody asks: an environment holds hundreds of thousands of names, of which a check needs those of a few files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..elf.symbols import Export, Symbols, Wanted, order_of

_FLAGS = ("weak", "lazy", "copied")


def to_record(symbols: Symbols) -> dict[str, Any]:
    """The value of ``symbols`` for one file."""
    record: dict[str, Any] = {"versioned": symbols.versioned, "oldest": symbols.oldest, "defined": {}, "wanted": []}
    for name, exports in symbols.defined.items():
        for export in exports:
            names = record.setdefault("hidden", {}) if export.hidden else record["defined"]
            names.setdefault(export.version or "", []).append(name)
    groups: dict[tuple[str | None, str | None, tuple[str, ...]], list[str]] = {}
    for item in symbols.wanted:
        flags = tuple([flag for flag in _FLAGS if getattr(item, flag)])
        groups.setdefault((item.file, item.version, flags), []).append(item.name)
    for (file, version, flags), names in groups.items():
        record["wanted"].append({"file": file, "version": version, "flags": list(flags), "names": names})
    return record


def symbols_of(records: Mapping[str, Any], path: str) -> Symbols | None:
    """The symbols of the file at ``path`` (a real path); None when they were not captured, or make no sense."""
    record = records.get(path)
    if not isinstance(record, dict):
        return None
    try:
        return _from_record(record)
    except (TypeError, AttributeError, KeyError, ValueError):
        return None


def _from_record(record: dict[str, Any]) -> Symbols:
    defined: dict[str, tuple[Export, ...]] = {}
    for key, hidden in (("defined", False), ("hidden", True)):
        for version, names in record.get(key, {}).items():
            exports = (Export(version or None, hidden),)
            for name in _texts(names):
                known = defined.get(name)
                defined[name] = exports if known is None else (*known, *exports)
    wanted = []
    for group in record["wanted"]:
        weak, lazy, copied = [flag in _texts(group["flags"]) for flag in _FLAGS]
        version, file = _text(group["version"]), _text(group["file"])
        wanted += [Wanted(name, version, file, weak, lazy, copied) for name in _texts(group["names"])]
    return Symbols(defined, tuple(sorted(wanted, key=order_of)), bool(record["versioned"]), _text(record["oldest"]))


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("neither text nor null")
    return value


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("not a list of texts")
    return values
