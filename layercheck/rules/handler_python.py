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
    found = _Search(view, finder).missing(module, name, ())
    if found is None:
        return
    missing = found[0]
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


class _Search:
    """Follows names through the imports of modules; each module is asked for a name once.

    What it passes on is (the module that should define a name and does not, how many modules below were looked at in
    turn); None where the name is defined, or that cannot be told: then that is the answer to the whole, so that only
    modules that lack a name are asked for it again.
    """

    def __init__(self, view: TargetView, finder: Modules) -> None:
        self._view = view
        self._finder = finder
        self._known: dict[tuple[str, str], tuple[Module, int]] = {}

    def missing(self, module: Module, name: str, seen: tuple[str, ...]) -> tuple[Module, int] | None:
        if module.path in seen or len(seen) >= _DEEP:
            return None
        found = self._known.get((module.path, name))
        if found is None:
            found = self._sought(module, name, (*seen, module.path))
            if found is not None:
                self._known[module.path, name] = found
        return found if found is not None and len(seen) + found[1] < _DEEP else None

    def _sought(self, module: Module, name: str, seen: tuple[str, ...]) -> tuple[Module, int] | None:
        code = self._code(module)
        if code is None:
            return None
        package = module.name if module.package else module.name.rpartition(".")[0]
        if name in code.defined:
            if name not in code.taken:
                return None
            written, there = code.taken[name]
            base = absolute(written, package)
            origin = self._finder.find(base) if base else None
            if origin is None or self._finder.find(f"{base}.{there}") is not None:
                return None
            found = self.missing(origin, there, seen)
            # A circle of imports sets names when it is run, in an order that is not followed.
            return (found[0], found[1] + 1) if found is not None and found[0].path not in seen else None
        depth = None if code.dynamic else self._stars(code, package, name, seen)
        return None if depth is None else (module, depth)

    def _stars(self, code: Code, package: str, name: str, seen: tuple[str, ...]) -> int | None:
        """How deep star imports were followed that do not bring the name; None where one does, or may."""
        depth = 0
        for item in code.imports:
            if "*" not in item.names or item.where.function or item.where.never:
                continue
            base = absolute(item.module, package)
            origin = self._finder.find(base) if base else None
            inner = self._code(origin)
            if origin is None or inner is None:
                return None
            if inner.exported is not None:
                if name in inner.exported:
                    return None
            elif "__all__" in inner.defined:
                return None
            elif not name.startswith("_"):
                found = self.missing(origin, name, seen)
                if found is None:
                    return None
                depth = max(depth, found[1] + 1)
        return depth

    def _code(self, module: Module | None) -> Code | None:
        place = _place(self._view, module)
        return place[0].python.code(place[1]) if place is not None else None
