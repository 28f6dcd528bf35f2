"""A complete check of the tables in data/*.json. Loading trusts them; a test runs this instead.

`validate_data` returns sentences, one a fault, each beginning with the table and the place in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .facts import Limits
from .model import is_iso_date
from .relations import ARCHITECTURES, relations
from .store import NAMES, read

CONFIDENCES = ("measured", "high", "medium", "low")
LANGUAGES = ("python", "nodejs", "ruby", "java", "dotnet", "provided")
_SEARCH_LISTS = ("sys_path", "node_path", "gem_path", "rubylib", "class_path", "bootstrap")

_SYSTEM_SECTIONS = ("version_lists", "libraries", "floor")
_SECTIONS = {
    "bundled-packages": ("lists", "runtimes"),
    "layout": ("common", "layouts"),
    "libraries-al2": _SYSTEM_SECTIONS,
    "libraries-al2023": _SYSTEM_SECTIONS,
    "limits": ("limits",),
    "programs": ("links", "elsewhere", "systems", "languages"),
    "runtime-libraries": ("version_lists", "sets", "runtimes"),
    "runtimes": ("facts", "retired", "runtimes"),
    "sources": ("confidences", "sources"),
}

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _date(value: Any) -> bool:
    return isinstance(value, str) and is_iso_date(value)


def _date_or_none(value: Any) -> bool:
    return value is None or _date(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _distinct_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value)


def _distinct_words(value: Any) -> bool:
    return _text(value) and len(set(value.split())) == len(value.split())


def _distinct_words_or_none(value: Any) -> bool:
    return value == "" or _distinct_words(value)


def _absolute(value: Any) -> bool:
    return _text(value) and value.startswith("/")


def _one_of(*allowed: str) -> Check:
    return lambda value: value in allowed


_FACT: dict[str, Check] = {
    "source": lambda value: _text(value) or (_distinct_texts(value) and bool(value)),
    "confidence": _one_of(*CONFIDENCES),
}
_NOTED: dict[str, Check] = {"note": _text}


def validate_data(tables: Mapping[str, Any] | None = None) -> list[str]:
    """Every fault in the tables (by default the package's own), sorted; empty when all is well.

    ``tables`` maps a table's name (without ``.json``) to its content.
    """
    found = {name: read(name) for name in NAMES} if tables is None else tables
    problems = [f"{name}: no such table" for name in NAMES if name not in found]
    problems += [f"{name}: unknown table" for name in found if name not in NAMES]
    for name, sections in _SECTIONS.items():
        table = found.get(name, {})
        if not isinstance(table, dict):
            problems.append(f"{name}: not an object")
        elif name in found:
            problems += [f"{name}: {key} is missing or malformed" for key in sections if not _object(table.get(key))]
    if not problems:
        problems = list(_Shapes(found).run())
    if not problems:
        problems = list(relations(found))
    return sorted(set(problems))


class _Shapes:
    """The form of each record, and that the sources it names are explained."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.tables = tables
        self.used: set[str] = set()

    def run(self) -> Iterator[str]:
        yield from self.sources()
        yield from self.layout()
        yield from self.runtimes()
        yield from self.system("al2")
        yield from self.system("al2023")
        yield from self.own_libraries()
        yield from self.limits()
        yield from self.bundled()
        yield from self.programs()
        yield from (
            f"sources: {name}: no fact uses it" for name in self.tables["sources"]["sources"] if name not in self.used
        )

    def record(
        self, where: str, value: Any, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None
    ) -> Iterator[str]:
        """Keys and values of one object; a ``source`` is looked up as well."""
        optional = optional or {}
        if not isinstance(value, dict):
            yield f"{where}: not an object"
            return
        yield from (f"{where}: {key} is missing" for key in required if key not in value)
        for key, content in value.items():
            check = required.get(key) or optional.get(key)
            if check is None:
                yield f"{where}: unknown key {key}"
            elif not check(content):
                yield f"{where}: {key} is malformed: {content!r:.80}"
            elif key == "source":
                for name in [content] if isinstance(content, str) else content:
                    self.used.add(name)
                    if name not in self.tables["sources"]["sources"]:
                        yield f"{where}: source {name} is not explained in sources"

    def sources(self) -> Iterator[str]:
        document = self.tables["sources"]
        yield from self.record("sources", document, {"confidences": _object, "sources": _object})
        words = dict.fromkeys(CONFIDENCES, _text)
        yield from self.record("sources: confidences", document["confidences"], words)
        for name, record in document["sources"].items():
            yield from self.record(f"sources: {name}", record, {"what": _text, "at": _text})

    def layout(self) -> Iterator[str]:
        document = self.tables["layout"]
        parts = ("common", "loader", "machines", "layouts")
        yield from self.record("layout", document, dict.fromkeys(parts, _object))
        directories = {"library_path": _distinct_texts, "path": _distinct_texts, "layer_directories": _distinct_texts}
        yield from self.record("layout: common", document["common"], directories | _FACT)
        loader: dict[str, Check] = {"default_directories": _distinct_texts, "lib": _text}
        yield from self.record("layout: loader", document.get("loader"), loader | _FACT)
        yield from self.record(
            "layout: machines", document.get("machines"), dict.fromkeys(ARCHITECTURES, _text) | _FACT
        )
        optional: dict[str, Check] = {"extension_suffixes": _distinct_texts}
        optional |= dict.fromkeys(_SEARCH_LISTS, lambda value: _distinct_texts(value) and all(map(_absolute, value)))
        required: dict[str, Check] = {"layer_directories": _distinct_texts}
        for name, record in document["layouts"].items():
            where = f"layout: {name}"
            yield from self.record(where, record, required | _FACT, optional | _NOTED)

    def runtimes(self) -> Iterator[str]:
        document = self.tables["runtimes"]
        top: dict[str, Check] = {"data_version": _date, "facts": _object, "retired": _object, "runtimes": _object}
        yield from self.record("runtimes", document, top)
        facts = dict.fromkeys(("os", "architectures", "supported_in_api"), _object)
        yield from self.record("runtimes: facts", document["facts"], facts)
        for name, record in document["facts"].items():
            yield from self.record(f"runtimes: facts: {name}", record, _FACT)
        retired: dict[str, Check] = {"identifiers": _distinct_texts}
        yield from self.record("runtimes: retired", document["retired"], retired | _FACT)
        records = document["runtimes"]
        for name, record in records.items():
            yield from self.one_runtime(f"runtimes: {name}", record)

    def one_runtime(self, where: str, record: Any) -> Iterator[str]:
        required: dict[str, Check] = {
            "language": _one_of(*LANGUAGES),
            "os": _one_of("al2", "al2023"),
            "architectures": lambda value: _distinct_texts(value) and bool(value) and set(value) <= set(ARCHITECTURES),
            "dates": _object,
            "layout": _one_of(*self.tables["layout"]["layouts"]),
            "supported_in_api": _flag,
        }
        optional: dict[str, Check] = {
            "version": _text,
            "node_module_version": _object,
            "esm_uses_node_path": _object,
            "class_version": _object,
        }
        yield from self.record(where, record, required, optional)
        if not isinstance(record, dict):
            return
        kinds = ("deprecation", "block_create", "block_update")
        dates = record.get("dates")
        yield from self.record(f"{where}: dates", dates, dict.fromkeys(kinds, _date_or_none) | _FACT)
        if isinstance(dates, dict):
            known = [dates[kind] for kind in kinds if _date(dates.get(kind))]
            if known != sorted(known):
                yield f"{where}: dates are out of order"
        if (record.get("language") == "nodejs") != ("esm_uses_node_path" in record):
            yield f"{where}: esm_uses_node_path belongs to Node.js runtimes, and to each"
        if (record.get("language") == "java") != ("class_version" in record):
            yield f"{where}: class_version belongs to Java runtimes, and to each"
        if record.get("language") != "provided" and "version" not in record:
            yield f"{where}: version is missing"
        values: dict[str, Check] = {
            "node_module_version": lambda value: value is None or type(value) is int,
            "esm_uses_node_path": _flag,
            "class_version": lambda value: type(value) is int and value >= 52,
        }
        for key, check in values.items():
            if key in record:
                yield from self.record(f"{where}: {key}", record[key], {"value": check} | _FACT)

    def version_lists(self, where: str, document: Mapping[str, Any]) -> Iterator[str]:
        required: dict[str, Check] = {"nodes": _distinct_words, "complete": _flag}
        for key, record in document["version_lists"].items():
            place = f"{where}: version list {key}"
            yield from self.record(place, record, required | _FACT, {"unverified_nodes": _distinct_words} | _NOTED)

    def system(self, name: str) -> Iterator[str]:
        where = f"libraries-{name}"
        document = self.tables[where]
        required: dict[str, Check] = {
            "os": _one_of(name),
            "glibc": _text,
            "date": _date,
            "loader": lambda value: (
                isinstance(value, dict)
                and set(value) == set(ARCHITECTURES)
                and all(_absolute(path) for path in value.values())
            ),
            "links": lambda value: (
                isinstance(value, dict) and all(_absolute(path) and _text(value[path]) for path in value)
            ),
            "version_lists": _object,
            "libraries": _object,
            "floor": _object,
        }
        yield from self.record(where, document, required | _FACT)
        yield from self.version_lists(where, document)
        floor = document["floor"]
        yield from self.record(f"{where}: floor", floor, {"date": _date, "libraries": _object} | _FACT, _NOTED)
        older = floor["libraries"] if _object(floor.get("libraries")) else {}
        lists = document["version_lists"]
        optional: dict[str, Check] = {
            "names": lambda value: _distinct_texts(value) and bool(value),
            "paths": lambda value: _distinct_texts(value) and bool(value) and all(map(_absolute, value)),
            "architectures": lambda value: _distinct_texts(value) and set(value) <= set(ARCHITECTURES),
            "versions": lambda value: (
                value in list(lists)
                or (
                    (isinstance(value, dict) and set(value) <= set(ARCHITECTURES))
                    and all(key in list(lists) for key in value.values())
                )
            ),
        }
        for label, group in ((where, document["libraries"]), (f"{where}: floor", older)):
            for soname, record in group.items():
                yield from self.record(f"{label}: {soname}", record, {"package": _text} | _FACT, optional)

    def own_libraries(self) -> Iterator[str]:
        where = "runtime-libraries"
        document = self.tables[where]
        parts = dict.fromkeys(("version_lists", "sets", "runtimes"), _object)
        yield from self.record(where, document, parts | _FACT)
        yield from self.version_lists(where, document)
        sets = document["sets"]
        optional: dict[str, Check] = {"names": _distinct_words, "versions": _one_of(*document["version_lists"])}
        for name, directories in sets.items():
            if not isinstance(directories, dict):
                yield f"{where}: {name}: not an object"
                continue
            for directory, group in directories.items():
                place = f"{where}: {name}: {directory}"
                if not _absolute(directory):
                    yield f"{place}: not an absolute path"
                yield from self.record(place, group, {}, {"plain": _distinct_words, "libraries": _object})
                records = group.get("libraries") if isinstance(group, dict) else None
                for soname, record in records.items() if isinstance(records, dict) else ():
                    yield from self.record(f"{place}: {soname}", record, {}, optional)
        for name in self.tables["runtimes"]["runtimes"]:
            required = {"date": _date} | dict.fromkeys(ARCHITECTURES, _one_of(*sets))
            yield from self.record(f"{where}: {name}", document["runtimes"].get(name), required)

    def limits(self) -> Iterator[str]:
        document = self.tables["limits"]
        yield from self.record("limits", document, {"limits": _object})
        yield from self.record("limits", document["limits"], dict.fromkeys(Limits._fields, _object))
        for name, record in document["limits"].items():
            check: Check = lambda value: type(value) is int and value > 0  # noqa: E731
            if name == "cpu_level":
                check = _object
            yield from self.record(f"limits: {name}", record, {"value": check} | _FACT, _NOTED)

    def bundled(self) -> Iterator[str]:
        where = "bundled-packages"
        document = self.tables[where]
        yield from self.record(where, document, {"lists": _object, "runtimes": _object})
        lists = document["lists"]
        yield from (f"{where}: list {key} is malformed" for key, names in lists.items() if not _distinct_texts(names))
        optional: dict[str, Check] = {
            "versions": lambda value: _by_directory(value, _versions),
            "names": lambda value: _by_directory(value, _one_of(*lists)),
            "nested": _one_of(*lists),
        }
        for name in self.tables["runtimes"]["runtimes"]:
            record = document["runtimes"].get(name)
            yield from self.record(f"{where}: {name}", record, {"complete": _flag} | _FACT, optional | _NOTED)

    def programs(self) -> Iterator[str]:
        document = self.tables["programs"]
        yield from self.record("programs", document, dict.fromkeys(_SECTIONS["programs"], _object))
        for name, target in document["links"].items():
            if not (_absolute(name) and _absolute(target)):
                yield f"programs: links: {name} is malformed"
        elsewhere: dict[str, Check] = {"directories": _distinct_texts}
        yield from self.record("programs: elsewhere", document["elsewhere"], elsewhere | _FACT, _NOTED)
        yield from self.record("programs: systems", document["systems"], dict.fromkeys(("al2", "al2023"), _object))
        yield from self.record("programs: languages", document["languages"], dict.fromkeys(LANGUAGES, _object))
        listed: dict[str, Check] = {"directories": lambda value: _by_directory(value, _distinct_words_or_none)}
        for name, record in document["systems"].items():
            yield from self.record(f"programs: {name}", record, listed | _FACT, _NOTED)
        words: dict[str, Check] = {"programs": _distinct_words_or_none}
        for name, record in document["languages"].items():
            yield from self.record(f"programs: {name}", record, words | _FACT, _NOTED)


def _by_directory(value: Any, check: Check) -> bool:
    """An object keyed by directories; the empty key stands for a directory that is not known."""
    return isinstance(value, dict) and all((not key or _absolute(key)) and check(part) for key, part in value.items())


def _versions(value: Any) -> bool:
    return isinstance(value, dict) and all(version is None or _text(version) for version in value.values())
