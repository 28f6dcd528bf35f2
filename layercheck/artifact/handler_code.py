"""Whether the file that a handler names defines its function: read only where a handler is given, and within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .artifact import Artifact
from .entry import FILE, Entry

MAX_SOURCE = 256 << 10
"""Bytes of source that are looked at; a bundle that is larger is left alone."""
MAX_FILES = 32
"""Files of the handler's name: the one that is meant, and others in folders."""
MAX_JARS = 256 << 20
"""Unzipped bytes of jars that are searched for the handler's class, in all."""
_NESTED = b"BOOT-INF/"
"""Jars of Spring Boot have their classes there, and jars in them."""
_SUFFIXES = frozenset(("js", "mjs", "cjs", "rb"))
# Patterns are compiled when first used: few runs need them, and every run would pay for it at its start.
_JS_DYNAMIC = (
    rb"export\s*\*|__exportStar|\.\.\.|exports\s*\[|Object\.\w+|Reflect\.|eval\(|with\s*\(|__webpack|"
    rb"module\.exports\s*=\s*(?!\{)|require\([^'\"`]"
)
_RUBY_DYNAMIC = (
    rb"\b(require|require_relative|load|autoload|include|extend|define_method|send|public_send|method_missing|"
    rb"instance_eval|class_eval|eval|alias_method)\b"
)


def read_handler_code(artifact: Artifact, handler: str, *, jars: bool) -> Mapping[str, bool | None]:
    """For each file that ``handler`` may mean: whether it defines what is asked for; None where that cannot be told.

    JavaScript and Ruby files are told by their names, in any folder. With ``jars`` the jars are answered for as
    well: whether they hold the handler's class.
    """
    found: dict[str, bool | None] = {}
    stems = _stems(handler)
    below = tuple(["/" + stem for stem in stems])
    class_file = handler.partition("::")[0].replace(".", "/").encode("utf-8", "replace") + b".class"
    budget = MAX_JARS
    for entry in artifact.entries:
        stem, _, suffix = entry.path.rpartition(".")
        if suffix in _SUFFIXES:
            if not (stem in stems or stem.endswith(below)) or entry.kind != FILE or len(found) >= MAX_FILES:
                continue
            if "node_modules/" not in stem or "node_modules/" in handler:
                found[entry.path] = _defines(artifact, entry, suffix, handler)
        elif jars and suffix == "jar" and entry.kind == FILE:
            budget -= max(entry.size, 0)
            found[entry.path] = _jar_has(artifact, entry, class_file) if budget >= 0 else None
    return found


def _stems(handler: str) -> frozenset[str]:
    """The path of the file without its suffix, as each language cuts the handler."""
    inside = handler.removeprefix("/opt/").removeprefix("/var/task/").removeprefix("./")
    folder, slash, last = inside.rpartition("/")
    stems = (inside.rpartition(".")[0].replace(".", "/"), folder + slash + last.partition(".")[0])
    return frozenset(stem for stem in stems if stem and not stem.endswith("/"))


def _defines(artifact: Artifact, entry: Entry, suffix: str, handler: str) -> bool | None:
    if not 0 <= entry.size <= MAX_SOURCE:
        return None
    data = artifact.read(entry, MAX_SOURCE)
    last = handler.rpartition("/")[2]
    name = (last.partition(".")[2] if suffix != "rb" else last.rpartition(".")[2]).split(".")[0]
    if not name or re.search(rb"(?<![\w$])" + re.escape(name.encode("utf-8", "replace")) + rb"(?![\w$])", data):
        return None
    dynamic = _RUBY_DYNAMIC if suffix == "rb" else _JS_DYNAMIC
    return None if re.search(dynamic, data) else False


def _jar_has(artifact: Artifact, entry: Entry, path: bytes) -> bool | None:
    """Names stand in a zip as they are, so the class need only be sought in the jar's bytes."""
    if entry.size < 0:
        return None
    sure, size, overlap = True, 0, b""
    longest = max(len(path), len(_NESTED))
    # In pieces: a jar of 250 MiB need not be in memory.
    for piece in artifact.pieces(entry):
        data = overlap + piece
        if path in data:
            return True
        sure = sure and _NESTED not in data
        size += len(piece)
        overlap = data[-longest:]
    return False if sure and size >= entry.size else None
