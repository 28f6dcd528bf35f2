"""What must hold between records of data/*.json that are well formed by themselves (see `validate`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ARCHITECTURES = ("x86_64", "arm64")


def relations(tables: Mapping[str, Any]) -> Iterator[str]:
    """Every contradiction, duplicate and unused record, as a sentence."""
    yield from _retired(tables["runtimes"])
    for name in ("libraries-al2", "libraries-al2023", "runtime-libraries"):
        yield from _version_lists(name, tables[name]["version_lists"])
    for name in ("libraries-al2", "libraries-al2023"):
        yield from _system(name, tables[name])
    yield from _own_libraries(tables["runtime-libraries"])
    yield from _bundled(tables["bundled-packages"])
    for where in ("runtime-libraries", "bundled-packages"):
        for name in tables[where]["runtimes"]:
            if name not in tables["runtimes"]["runtimes"]:
                yield f"{where}: {name}: no such runtime"


def _retired(document: Mapping[str, Any]) -> Iterator[str]:
    for name in document["retired"]["identifiers"]:
        if name in document["runtimes"]:
            yield f"runtimes: {name}: retired and in the table"


def _version_lists(where: str, lists: Mapping[str, Any]) -> Iterator[str]:
    for key, record in lists.items():
        place = f"{where}: version list {key}"
        both = set(record["nodes"].split()) & set(record.get("unverified_nodes", "").split())
        if both:
            yield f"{place}: both there and unverified: {' '.join(sorted(both))}"
        if record["confidence"] == "low" and record["complete"]:
            yield f"{place}: a list of low confidence cannot be complete"


def _system(where: str, document: Mapping[str, Any]) -> Iterator[str]:
    libraries, older = document["libraries"], document["floor"]["libraries"]
    for soname in older:
        if soname not in libraries:
            yield f"{where}: floor: {soname} is not in the inventory"
    for label, group in ((where, libraries), (f"{where}: floor", older)):
        for soname, record in group.items():
            yield from _file_first(f"{label}: {soname}", record.get("names", [soname]))
        for architecture in ARCHITECTURES:
            owners: dict[str, str] = {}
            for soname, record in group.items():
                if architecture not in record.get("architectures", ARCHITECTURES):
                    continue
                for name in record.get("names", [soname]):
                    if name in owners:
                        yield f"{label}: {name} belongs to {owners[name]} and to {soname}"
                    owners[name] = soname
    used = {key for group in (libraries, older) for record in group.values() for key in _keys(record)}
    yield from _unused(f"{where}: version list", document["version_lists"], used)


def _own_libraries(document: Mapping[str, Any]) -> Iterator[str]:
    where = "runtime-libraries"
    sets = document["sets"]
    used: set[str] = set()
    for name, directories in sets.items():
        for directory, group in directories.items():
            place = f"{where}: {name}: {directory}"
            files = group.get("plain", "").split()
            for soname, record in group.get("libraries", {}).items():
                names = record.get("names", soname).split()
                yield from _file_first(f"{place}: {soname}", names)
                files += names
                used.update(_keys(record))
            yield from (f"{place}: {file} comes twice" for file in sorted(set(files)) if files.count(file) > 1)
        # Environments are told apart by the name of their set, so one content must not have two names.
        for other in sets:
            if other > name and sets[other] == directories:
                yield f"{where}: {name} and {other} are the same"
    yield from _unused(f"{where}: version list", document["version_lists"], used)
    taken = {record[architecture] for record in document["runtimes"].values() for architecture in ARCHITECTURES}
    yield from _unused(f"{where}: set", sets, taken)


def _bundled(document: Mapping[str, Any]) -> Iterator[str]:
    used: set[str] = set()
    for record in document["runtimes"].values():
        used.update(record.get("names", {}).values())
        if "nested" in record:
            used.add(record["nested"])
    yield from _unused("bundled-packages: list", document["lists"], used)


def _file_first(where: str, names: list[str]) -> Iterator[str]:
    if len(names[0]) < max(map(len, names)):
        yield f"{where}: the longest name is the file and comes first"


def _unused(where: str, keys: Iterable[str], used: set[str]) -> Iterator[str]:
    yield from (f"{where} {key}: unused" for key in keys if key not in used)


def _keys(record: Mapping[str, Any]) -> list[str]:
    """The version lists that a library's record names."""
    versions = record.get("versions")
    if versions is None:
        return []
    return list(versions.values()) if isinstance(versions, dict) else [versions]
