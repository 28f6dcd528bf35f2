"""The names that Python code assigns, told for any part of it from one look at the whole."""

from __future__ import annotations

import ast
from bisect import bisect_left


class Stores:
    """The names that are assigned in a tree, by their places: found once, however deeply the statements nest."""

    def __init__(self, tree: ast.Module) -> None:
        found = sorted(
            [
                (node.lineno, node.col_offset, node.id)
                for node in ast.walk(tree)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
        )
        self._places = [(line, column) for line, column, _ in found]
        self._names = [name for _, _, name in found]

    def within(self, node: ast.stmt | ast.expr) -> list[str]:
        """The names that are assigned in there."""
        start = bisect_left(self._places, (node.lineno, node.col_offset))
        end = bisect_left(self._places, (node.end_lineno or node.lineno, node.end_col_offset or 0), start)
        return self._names[start:end]
