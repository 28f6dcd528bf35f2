"""Which names the parts of a module assign: found in one walk, however deeply the parts lie in each other."""

from __future__ import annotations

import ast
from collections.abc import Iterable


def assigned_in(node: ast.AST) -> frozenset[str]:
    """The names that are assigned in there."""
    if isinstance(node, ast.Name):
        return frozenset((node.id,)) if isinstance(node.ctx, ast.Store) else frozenset()
    return frozenset([p.id for p in ast.walk(node) if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)])


class Assigned:
    """The assigned names of a module in the order of its tree, in which each compound statement has its part.

    Few modules are asked for it, so that it is made when it is asked for.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._names: list[str] = []
        self._parts: dict[ast.AST, tuple[int, int]] = {}

    def within(self, nodes: Iterable[ast.stmt]) -> frozenset[str]:
        """The names that any of the statements assigns."""
        if not self._parts:
            self._walk()
        found: set[str] = set()
        parts = []
        for node in nodes:
            part = self._parts.get(node)
            if part is None:
                found |= assigned_in(node)
            else:
                parts.append(part)
        done = 0
        for start, end in sorted(parts):
            # What lies inside of the part before is counted.
            if end > done:
                found.update(self._names[max(start, done) : end])
                done = end
        return frozenset(found)

    def _walk(self) -> None:
        names, parts = self._names, self._parts
        pending: list[ast.AST | tuple[ast.AST, int]] = [self._tree]
        while pending:
            node = pending.pop()
            if isinstance(node, tuple):
                parts[node[0]] = (node[1], len(names))
            elif "body" in node._fields:
                # Comes up again when all below it is done.
                pending.append((node, len(names)))
                pending += ast.iter_child_nodes(node)
            elif isinstance(node, ast.Name):
                if isinstance(node.ctx, ast.Store):
                    names.append(node.id)
            else:
                pending += ast.iter_child_nodes(node)
