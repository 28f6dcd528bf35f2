"""Modules and names that a newer Python no longer has (data/removed.json), and a quick look for them in source code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from ..json_table import read_table
from ..named_tuple import NamedTuple

HEAD = 6_144
"""Bytes of a module in which its imports are sought."""
_LINES = rb"\n(?:import|from) +([\w., ]+)"
_IMPORTS = rb"\n(?:from +([\w.]+) *|import +)([^\n]*)"
_SEPARATORS = bytes.maketrans(b",.", b"  ")
_DOTTED = bytes([byte if (chr(byte).isalnum() and byte < 128) or byte in b"_." else 0x20 for byte in range(256)])
_WORDS = bytes([byte if byte < 128 and (chr(byte).isalnum() or byte == 0x5F) else 0x20 for byte in range(256)])
_BY_ATTRIBUTE = ("collections", "inspect", "asyncio", "pkgutil", "configparser")
"""Modules whose lost names are used as attributes at the top of modules: base classes, decorators, registrations."""
_MOST = 20


class Removed(NamedTuple):
    """``name`` is dotted. ``version`` is the first Python without it, None for what the runtimes themselves lost.

    ``use`` stands in its place, ``package`` brings it back under its name, and ``hook`` is a module of that package
    that does so only once the package was imported. ``kept``: names below it that are still there, ``whole`` a module
    that only a whole copy has; ``what`` explains.
    """

    name: str
    version: tuple[int, int] | None
    use: str
    package: str | None = None
    hook: str | None = None
    kept: frozenset[str] = frozenset()
    whole: str | None = None
    what: str | None = None


class _Table(NamedTuple):
    modules: Mapping[str, Removed]
    names: Mapping[str, Removed]
    words: frozenset[bytes]
    tops: frozenset[str]
    gone: frozenset[bytes]
    names_in: Mapping[bytes, frozenset[bytes]]
    used: Mapping[bytes, tuple[bytes, ...]]
    imports: Callable[[bytes], list[tuple[bytes, bytes]]]
    lines: Callable[[bytes, int, int], list[bytes]]


@lru_cache(maxsize=1)
def _table() -> _Table:
    data = read_table(__file__, "removed")
    modules: dict[str, Removed] = {}
    names: dict[str, Removed] = {}
    for item in data["modules"]:
        version = _version(item["removed"])
        modules[item["name"]] = Removed(item["name"], version, item["use"], item.get("package"), item.get("hook"))
    for item in data["names"]:
        for name in item["names"]:
            dotted = f"{item['module']}.{name}"
            names[dotted] = Removed(dotted, _version(item["removed"]), item["use"])
    for item in data["bundled"]:
        kept = frozenset(item["kept"])
        modules[item["name"]] = Removed(
            item["name"], None, item["use"], item["package"], None, kept, item["whole"], item["what"]
        )
    names_in: dict[bytes, list[bytes]] = {}
    for dotted in (*modules, *names):
        module, _, name = dotted.encode().rpartition(b".")
        names_in.setdefault(module, []).append(name)
    words = {name.rpartition(".")[2] for name in (*modules, *names)} | set(_BY_ATTRIBUTE)
    # These are in every second file; their modules are told by the full name later.
    words -= {"io", "re", "requests"}
    tops = frozenset([name.partition(".")[0] for name in (*modules, *names)])
    return _Table(
        modules,
        names,
        frozenset(word.encode() for word in words | {"vendored"}),
        tops,
        frozenset(name.encode() for name in (*modules, *names)),
        {module: frozenset(inside) for module, inside in names_in.items()},
        {module.encode(): tuple(names_in[module.encode()]) for module in _BY_ATTRIBUTE},
        re.compile(_IMPORTS).findall,
        re.compile(_LINES).findall,
    )


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def removed(dotted: str) -> Removed | None:
    """What is known of a module or name, or of what it lies in: distutils for distutils.core.setup."""
    table = _table()
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        head = ".".join(parts[:end])
        found = table.modules.get(head) or table.names.get(head)
        if found is not None:
            return None if end < len(parts) and parts[end] in found.kept else found
    return None


def names_of() -> Mapping[str, Removed]:
    """Every name in a module that some Python lost."""
    return _table().names


def modules_of() -> Mapping[str, Removed]:
    """Every module that some Python, or the runtimes, lost."""
    return _table().modules


def mentioned(data: bytes, path: str) -> tuple[str, ...]:
    """The lost modules and names that the head of a module imports at its left margin, or uses as attributes.

    A quick look that may be wrong: it does not know strings from code. Tests are passed over.
    """
    if "/tests/" in path:
        return ()
    table = _table()
    if not _may_mention(data, table):
        return ()
    lines: list[bytes] = table.lines(data, 0, HEAD)
    if data.startswith((b"import ", b"from ")):
        lines += table.lines(b"\n" + data[:HEAD], 0, data.find(b"\n", 0, HEAD) + 1 or HEAD)
    if not lines:
        return ()
    joined = b" ".join([*lines, b""])
    # The names of `from a import (` are on lines of their own, which are not among these.
    if (
        table.words.isdisjoint(joined.translate(_SEPARATORS).split())
        and b" import  " not in joined
        and b"typing." not in joined
    ):
        return ()
    found: set[str] = set()
    for line in lines:
        # Of `from a import (b, ...)` the parenthesis is not in the line.
        module, is_from, rest = (line + b" ").decode("ascii").partition(" import ")
        if not is_from:
            for part in module.split(","):
                name = part.split()[0] if part.split() else ""
                if name.partition(".")[0] in table.tops:
                    found.update(_known(name))
                    if name in _BY_ATTRIBUTE:
                        found.update(_attributes(data, name.encode()))
        elif module.partition(".")[0] in table.tops:
            if not rest.strip():
                start = data.find(b"(", data.find(line))
                rest = data[start + 1 : data.find(b")", start)].decode("ascii", "replace")
            for part in rest.split(","):
                name = part.split()[0] if part.split() else ""
                found.update(_known(f"{module.strip()}.{name}"))
    return tuple(sorted(found)[:_MOST])


def _may_mention(data: bytes, table: _Table) -> bool:
    """A quicker look, which nearly all modules end with: whether an import line has to do with the table at all."""
    for module, rest in table.imports(b"\n" + data[:HEAD]):
        if not module:
            for part in rest.split(b","):
                name = (part.translate(_DOTTED).split() or (b"",))[0]
                if _is_gone(name, table) or (name in table.used and _attributes(data, name)):
                    return True
            continue
        if b"import" not in rest or _is_gone(module, table):
            return True
        names = table.names_in.get(module)
        if names is not None:
            if b"(" in rest or b"\\" in rest:
                # The names may be on lines of their own.
                start = data.find(b"from " + module + b" import")
                if start < 0:
                    return True
                rest = data[start : data.find(b")", start) + 1 or len(data)]
            if not names.isdisjoint(rest.translate(_WORDS).split()):
                return True
    return False


def _is_gone(module: bytes, table: _Table) -> bool:
    while module not in table.gone:
        if b"." not in module:
            return False
        module = module.rpartition(b".")[0]
    return True


def _known(dotted: str) -> tuple[str, ...]:
    known = removed(dotted)
    return () if known is None else (known.name,)


def _attributes(data: bytes, module: bytes) -> set[str]:
    # At the left margin: base classes, decorators, values. What functions use fails only when they are called.
    found: set[str] = set()
    prefix = module + b"."
    at = data.find(prefix)
    # Each byte is looked at once, however long a line is and however often it names the module.
    line, seen, comment = 0, 0, False
    while at >= 0:
        after = at + len(prefix)
        newline = data.rfind(b"\n", seen, at) + 1
        if newline:
            line, seen, comment = newline, newline, False
        comment = comment or b"#" in data[seen:at]
        seen = at
        for name in _table().used[module]:
            if data.startswith(name, after) and not _is_word(data[after + len(name) : after + len(name) + 1]):
                margin = data[line : line + 1]
                if line and (_is_word(margin) or margin == b"@") and not comment:
                    found.add(f"{module.decode()}.{name.decode()}")
        at = data.find(prefix, after)
    return found


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"
