"""Python source of unknown origin to a syntax tree, or to nothing: never an exception, never a crash."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

_MAX_STATEMENT = 16 << 10


def parse(source: bytes | str) -> ast.Module | None:
    """The tree of a module; None for what is no Python of the version that runs this, or is nested too deeply."""
    if sys.version_info < (3, 11) and _is_too_long(source):
        return None
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_too_long(source: bytes | str) -> bool:
    """Python 3.10 overflows its stack on an expression of many thousand operators, which is fatal and no exception."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    return max((len(part) for part in re.split(rb"\n(?=\S)", data)), default=0) > _MAX_STATEMENT
