"""Environment files: reading what a capture wrote, as the same Environment that the built-in tables make."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .capture_elf import WrongRecord, from_record
from .catalogue import UnknownRuntime, normalise_architecture, runtime, runtimes
from .model import Environment, EnvironmentFile, Interpreter, Link, Loader, Named, Other, Runtime, Versions

if TYPE_CHECKING:
    from ..elf.symbols import Symbols

MAX_BYTES = 256 << 20
"""Bytes of one environment file. A whole distribution with 20,000 ELF files takes 40 MB."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_KINDS = ("text", "empty", "directory", "unreadable")
_LOADERS = ("glibc", "musl")


class WrongEnvironment(ValueError):
    """The file is not an environment; the message says why."""


def load_file(path: str | os.PathLike[str]) -> Environment:
    """The environment in a file that ``layercheck capture`` wrote. Raises WrongEnvironment or OSError."""
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    name = os.fspath(path)
    if len(data) > MAX_BYTES:
        raise WrongEnvironment(f"{name}: larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WrongEnvironment(f"{name}: not JSON: {error}") from None
    if _HALF.search(data):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError):
            raise WrongEnvironment(f"{name}: a text in it has half a character (an escaped surrogate)") from None
    try:
        return from_document(document, hashlib.sha256(data).hexdigest())
    except WrongEnvironment as error:
        raise WrongEnvironment(f"{name}: {error}") from None


def from_document(document: Any, digest: str = "") -> Environment:
    """The environment of a parsed document; ``digest`` tells it from others. Raises WrongEnvironment."""
    if not isinstance(document, dict):
        raise WrongEnvironment("not an object")
    version = document.get("schema_version")
    if not isinstance(version, str) or version.split(".")[0] != "1":
        raise WrongEnvironment(f"schema_version is {version!r}, not 1.x")
    try:
        architecture = normalise_architecture(_text(document, "architecture"))
    except WrongEnvironment:
        raise
    except ValueError as error:
        raise WrongEnvironment(f"architecture: {error}") from None
    name = _text(document, "name", "captured")
    library_path = _text(document, "library_path", "")
    interpreters = _interpreters(_mapping(document, "interpreters"))
    environment = Environment(
        name=name,
        architecture=architecture,
        runtime=_runtime_of(interpreters),
        loader=_loader(_mapping(document, "loader"), _texts_by_name(_mapping(document, "cache"), "cache")),
        library_path=tuple(library_path.replace(";", ":").split(":")) if library_path else (),
        files={path: _file(path, record) for path, record in _mapping(document, "files").items()},
        inventory=f"captured {digest} LD_LIBRARY_PATH={library_path}",
        path=_texts(document, "path"),
        programs=_texts(document, "programs"),
        interpreters=interpreters,
        packages={
            folder: _texts_by_name(packages, f"packages of {folder}")
            for folder, packages in _mapping(document, "packages").items()
        },
        symbols=_mapping(document, "symbols"),
    )
    if not environment.files:
        raise WrongEnvironment("it has no files")
    return environment


def _runtime_of(interpreters: Mapping[str, Interpreter]) -> Runtime | None:
    """The runtime whose language facts fit, when Lambda's own Python is there: its name tells the version."""
    for path, interpreter in interpreters.items():
        if interpreter.language == "python" and interpreter.version and path.startswith("/var/lang/bin/"):
            try:
                return runtime(f"python{interpreter.version}")
            except UnknownRuntime:
                return None
    return None


def symbols_of(environment: Environment, path: str) -> Symbols | None:
    """The captured symbols of the file at a real path; None when there are none, or they make no sense."""
    if path not in environment.symbols:
        return None
    from .capture_symbols import symbols_of as read

    return read(environment.symbols, path)


def unknown_runtime(environment: Environment) -> Runtime:
    """A runtime of which only the libraries are known: no language, no dates."""
    directories = dict.fromkeys(folder for known in runtimes() for folder in known.layer_directories)
    return Runtime(
        identifier=environment.name,
        language="unknown",
        os="unknown",
        architectures=(environment.architecture,),
        deprecation_date=None,
        block_create_date=None,
        block_update_date=None,
        library_path=environment.library_path,
        path=environment.path,
        layer_directories=tuple(directories),
        sys_path=(),
        node_path=(),
        gem_path=(),
        rubylib=(),
        class_path=(),
        bootstrap=(),
        extension_suffixes={},
        node_module_version=None,
        esm_uses_node_path=False,
        supported_in_api=False,
        sources={},
        confidence={},
    )


def _loader(record: dict[str, Any], cache: Mapping[str, str]) -> Loader:
    kind = _text(record, "kind")
    if kind not in _LOADERS:
        raise WrongEnvironment(f"loader.kind is {kind!r}, neither glibc nor musl")
    path = _text(record, "path")
    if not path.startswith("/"):
        raise WrongEnvironment("loader.path is not absolute")
    directories = _texts(record, "default_directories")
    lib = _text(record, "lib", directories[0].lstrip("/") if directories else "lib")
    return Loader(kind, _text(record, "version", ""), path, directories, lib, cache)


def _file(path: str, record: Any) -> EnvironmentFile:
    if not path.startswith("/"):
        raise WrongEnvironment(f"files: {path!r} is not an absolute path")
    if not isinstance(record, dict):
        raise WrongEnvironment(f"files: {path!r} is not an object")
    try:
        if "elf" in record:
            return from_record(record["elf"])
        if "link" in record:
            return Link(_text(record, "link"))
        if "named" in record:
            return _named(_mapping(record, "named"))
    except (WrongRecord, WrongEnvironment) as error:
        raise WrongEnvironment(f"files: {path!r}: {error}") from None
    kind = record.get("other")
    if kind not in _KINDS:
        raise WrongEnvironment(f"files: {path!r} is neither elf, named, link nor other ({', '.join(_KINDS)})")
    return Other(kind)


def _named(record: dict[str, Any]) -> Named:
    soname = _text(record, "soname")
    if record.get("versions") is None:
        return Named(soname, None)
    versions = _mapping(record, "versions")
    complete = versions.get("complete", False)
    if not isinstance(complete, bool):
        raise WrongEnvironment("versions.complete is neither true nor false")
    nodes, unverified = (frozenset(_texts(versions, key)) for key in ("nodes", "unverified_nodes"))
    return Named(soname, Versions(nodes, unverified, complete))


def _interpreters(records: dict[str, Any]) -> dict[str, Interpreter]:
    found = {}
    for path in records:
        record = _mapping(records, path)
        version = record.get("version")
        if version is not None and not isinstance(version, str):
            raise WrongEnvironment(f"interpreters: {path!r}: version is neither text nor null")
        found[path] = Interpreter(_text(record, "language"), version, _texts(record, "needed"))
    return found


def _text(record: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = record.get(key, default)
    if not isinstance(value, str):
        raise WrongEnvironment(f"{key} is missing" if value is None else f"{key} is not text")
    return value


def _texts(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise WrongEnvironment(f"{key} is not a list of texts")
    return tuple(value)


def _mapping(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = record.get(key, {})
    if not isinstance(value, dict):
        raise WrongEnvironment(f"{key} is not an object")
    return value


def _texts_by_name(record: Any, where: str) -> dict[str, str]:
    if not isinstance(record, dict) or not all(isinstance(value, str) for value in record.values()):
        raise WrongEnvironment(f"{where}: not an object of texts")
    return dict(record)
