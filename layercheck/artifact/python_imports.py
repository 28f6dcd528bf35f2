"""What a module of Python imports, by its text: quickly for many files, surely (by the syntax tree) for single ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ..named_tuple import NamedTuple
from .python_source import parse

_STATEMENT = r"(?m)^([ \t]*)(?:import[ \t]+(?=[\w.])|from[ \t]+([.\w]+)[ \t]+import\b[ \t]*)"
_LONGEST = 8 << 10
_MOST = 4_000
"""Characters of one statement and statements of one module that are looked at: far more than people write."""


class Import(NamedTuple):
    """One module that a statement imports, absolute, and the ``names`` taken from it (none for ``import x``).

    ``outer``: the statement is not indented, so that importing the module runs it. ``line`` is 1-based.
    """

    module: str
    names: tuple[str, ...]
    outer: bool
    line: int


def imports_in(data: bytes, package: str) -> Iterator[Import]:
    """The imports of a module in ``package`` ("" at the top). Text in strings is taken for code; see ``confirms``."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    closing = text.rfind(")")
    line, counted, done = 1, 0, 0
    for match in islice(re.finditer(_STATEMENT, text), _MOST):
        line += text.count("\n", counted, match.start(1))
        counted = match.start(1)
        start = match.end()
        if start <= done:
            # The inside of the statement before.
            continue
        if text.startswith("(", start):
            end = text.find(")", start) if start < closing else -1
            if end < 0 or end - start > _LONGEST:
                continue
            done = end
            rest = re.sub(r"#[^\n]*", "", text[start + 1 : end])
        else:
            done = _line_end(text, start)
            rest = re.split("[#;]", text[start:done].replace("\\\n", " "), maxsplit=1)[0]
        outer = not match[1]
        if match[2] is None:
            for name in _names(rest):
                yield Import(name, (), outer, line)
        else:
            module = _absolute(match[2], package)
            if module is not None:
                yield Import(module, _names(rest), outer, line)


def _line_end(text: str, start: int) -> int:
    """Where a statement ends, over backslashes at the ends of lines."""
    end = text.find("\n", start)
    while end > start and text[end - 1] == "\\" and end - start < _LONGEST:
        end = text.find("\n", end + 1)
    return min(end if end >= 0 else len(text), start + _LONGEST)


def _names(text: str) -> tuple[str, ...]:
    parts = [part.split() for part in text.split(",")]
    return tuple([words[0] for words in parts if words and re.match(r"[\w.]+$|\*$", words[0])])


def _absolute(name: str, package: str) -> str | None:
    """``name`` without leading dots; None where they lead out of the top."""
    plain = name.lstrip(".")
    up = len(name) - len(plain)
    if not up:
        return name
    parts = package.split(".") if package else []
    if up > len(parts):
        return None
    return ".".join([*parts[: len(parts) - up + 1], *([plain] if plain else [])])


def confirms(data: bytes, line: int) -> bool:
    """Whether an import statement of the module itself begins at ``line``: not a word of a text, nor a part of
    something that may not run. True as well where the module cannot be parsed here."""
    import ast

    tree = parse(data)
    if tree is None:
        return True
    return any(isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == line for node in tree.body)


def module_name(path: str) -> tuple[str, bool] | None:
    """The dotted name of the module that a file is, by its path below sys.path, and whether it is a package.

    None for what cannot be imported under a name: data, scripts, libraries.
    """
    folder, _, name = path.rpartition("/")
    stem, _, suffix = name.partition(".")
    if suffix not in ("py", "pyc") and not (suffix.endswith("so") and f".{suffix}".endswith(".so")):
        return None
    parts = folder.split("/") if folder else []
    package = stem == "__init__"
    if not package:
        parts.append(stem)
    if not parts or not all(part.isidentifier() for part in parts):
        return None
    return ".".join(parts), package
