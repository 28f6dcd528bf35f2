"""What is known of a condition in Python code before it runs: by version of Python, and because Lambda is Linux."""

from __future__ import annotations

import ast

from ..named_tuple import NamedTuple
from .python_facts import Version

_NEGATED = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_OPERATORS = {ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
_KNOWN = {"TYPE_CHECKING": False, "PY2": False, "PY3": True, "IS_PY2": False, "IS_PY3": True, "PYPY": False}
_ON_LINUX = {
    "sys.platform": "linux",
    "os.name": "posix",
    "platform.system": "Linux",
    "sys.implementation.name": "cpython",
    "platform.python_implementation": "CPython",
    "__name__": "",
}
"""What these say in an imported module on Lambda."""


class Condition(NamedTuple):
    """What must be so for one branch: versions, a condition with unknown ``names`` ("": none), or nothing ever."""

    versions: tuple[Version, ...] = ()
    names: frozenset[str] = frozenset()
    never: bool = False


class Branches(NamedTuple):
    """The conditions of the branch of an if, and of its else."""

    when_true: Condition
    when_false: Condition


_ALWAYS = Branches(Condition(), Condition(never=True))
_NEVER = Branches(Condition(never=True), Condition())


def condition_of(test: ast.expr) -> Branches:
    """What is known of ``test``."""
    if isinstance(test, ast.Constant):
        return _ALWAYS if test.value else _NEVER
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        true, false = condition_of(test.operand)
        return Branches(false, true)
    if isinstance(test, (ast.Name, ast.Attribute)):
        known = _KNOWN.get(_dotted(test).rpartition(".")[2])
        return _unknown(test) if known is None else _ALWAYS if known else _NEVER
    if isinstance(test, ast.BoolOp):
        return _both(test)
    return _compared(test) or _unknown(test)


def _unknown(test: ast.expr) -> Branches:
    names = frozenset(
        [node.id for node in ast.walk(test) if isinstance(node, ast.Name)]
        + [node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)]
    ) or frozenset(("",))
    return Branches(Condition(names=names), Condition(names=names))


def _both(test: ast.BoolOp) -> Branches:
    """and: all parts hold; of its else only one that has one part is known. or: the other way round."""
    is_and = isinstance(test.op, ast.And)
    parts = [condition_of(value) for value in test.values]
    if not is_and:
        parts = [Branches(false, true) for true, false in parts]
    if any(true.never for true, _ in parts):
        found = _NEVER
    else:
        open_parts = [part for part in parts if not part.when_false.never]
        if not open_parts:
            found = _ALWAYS
        elif len(open_parts) == 1:
            found = open_parts[0]
        else:
            found = Branches(
                Condition(
                    tuple([version for true, _ in open_parts for version in true.versions]),
                    frozenset[str]().union(*[true.names for true, _ in open_parts]),
                ),
                _unknown(test).when_false,
            )
    return found if is_and else Branches(found.when_false, found.when_true)


def _compared(test: ast.expr) -> Branches | None:
    if isinstance(test, ast.Call):
        return _starts(test)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    operator, right = _OPERATORS.get(type(test.ops[0])), test.comparators[0]
    if operator is None:
        return None
    name = _dotted(test.left.func if isinstance(test.left, ast.Call) else test.left)
    if name in _ON_LINUX and operator in ("==", "!=") and isinstance(right, ast.Constant):
        return _ALWAYS if (right.value == _ON_LINUX[name]) == (operator == "==") else _NEVER
    found = _version(test.left, right)
    if found is None:
        return None
    return Branches(Condition((Version(operator, *found),)), Condition((Version(_NEGATED[operator], *found),)))


def _starts(test: ast.Call) -> Branches | None:
    """sys.platform.startswith("win")"""
    name = _dotted(test.func)
    value = _ON_LINUX.get(name.removesuffix(".startswith")) if name.endswith(".startswith") else None
    first = test.args[0] if len(test.args) == 1 else None
    if value is None or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    return _ALWAYS if value.startswith(first.value) else _NEVER


def _version(left: ast.expr, right: ast.expr) -> tuple[tuple[int, ...], bool] | None:
    """The tuple that sys.version_info, a slice of it, or its first part is compared with, and whether it is cut."""
    single = cut = False
    if isinstance(left, ast.Subscript):
        index = left.slice
        if isinstance(index, ast.Constant) and index.value == 0:
            single = True
        elif not isinstance(index, ast.Slice) or index.lower is not None:
            return None
        left, cut = left.value, True
    name = _dotted(left)
    if name in ("sys.version_info.major", "version_info.major"):
        single = cut = True
    elif name not in ("sys.version_info", "version_info"):
        return None
    parts = [right] if single else right.elts if isinstance(right, ast.Tuple) else []
    numbers = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, int)]
    return (tuple(numbers), cut) if numbers and len(numbers) == len(parts) else None


def _dotted(node: ast.expr) -> str:
    """sys.version_info as text; empty for what is no dotted name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
