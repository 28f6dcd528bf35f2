"""LC571 for Python: the module that a handler names is found, parses, and defines or imports the function."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..artifact.python_facts import Code
from ..artifact.python_reader import MAX_FILE, absolute
from ..artifact.python_source import syntax_fault
from ..finding import Confidence
from .base import Fault, Subject, TargetView, Unsure, quote, set_handler
from .modules import NAMESPACE, SOURCE, Module, Modules
from .reach import version_of

_DEEP = 8
"""Modules from which a name is imported in turn are followed so far."""
_BUILT_IN = frozenset(
    ("atexit", "builtins", "errno", "faulthandler", "gc", "itertools", "marshal", "posix", "pwd", "sys", "time")
)
"""Modules that are in the interpreter itself, whichever way it is built (CPython, Modules/Setup.bootstrap)."""


def python_handler(view: TargetView, function: Subject, handler: str) -> Iterator[Fault | Unsure] | None:
    """What is wrong with a handler ``module.name``; None where there is no such module.

    As Lambda does: it splits at the last dot, and imports what is before it with slashes made into dots
    (awslambdaric, bootstrap.py, _get_handler).
    """
    written, _, name = handler.rpartition(".")
    if written.partition(".")[0] in _BUILT_IN:
        return iter([_built_in(function, written)])
    finder = Modules(view)
    module = finder.find(written.replace("/", "."))
    if module is None:
        return _above(view, finder, function, handler)
    if module.kind == NAMESPACE:
        return iter([_namespace(view, function, module, handler)])
    return _in_module(view, finder, module, handler, name)


def _built_in(function: Subject, written: str) -> Fault:
    return Fault(
        f"the handler's module is called {written}, as one inside Python itself: Cannot use built-in module "
        f"{written} as a handler module",
        function,
        fix="Call the file otherwise, and the handler after it:\n" + set_handler("app.handler"),
        details={"handler": written},
    )


def _namespace(view: TargetView, function: Subject, module: Module, handler: str) -> Fault:
    name = handler.rpartition(".")[2]
    inner = [child[:-3] for child in view.filesystem.listdir(module.path) if child.endswith(".py")]
    better = f"{handler.rpartition('.')[0]}.{inner[0]}.{name}" if inner else "app.handler"
    return Fault(
        f"the handler is {handler}, and {module.path} is a folder without __init__.py: it imports, and has no {name}",
        function,
        fix=f"Name the file in it:\n{set_handler(better)}",
        details={"handler": handler, "function": name},
    )


def _above(view: TargetView, finder: Modules, function: Subject, handler: str) -> Iterator[Fault | Unsure] | None:
    """app.Class.method: Lambda takes all but the last part for a module."""
    written, _, name = handler.rpartition(".")
    above, _, owner = written.replace("/", ".").rpartition(".")
    module = finder.find(above) if above else None
    place = _place(view, module)
    if module is None or place is None or module.package:
        return None
    code = place[0].python.code(place[1])
    if code is None or owner not in code.defined:
        return None
    what = "class" if owner in code.classes else "value"
    fact = f"the handler is {handler}: Lambda seeks a module {written}, but {owner} is a {what} in this file"
    stem = place[1].removesuffix(".py").replace("/", ".") if place[0] is function else above
    fix = f"Give the function a name in the module, and name that:\n{name} = {owner}().{name}\n" + set_handler(
        f"{stem}.{name}"
    )
    return iter([Fault(fact, place[0], place[1], fix, details={"handler": handler, "function": name})])


def _place(view: TargetView, module: Module | None) -> tuple[Subject, str] | None:
    if module is None or module.kind != SOURCE or module.node is None or module.node.entry is None:
        return None
    return view.subject_of(module.node.mount), module.node.entry.path


def _in_module(view: TargetView, finder: Modules, module: Module, handler: str, name: str) -> Iterator[Fault | Unsure]:
    place, version = _place(view, module), version_of(view)
    if place is None or version is None:
        return
    subject, path = place
    source = subject.python.source(path)
    if source is None:
        why = f"the file has more than {MAX_FILE >> 10} KiB, and is not read"
        yield Unsure("whether it defines the handler", why, subject, path)
        return
    wrong = syntax_fault(source, version)
    if wrong is not None:
        yield _syntax(view, subject, path, wrong.line, wrong.message, sure=wrong.sure)
        return
    missing = _missing_at(view, finder, module, name, ())
    if missing is None:
        return
    there = _place(view, missing)
    if missing is module or there is None:
        yield Fault(
            f"the handler is {handler}, and this file defines no {name}: Runtime.HandlerNotFound",
            subject,
            path,
            set_handler(f"{handler[: -len(name)]}FUNCTION") + f"\nwith a function that {quote(path)} defines.",
            details={"handler": handler, "function": name},
        )
    else:
        yield Fault(
            f"the handler is {handler}, which this file imports from {missing.name}, where no such name is: cannot "
            "import name",
            subject,
            path,
            f"Define it in {quote(there[1])}, or import it from where it is.",
            confidence=Confidence.LIKELY,
            details={"handler": handler, "function": name, "imported_from": missing.path},
        )


def _syntax(view: TargetView, subject: Subject, path: str, line: int, message: str, *, sure: bool) -> Fault | Unsure:
    target = view.runtime.identifier
    where = f"line {line}: " if line else ""
    if not sure:
        mine = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
        why = f"{mine}, which runs this, cannot parse the file ({where}{message}); {target} is newer and may"
        return Unsure("whether it defines the handler", why, subject, path)
    return Fault(
        f"the handler's file is no code for {target}: {where}{message}: Runtime.UserCodeSyntaxError",
        subject,
        path,
        f"Mend it, and try with the same version: {target} -m py_compile {quote(path)}",
        details={"line": line, "message": message},
    )


def _missing_at(view: TargetView, finder: Modules, module: Module, name: str, seen: tuple[str, ...]) -> Module | None:
    """The module that should define ``name`` and does not; None where it is defined, or that cannot be told."""
    place = _place(view, module)
    code = place[0].python.code(place[1]) if place is not None else None
    if code is None or module.path in seen or len(seen) >= _DEEP:
        return None
    package = module.name if module.package else module.name.rpartition(".")[0]
    seen = (*seen, module.path)
    if name in code.defined:
        if name not in code.taken:
            return None
        written, there = code.taken[name]
        base = absolute(written, package)
        origin = finder.find(base) if base else None
        if origin is None or finder.find(f"{base}.{there}") is not None:
            return None
        found = _missing_at(view, finder, origin, there, seen)
        # A circle of imports sets names when it is run, in an order that is not followed.
        return found if found is None or found.path not in seen else None
    if code.dynamic or _stars_may(view, finder, code, package, name, seen):
        return None
    return module


def _stars_may(view: TargetView, finder: Modules, code: Code, package: str, name: str, seen: tuple[str, ...]) -> bool:
    """Whether a star import brings the name, as far as that can be told."""
    for item in code.imports:
        if "*" not in item.names or item.where.function or item.where.never:
            continue
        base = absolute(item.module, package)
        origin = finder.find(base) if base else None
        place = _place(view, origin)
        inner = place[0].python.code(place[1]) if place is not None else None
        if origin is None or inner is None:
            return True
        if inner.exported is not None:
            if name in inner.exported:
                return True
        elif "__all__" in inner.defined or (
            not name.startswith("_") and _missing_at(view, finder, origin, name, seen) is None
        ):
            return True
    return False
