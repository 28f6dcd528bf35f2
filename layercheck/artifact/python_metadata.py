"""Which metadata of distributions a module asks for while it is imported."""

from __future__ import annotations

import re

from ..named_tuple import TYPE_CHECKING, NamedTuple
from .python_source import parse

if TYPE_CHECKING:
    import ast

_TELLING = rb"\b(?:version|distribution|metadata|requires|files|get_distribution|require)\s*\("
_LIBRARIES = ("importlib.metadata", "importlib_metadata", "pkg_resources")
_CALLS = {
    "importlib.metadata": ("version", "distribution", "metadata", "requires", "files"),
    "importlib_metadata": ("version", "distribution", "metadata", "requires", "files"),
    "pkg_resources": ("get_distribution", "require"),
}
_RAISES = {"pkg_resources": "DistributionNotFound"}


class Asking(NamedTuple):
    """A call for the metadata of ``name`` (as written) at ``line``; ``raises``: what it raises when that is absent."""

    name: str
    line: int
    call: str
    raises: str


def may_ask(data: bytes) -> bool:
    """Whether it is worth while to parse a module."""
    return (b"metadata" in data or b"pkg_resources" in data) and re.search(_TELLING, data) is not None


def asks(data: bytes, module: str, *, package: bool) -> list[Asking]:
    """The calls that importing ``module`` runs: outside of functions, conditions and try statements."""
    tree = parse(data)
    if tree is None:
        return []
    names = {"__name__": module, "__package__": module if package else module.rpartition(".")[0]}
    bound = _bound(tree)
    if module == "importlib_metadata":
        bound.update({call: ("importlib_metadata", call) for call in _CALLS["importlib_metadata"]})
    found = []
    for call in _calls_that_run(tree):
        library = _library(call.func, bound)
        name = _name(call, names)
        if library is not None and name:
            raises = _RAISES.get(library[0], "PackageNotFoundError")
            found.append(Asking(name, call.lineno, f'{library[0]}.{library[1]}("{name}")', raises))
    return found


def _bound(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """What a module's names mean: (library, "") for the library, (library, function) for one of its functions."""
    import ast

    found: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in _LIBRARIES:
                    found[alias.asname or alias.name] = (alias.name, "")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in _LIBRARIES:
                    found[alias.asname or alias.name] = (whole, "")
                elif alias.name in _CALLS.get(node.module or "", ()):
                    found[alias.asname or alias.name] = (node.module or "", alias.name)
    return found


def _calls_that_run(tree: ast.Module) -> list[ast.Call]:
    import ast

    later = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.If, ast.Try, ast.With, ast.For, ast.While)
    later += (ast.IfExp, ast.BoolOp, ast.GeneratorExp, ast.comprehension)  # type: ignore[assignment]
    calls: list[ast.Call] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Try) and not node.handlers:
            pending.extend([*node.body, *node.finalbody])
        elif not isinstance(node, later) and type(node).__name__ not in ("TryStar", "Match"):
            if isinstance(node, ast.Call):
                calls.append(node)
            pending.extend(ast.iter_child_nodes(node))
    return sorted(calls, key=lambda call: call.lineno)


def _library(function: ast.expr, bound: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """The library and its function that a call means."""
    import ast

    if isinstance(function, ast.Name):
        found = bound.get(function.id)
        return found if found is not None and found[1] else None
    if not isinstance(function, ast.Attribute):
        return None
    parts: list[str] = []
    base = function.value
    while isinstance(base, ast.Attribute):
        parts.append(base.attr)
        base = base.value
    library = bound.get(".".join([base.id, *reversed(parts)])) if isinstance(base, ast.Name) else None
    if library is None or library[1] or function.attr not in _CALLS[library[0]]:
        return None
    return library[0], function.attr


def _name(call: ast.Call, names: dict[str, str]) -> str | None:
    import ast

    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value if re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*$", argument.value) else None
    return names.get(argument.id) if isinstance(argument, ast.Name) else None
