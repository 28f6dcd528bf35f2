"""Small questions about Python code that opens libraries: what a statement or a helper does, which lines matter."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..named_tuple import NamedTuple
from .entry import Opened
from .opened_values import UNKNOWN, dotted, value_of

PLAIN = frozenset(("CDLL", "PyDLL", "LoadLibrary"))
CFFI = frozenset(("dlopen", "_dlopen"))
FIND = "find_library"
_MAX_WORDS = 50
_WORD = r"[A-Za-z0-9_\x80-\U0010ffff]+"
"""A name: those of Unicode have characters that are no letters for ``re``."""
_CATCHING = frozenset(("OSError", "IOError", "EnvironmentError", "Exception", "BaseException"))


def lines_of_interest(source: str, tree: ast.Module) -> list[int]:
    """The lines (1-based, ascending) that open something, or that mention a function of the module that does."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    words = {*PLAIN, *CFFI, FIND}
    lines = source.split("\n")
    opening = re.compile("|".join(map(re.escape, sorted(words))))
    new = [number for number, line in enumerate(lines, 1) if opening.search(line)]
    found = set(new)
    more = set[str]()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            more |= {
                alias.asname for alias in node.names if alias.asname and (alias.name in words or alias.name in more)
            }
    mentions = _mentions(lines, {*functions, *more})
    around = {line: name for name, node in functions.items() for line in range(node.lineno, _end(node) + 1)}
    # Each word is looked up once, when the first line is found in a function of that name.
    while True:
        more -= words
        words |= more
        new += [line for word in more for line in mentions[word] if line not in found]
        found.update(new)
        more = {around[line] for line in new if line in around} - words
        new = []
        if not more or len(words) > _MAX_WORDS:
            return sorted(found)


def _mentions(lines: Sequence[str], words: set[str]) -> Mapping[str, list[int]]:
    """The lines (1-based) that mention each of the names."""
    found: dict[str, list[int]] = {word: [] for word in words}
    for number, line in enumerate(lines, 1):
        for word in set(re.findall(_WORD, line)) & words:
            found[word].append(number)
    return found


def calls_in(source: str) -> Mapping[str, int]:
    """How often the text has each name with a parenthesis behind it: calls, and the definitions of functions."""
    return Counter([match[1] for match in re.finditer(rf"({_WORD})(\()?", source) if match[2]])


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


class Helper(NamedTuple):
    """A function that opens the names that it is given: with dlopen, with find_library; and whether it may fail."""

    opens: bool
    finds: bool
    fails: bool


def helper_of(function: ast.FunctionDef) -> Helper | None:
    """None for a function that opens nothing that it is given, or that makes names up from it."""
    arguments = function.args
    if not (arguments.args or arguments.vararg or arguments.posonlyargs):
        return None
    opens = finds = made_up = raises = False
    for node in _without_messages(function):
        if isinstance(node, ast.Call):
            last = dotted(node.func).rpartition(".")[2]
            given = bool(node.args) and not isinstance(node.args[0], ast.Constant)
            opens |= given and (last in PLAIN or last == "dlopen")
            finds |= given and (last.lstrip("_") == FIND or last == "dlopen")
            made_up |= last in ("format", "glob") or dotted(node.func).endswith("path.join")
        made_up |= isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod))
        )
        raises |= isinstance(node, ast.Raise)
    if not opens:
        return None
    return Helper(opens and not made_up, finds and not made_up, not made_up and (raises or _opens_at_last(function)))


def _opens_at_last(function: ast.FunctionDef) -> bool:
    """Whether its last statement opens something, uncaught."""
    last = function.body[-1]
    return isinstance(last, (ast.Return, ast.Expr, ast.Assign)) and any(
        isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in PLAIN | {"dlopen"}
        for node in ast.walk(last)
    )


def _without_messages(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, without the words of errors, and of what is printed or appended to a list of errors."""
    for child in ast.iter_child_nodes(node):
        yield child
        aside = isinstance(child, ast.Expr) and isinstance(child.value, ast.Call)
        if not isinstance(child, ast.Raise) and not aside:
            yield from _without_messages(child)


def catches(handler: ast.ExceptHandler) -> bool:
    """Whether it catches what a failing dlopen raises."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind).rpartition(".")[2] in _CATCHING for kind in kinds)


def always_raises(body: Sequence[ast.stmt]) -> bool:
    """Whether the last statement raises, or ends the program."""
    if not body:
        return False
    last = body[-1]
    return isinstance(last, ast.Raise) or (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and dotted(last.value.func) == "sys.exit"
    )


def raises_import_error(body: Sequence[ast.stmt]) -> bool:
    """Whether the last statement raises ImportError: who does that is meant to run during an import."""
    last = body[-1]
    raised = last.exc if isinstance(last, ast.Raise) else None
    return raised is not None and dotted(raised.func if isinstance(raised, ast.Call) else raised) == "ImportError"


def names_in(node: ast.AST) -> frozenset[str]:
    """The names that are mentioned in there."""
    return frozenset([part.id for part in ast.walk(node) if isinstance(part, ast.Name)])


def mentions_find(node: ast.AST) -> bool:
    """Whether find_library is called in there."""
    return any(isinstance(p, ast.Call) and dotted(p.func).endswith(FIND) for p in ast.walk(node))


def yielded(body: Sequence[ast.stmt], known: Mapping[str, object]) -> Iterator[ast.expr]:
    """What a generator gives on Linux."""
    for node in body:
        if isinstance(node, ast.If):
            test = value_of(node.test, known)
            if test is UNKNOWN:
                yield from yielded([*node.body, *node.orelse], known)
            else:
                yield from yielded(node.body if test else node.orelse, known)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield) and node.value.value is not None:
            yield node.value.value
        elif any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in ast.walk(node)):
            # Names that are made up in a loop: no text, so the whole is not understood.
            yield ast.Constant(value=0)


def merged(found: Sequence[Opened], always: bool) -> Opened:
    """Groups of which each is tried where another fails, as one."""
    names = dict.fromkeys([name for item in found for name in item.names])
    sought = dict.fromkeys([name for item in found for name in item.sought])
    return Opened(tuple(names), tuple(sought), found[0].line, always)
