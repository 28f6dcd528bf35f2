"""What Python code opens with ctypes and cffi, as far as its text alone says so.

The module is followed as it would be imported on Linux: what is decided by the platform is decided, constants are known
by their value, and whatever else is not understood says nothing. Code that copes with a library's absence is left out.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from .assigned import Assigned, assigned_in
from .entry import Opened
from .opened_syntax import (
    CFFI,
    FIND,
    PLAIN,
    always_raises,
    calls_in,
    catches,
    helper_of,
    lines_of_interest,
    mentions_find,
    merged,
    names_in,
    raises_import_error,
    yielded,
)
from .opened_values import UNKNOWN, Target, dotted, for_linux, libraries_in, value_of
from .python_source import parse

_OTHER_SYSTEMS = frozenset(("windll", "oledll", "WinDLL", "OleDLL"))
_MAX_FOUND = 16


def opened_by(source: str) -> tuple[Opened, ...]:
    """The names that the module opens. What is no Python of today, or too deep to be read, opens nothing known."""
    tree = parse(source)
    if tree is None:
        return ()
    try:
        walk = _Walk(tree, lines_of_interest(source, tree))
        walk.module(tree, source)
    except (ValueError, RecursionError, MemoryError):
        return ()
    kept: dict[tuple[tuple[str, ...], tuple[str, ...]], Opened] = {}
    for found in sorted(walk.out, key=lambda found: not found.always):
        clean = for_linux(found)
        # What only a function seeks with find_library it will look at, since the answer may be None.
        if clean is not None and (clean.names or clean.always):
            kept.setdefault((clean.names, clean.sought), clean)
    return tuple(sorted(kept.values(), key=lambda found: found.line)[:_MAX_FOUND])


class _Walk:
    def __init__(self, tree: ast.Module, lines: Sequence[int]) -> None:
        self.lines = lines
        self.assigned = Assigned(tree)
        self.helper_of = cache(helper_of)
        self.out: list[Opened] = []
        self.known: dict[str, object] = {"__name__": "imported"}
        self.aliases: dict[str, str] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.visited: set[str] = set()
        self.not_understood = 0
        # Whether a function that raises ImportError is there for other modules, to be called while they are imported.
        self.for_others = False

    def module(self, tree: ast.Module, source: str) -> None:
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = node
        self.block(tree.body, True)
        calls = calls_in(source)
        for name, function in self.functions.items():
            if name not in self.visited:
                self.for_others = calls.get(name) == 1
                self.function(function, False)

    def concerns(self, node: ast.stmt) -> bool:
        """Whether anything in there may open something; the rest of a module is not looked into."""
        at = bisect_left(self.lines, node.lineno)
        return at < len(self.lines) and self.lines[at] <= (node.end_lineno or node.lineno)

    def is_for_import(self, body: Sequence[ast.stmt]) -> bool:
        return self.for_others and raises_import_error(body)

    # Statements. Each says whether what follows it is never reached; ``always``: runs whenever the module is imported.

    def block(self, body: Sequence[ast.stmt], always: bool) -> bool:
        # Groups whose failure was caught; a later `if lib is None: raise` makes them needed after all.
        parked: list[tuple[Opened, frozenset[str]]] = []
        before = self.not_understood
        for node in body:
            if self.not_understood != before:
                # Names that are not known are tried as well.
                parked = []
            if isinstance(node, ast.If) and parked and always_raises(node.body):
                asked = names_in(node.test)
                needed = [found for found, names in parked if names & asked]
                if needed:
                    self.out.append(merged(needed, always or self.is_for_import(node.body)))
                    parked = [item for item in parked if item[0] not in needed]
                    continue
            if isinstance(node, ast.Try):
                parked += self.try_(node, always)
            elif isinstance(node, ast.For):
                parked += self.for_(node, always)
            elif isinstance(node, ast.Raise) and parked:
                self.out.append(merged([found for found, _ in parked], always or self.is_for_import([node])))
                return True
            elif self.statement(node, always):
                return True
        return False

    def statement(self, node: ast.stmt, always: bool) -> bool:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name in PLAIN or alias.name in CFFI or alias.name == FIND:
                    self.aliases[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    self.function(item, False)
                elif not isinstance(item, (ast.Try, ast.For)):
                    self.statement(item, always)
        elif isinstance(node, ast.If):
            return self.if_(node, always)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            if any("suppress" in dotted(item.context_expr) for item in node.items):
                self.caught(node.body, always)
                return False
            return self.block(node.body, always)
        elif isinstance(node, ast.While):
            self.forget(node)
            self.block(node.body, False)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.assign(node, always)
        elif isinstance(node, (ast.Raise, ast.Return, ast.Continue, ast.Break)):
            if self.concerns(node):
                self.expressions(node, always)
            return True
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and self.concerns(node):
            self.expressions(node, always)
        return False

    def if_(self, node: ast.If, always: bool) -> bool:
        self.expressions(node.test, always)
        known = value_of(node.test, self.known)
        if known is not UNKNOWN:
            return self.block(node.body if known else node.orelse, always)
        asked = names_in(node.test)
        if always_raises(node.body):
            for name in asked:
                target = self.known.get(name)
                if isinstance(target, Target):
                    always = always or self.is_for_import(node.body)
                    self.out.append(Opened(target.names, target.sought, node.lineno, always))
            return self.block(node.orelse, always) and bool(node.orelse)
        if any(isinstance(self.known.get(name), Target) for name in asked):
            # It looks whether the library is there before it opens it.
            self.forget(node)
            return False
        before = self.known.copy()
        for branch in (node.body, node.orelse):
            self.block(branch, False)
            self.known = before.copy()
        self.forget(node)
        return False

    def for_(self, node: ast.For, always: bool) -> list[tuple[Opened, frozenset[str]]]:
        if not self.concerns(node):
            self.forget(node)
            return []
        self.expressions(node.iter, always)
        choices = self.choices(node.iter)
        if not isinstance(node.target, ast.Name) or choices is None:
            self.forget(node)
            self.block(node.body, False)
            return []
        self.forget(node)
        self.known[node.target.id] = choices
        # In the loop each failure is caught or ends it; what counts is whether all of them together do.
        outside, self.out = self.out, []
        parked = []
        for item in node.body:
            if isinstance(item, ast.Try):
                parked += self.try_(item, always)
            else:
                self.statement(item, always)
        inside, self.out = self.out, outside
        self.out += [found for found in inside if not found.names or found.names != choices.names]
        self.known.pop(node.target.id, None)
        if parked and always_raises(node.orelse):
            self.out.append(merged([found for found, _ in parked], always or self.is_for_import(node.orelse)))
            return []
        return parked

    def choices(self, node: ast.expr) -> Target | None:
        """What a loop goes through: a literal list, or what a generator of this module gives."""
        value = value_of(node, self.known)
        if isinstance(value, tuple) and value and all(isinstance(item, str) for item in value):
            return Target(value, ())
        if isinstance(node, (ast.Tuple, ast.List)):
            return self.union(node.elts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = self.functions.get(node.func.id)
            if function is not None:
                self.visited.add(function.name)
                return self.union(list(yielded(function.body, self.known)))
        return None

    def try_(self, node: ast.Try, always: bool) -> list[tuple[Opened, frozenset[str]]]:
        """Open what the body opens; what is caught and not replaced is given back."""
        if not self.concerns(node):
            self.block([*node.body, *node.orelse, *node.finalbody], always)
            return []
        catching = [handler for handler in node.handlers if catches(handler)]
        if not catching:
            self.block(node.body, always)
            for handler in node.handlers:
                self.block(handler.body, False)
            self.block([*node.orelse, *node.finalbody], always)
            return []
        before = self.not_understood
        caught = self.caught(node.body, always)
        self.block([*node.orelse, *node.finalbody], always)
        if self.not_understood != before:
            # What is not known may do; the handlers only come after it.
            return []
        for handler in catching:
            if always_raises(handler.body):
                if caught:
                    self.out.append(merged(caught, always or self.is_for_import(handler.body)))
                return []
            outside, self.out = self.out, []
            parked = [found for item in handler.body if isinstance(item, ast.Try) for found in self.try_(item, always)]
            self.block([item for item in handler.body if not isinstance(item, ast.Try)], always)
            instead, self.out = self.out, outside
            if self.not_understood != before:
                return []
            if instead and caught:
                self.out.append(merged([*caught, *instead], always))
                return []
            if parked and caught:
                return [(merged([*caught, *[found for found, _ in parked]], always), self.assigned.within([node]))]
            # A library that is opened only where something else failed.
            self.out += [found._replace(always=False) for found in instead]
        names = self.assigned.within([node])
        return [(found, names) for found in caught]

    def caught(self, body: Sequence[ast.stmt], always: bool) -> list[Opened]:
        outside, self.out = self.out, []
        self.block(body, always)
        inside, self.out = self.out, outside
        return inside

    def forget(self, node: ast.stmt | ast.expr) -> None:
        """Whatever is assigned in there has no known value any more."""
        for name in self.assigned.within([node]) if isinstance(node, ast.stmt) else assigned_in(node):
            self.known.pop(name, None)

    def assign(self, node: ast.Assign | ast.AnnAssign, always: bool) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        value = value_of(node.value, self.known)
        sought: object = None
        if self.concerns(node):
            self.expressions(node.value, always)
            sought = self.target(node.value) if value is UNKNOWN and mentions_find(node.value) else None
        for target in targets:
            self.forget(target)
            if isinstance(target, ast.Name):
                if value is not UNKNOWN:
                    self.known[target.id] = value
                elif sought is not None:
                    self.known[target.id] = sought

    # Expressions.

    def expressions(self, node: ast.AST, always: bool) -> None:
        """All calls in there, those that are not run on Linux left out."""
        if isinstance(node, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return
        if isinstance(node, ast.IfExp):
            known = value_of(node.test, self.known)
            if known is not UNKNOWN:
                self.expressions(node.body if known else node.orelse, always)
                return
            always = False
        if isinstance(node, ast.Call):
            self.call(node, always)
        for child in ast.iter_child_nodes(node):
            self.expressions(child, always)

    def call(self, node: ast.Call, always: bool) -> None:
        if self.is_loader(node):
            target = self.target_of_call(node)
            if target is None:
                self.not_understood += 1
            elif target.names or target.sought:
                self.out.append(Opened(target.names, target.sought, node.lineno, always))
        elif isinstance(node.func, ast.Name) and node.func.id in self.functions:
            self.own_function(node, self.functions[node.func.id], always)

    def own_function(self, node: ast.Call, function: ast.FunctionDef, always: bool) -> None:
        """A function of this module: a helper that opens what it is given, or one that opens names of its own."""
        helper = self.helper_of(function)
        if helper is not None:
            self.visited.add(function.name)
            if any(value_of(keyword.value, self.known) is True for keyword in node.keywords):
                # allow_fail=True and the like.
                return
            target = self.given(node)
            if target is None:
                self.not_understood += 1
            elif helper.fails:
                sought = target if helper.finds else ()
                self.out.append(Opened(target if helper.opens else (), sought, node.lineno, always))
        elif always and function.name not in self.visited:
            self.visited.add(function.name)
            self.function(function, always)

    def function(self, function: ast.FunctionDef, always: bool) -> None:
        if not self.concerns(function) or self.helper_of(function) is not None:
            return
        before = self.known.copy()
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            self.known.pop(argument.arg, None)
        self.block(function.body, always)
        self.known = before

    def is_loader(self, node: ast.Call) -> bool:
        path = dotted(node.func)
        last = path.rpartition(".")[2]
        if isinstance(node.func, ast.Name):
            # A function of this module that is called dlopen is judged by what it does.
            return path not in self.functions and (self.aliases.get(path, path) in PLAIN | CFFI)
        return (last in PLAIN or last == "dlopen") and _OTHER_SYSTEMS.isdisjoint(path.split("."))

    def target_of_call(self, node: ast.Call) -> Target | None:
        last = dotted(node.func).rpartition(".")[2]
        if self.aliases.get(last, last) in CFFI:
            names = self.given(node)
            if names is not None:
                return Target(names, names)
        if not node.args:
            return None
        found = self.target(node.args[0])
        if found is not None and last == "dlopen" and isinstance(node.func, ast.Attribute):
            return Target(found.names, tuple(dict.fromkeys([*found.sought, *found.names])))
        return found

    def given(self, node: ast.Call) -> tuple[str, ...] | None:
        """The literal names among the arguments of a helper; None when one is not known, but for a first ``ffi``."""
        names: list[str] = []
        for place, argument in enumerate(node.args):
            value = value_of(argument, self.known)
            if value is UNKNOWN and place == 0 and "ffi" in dotted(argument):
                continue
            if isinstance(value, int) and place > 0:
                continue
            found = libraries_in(value)
            if found is None:
                return None
            names += found
        return tuple(dict.fromkeys(names)) or None

    def target(self, node: ast.expr) -> Target | None:
        """What a loader is asked for by its argument; empty for the program itself, None when not understood."""
        value = value_of(node, self.known)
        if value is None:
            return Target((), ())
        if isinstance(value, str):
            return Target((value,) if value else (), ())
        if isinstance(node, ast.Name):
            known = self.known.get(node.id)
            return known if isinstance(known, Target) else None
        if isinstance(node, ast.Call):
            path = dotted(node.func)
            last = path.rpartition(".")[2]
            if self.aliases.get(last, last) == FIND and len(node.args) == 1:
                name = value_of(node.args[0], self.known)
                return Target((), (name,)) if isinstance(name, str) else None
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.union(node.values)
        if isinstance(node, ast.IfExp):
            known = value_of(node.test, self.known)
            return None if known is UNKNOWN else self.target(node.body if known else node.orelse)
        return None

    def union(self, nodes: Sequence[ast.expr]) -> Target | None:
        found = [self.target(node) for node in nodes]
        names = [name for target in found if target is not None for name in target.names]
        sought = [name for target in found if target is not None for name in target.sought]
        return Target(tuple(names), tuple(sought)) if found and None not in found else None
