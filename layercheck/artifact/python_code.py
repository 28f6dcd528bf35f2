"""What a Python module imports and uses, and when: at its import, in a function, under a guard, for some versions.

Made from the syntax tree of a module of unknown origin. Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from .assigned import Assigned
from .python_conditions import Condition, condition_of
from .python_facts import ATTRIBUTE, IMPORT, MISSING, Code, Import, Use, Where

_EVERYTHING = frozenset((IMPORT, MISSING, ATTRIBUTE))
_SWALLOWS = {
    "ImportError": frozenset((IMPORT, MISSING)),
    "ModuleNotFoundError": frozenset((MISSING,)),
    "AttributeError": frozenset((ATTRIBUTE,)),
    "Exception": _EVERYTHING,
    "BaseException": _EVERYTHING,
}
_DYNAMIC_CALLS = frozenset(("exec", "eval", "globals", "locals", "vars", "setattr", "__import__"))
_CALLS_DEEP = 4
"""Functions that call one another while their module is imported are followed so far."""


def read_code(tree: ast.Module) -> Code:
    """Look over a module once."""
    return _Reader().read(tree)


class _Reader:
    def __init__(self) -> None:
        self.imports: list[Import] = []
        self.uses: list[Use] = []
        self.bound: dict[str, str] = {}
        self.defined: set[str] = set()
        self.classes: set[str] = set()
        self.exported: frozenset[str] | None = None
        self.dynamic = False
        self.patched: set[str] = set()
        self.guards: list[tuple[Where, list[ast.stmt]]] = []
        self.taken: dict[str, tuple[str, str] | None] = {}
        self.calls: list[tuple[str, Where]] = []
        self._statements: dict[type[ast.AST], Callable[..., None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.If: self._if,
            ast.IfExp: self._if,
            ast.Try: self._try,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._function,
            ast.ClassDef: self._class,
            ast.Attribute: self._attribute,
            ast.Call: self._call,
            ast.Name: self._name,
            ast.Global: self._global,
        }
        star = getattr(ast, "TryStar", None)
        if star is not None:
            self._statements[star] = self._try

    def read(self, tree: ast.Module) -> Code:
        pending: list[tuple[ast.AST, Where, bool]] = [(tree, Where(), True)]
        # Imports first: an attribute is known by what its module is bound to, wherever in the file that is done.
        for node in ast.walk(tree):
            self._bind(node)
        self._pending = pending
        while pending:
            node, where, top = pending.pop()
            handle = self._statements.get(type(node))
            if handle is not None:
                handle(node, where, top)
            else:
                self._names_of(node, top)
                self._all(ast.iter_child_nodes(node), where, top)
        self._run_functions()
        return Code(
            tuple(sorted(self.imports, key=lambda item: item.line)),
            tuple(sorted(self.uses, key=lambda item: item.line)),
            frozenset(self.defined),
            frozenset(self.classes),
            self.exported,
            self.dynamic,
            frozenset(self.patched),
            self._guarding(Assigned(tree)),
            {name: origin for name, origin in self.taken.items() if origin is not None},
        )

    def _all(self, nodes: Iterable[ast.AST], where: Where, top: bool) -> None:
        self._pending += [(node, where, top) for node in nodes]

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    self.bound[alias.asname] = alias.name
                else:
                    self.bound[alias.name.partition(".")[0]] = alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                self.bound.setdefault(alias.asname or alias.name, f"{node.module}.{alias.name}")

    def _import(self, node: ast.Import, where: Where, top: bool) -> None:
        for alias in node.names:
            self.imports.append(Import(alias.name, (), node.lineno, where))
            self._define(alias.asname or alias.name.partition(".")[0], top)

    def _import_from(self, node: ast.ImportFrom, where: Where, top: bool) -> None:
        module = "." * node.level + (node.module or "")
        self.imports.append(Import(module, tuple([alias.name for alias in node.names]), node.lineno, where))
        sure = where == Where()
        for alias in node.names:
            self._define(alias.asname or alias.name, top, (module, alias.name) if sure else None)

    def _define(self, name: str, top: bool, origin: tuple[str, str] | None = None) -> None:
        if top:
            self.taken[name] = None if name in self.defined else origin
            self.defined.add(name)

    def _if(self, node: ast.If | ast.IfExp, where: Where, top: bool) -> None:
        found = condition_of(node.test)
        self._all([node.test], where, top)
        both: Sequence[tuple[Condition, list[ast.AST]]] = (
            (found.when_true, _nodes(node.body)),
            (found.when_false, _nodes(node.orelse)),
        )
        for condition, nodes in both:
            self._all(nodes, _under(where, condition), top)

    def _try(self, node: ast.Try, where: Where, top: bool) -> None:
        caught = frozenset[str]().union(*[_swallowed(handler) for handler in node.handlers])
        inner = where._replace(catches=where.catches | caught)
        self._all(node.body, inner, top)
        self._all(node.orelse, where._replace(after=where.after | caught), top)
        self._all(node.finalbody, where, top)
        for handler in node.handlers:
            self._names_of(handler, top)
            self._all(handler.body, where._replace(names=where.names | {""}), top)
        if caught:
            after = [statement for handler in node.handlers for statement in handler.body] + node.orelse
            self.guards.append((inner, after))

    def _with(self, node: ast.With | ast.AsyncWith, where: Where, top: bool) -> None:
        caught: frozenset[str] = frozenset()
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and _last(call.func) == "suppress":
                caught = caught.union(*[_SWALLOWS.get(_last(a), frozenset()) for a in call.args])
            self._all([item], where, top)
        self._all(node.body, where._replace(catches=where.catches | caught), top)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, where: Where, top: bool) -> None:
        name = "" if isinstance(node, ast.Lambda) else node.name
        if name:
            self._define(name, top)
            if name == "__getattr__" and top:
                self.dynamic = True
        if not isinstance(node, ast.Lambda):
            self._all([*node.decorator_list, *([node.returns] if node.returns else [])], where, False)
        self._all([node.args], where, False)
        inside = where if where.function else Where(function=name or "lambda")
        self._all(_nodes(node.body), inside, False)

    def _class(self, node: ast.ClassDef, where: Where, top: bool) -> None:
        self._define(node.name, top)
        if top:
            self.classes.add(node.name)
        self._all(ast.iter_child_nodes(node), where, False)

    def _attribute(self, node: ast.Attribute, where: Where, top: bool) -> None:
        if node.attr in ("modules", "__dict__"):
            self.dynamic = True
        name = self._dotted(node)
        if name is not None:
            if isinstance(node.ctx, ast.Load):
                self.uses.append(Use(name, node.lineno, where))
                if name == "sys.modules":
                    self.patched.add(name)
            else:
                self.patched.add(name)
            return
        self._all([node.value], where, top)

    def _dotted(self, node: ast.AST) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bound:
            return None
        return ".".join([self.bound[node.id], *reversed(parts)])

    def _call(self, node: ast.Call, where: Where, top: bool) -> None:
        if isinstance(node.func, ast.Name):
            self.calls.append((node.func.id, where))
        if _last(node.func) in ("import_module", "__import__") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                self.imports.append(Import(first.value, (), node.lineno, where))
        self._all(ast.iter_child_nodes(node), where, top)

    def _name(self, node: ast.Name, where: Where, top: bool) -> None:
        if isinstance(node.ctx, ast.Store):
            self._define(node.id, top)
        elif node.id in _DYNAMIC_CALLS:
            self.dynamic = True

    def _global(self, node: ast.Global, where: Where, top: bool) -> None:
        for name in node.names:
            self._define(name, True)

    def _names_of(self, node: ast.AST, top: bool) -> None:
        """Names that are bound without an ast.Name: by except, and by match."""
        for field in ("name", "rest"):
            bound = getattr(node, field, None)
            if isinstance(bound, str):
                self._define(bound, top)
        if top and isinstance(node, ast.Assign) and _last(node.targets[0]) == "__all__":
            self.exported = _literal_names(node.value)

    def _run_functions(self) -> None:
        """What functions do that are called while the module is imported happens at its import."""
        running: dict[str, Where] = {}
        for _ in range(_CALLS_DEEP):
            before = len(running)
            for name, where in self.calls:
                if not where.function:
                    running.setdefault(name, where)
                elif where.function in running and name not in running:
                    running[name] = _join(running[where.function], where)
            if len(running) == before:
                break
        moved = _Moved(running)
        self.imports = [i._replace(where=moved.of(i.where)) for i in self.imports]
        self.uses = [u._replace(where=moved.of(u.where)) for u in self.uses]
        self.guards = [(moved.of(where), after) for where, after in self.guards]

    def _guarding(self, assigned: Assigned) -> dict[str, frozenset[str]]:
        """What Code says as ``guards``."""
        caught = frozenset[str]().union(*[where.catches for where, _ in self.guards])
        return {
            error: assigned.within([node for where, after in self.guards if error in where.catches for node in after])
            for error in caught
        }


class _Moved:
    """Where code of functions runs that are called while their module is imported: one place for what shares one."""

    def __init__(self, running: dict[str, Where]) -> None:
        self._running = running
        # The place is kept in the value: its id stays its own for as long as the key is there.
        self._moved: dict[int, tuple[Where, Where]] = {}

    def of(self, where: Where) -> Where:
        if where.function not in self._running:
            return where
        if id(where) not in self._moved:
            self._moved[id(where)] = (where, _join(self._running[where.function], where))
        return self._moved[id(where)][1]


def _join(outer: Where, inner: Where) -> Where:
    return Where(
        outer.function,
        outer.catches | inner.catches,
        outer.versions + inner.versions,
        outer.names | inner.names,
        outer.never or inner.never,
        outer.after | inner.after,
    )


def _under(where: Where, condition: Condition) -> Where:
    return where._replace(
        versions=where.versions + condition.versions,
        names=where.names | condition.names,
        never=where.never or condition.never,
    )


def _nodes(body: ast.AST | Sequence[ast.AST]) -> list[ast.AST]:
    return [body] if isinstance(body, ast.AST) else list(body)


def _swallowed(handler: ast.ExceptHandler) -> frozenset[str]:
    """The exceptions after which the handler lets the module go on."""
    if any(isinstance(node, ast.Raise) or _is_exit(node) for node in handler.body):
        return frozenset()
    if handler.type is None:
        return _EVERYTHING
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return frozenset[str]().union(*[_SWALLOWS.get(_last(kind), frozenset()) for kind in types])


def _is_exit(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _last(node.value.func) == "exit"


def _last(node: ast.AST) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literal_names(node: ast.AST) -> frozenset[str] | None:
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    names = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return frozenset(names) if len(names) == len(node.elts) else None
