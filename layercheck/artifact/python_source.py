"""Python source of unknown origin to a syntax tree, or to nothing: never an exception, never a crash."""

from __future__ import annotations

import re
import sys

from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ast

_MAX_STATEMENT = 16 << 10
MAX_TOKENS = 256 << 10
"""Words, signs and lines of a module that is parsed: the tree takes up to a kilobyte for each."""
_IN_WORDS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" + bytes(range(128, 256))
_NEVER_RIGHT = (
    "Missing parentheses in call to",
    "leading zeros in decimal integer literals",
    "null bytes",
    "codec can't decode",
    "inconsistent use of tabs",
    "unexpected indent",
    "expected an indented block",
)
"""Errors in what no Python 3 has ever allowed, whichever of them says so."""


class SyntaxFault(NamedTuple):
    """Why a module cannot be parsed; ``line`` is 1-based, 0 where it is not known. ``sure``: by that Python either."""

    line: int
    message: str
    sure: bool


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


def is_too_dense(source: bytes) -> bool:
    """Whether a module has more than ``MAX_TOKENS``, those in texts and comments counted as well; a megabyte of what
    people write has fewer."""
    if len(source) <= MAX_TOKENS:
        return False
    signs = len(source.translate(None, _IN_WORDS + b" \t"))
    shapes = source.translate(bytes([97 if at in _IN_WORDS else 32 for at in range(256)]))
    return signs + shapes.count(b" a") > MAX_TOKENS


def syntax_fault(source: bytes, version: tuple[int, int]) -> SyntaxFault | None:
    """What is wrong with a module for the grammar of a Python (3, 12), as far as the Python that runs this can tell.

    An older grammar than its own it knows in part, of a newer one only what was never right.
    """
    if sys.version_info < (3, 11) and _is_too_long(source):
        return None
    import ast
    import warnings

    mine = sys.version_info[:2]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
            if version < mine:
                ast.parse(source, feature_version=version)
    except SyntaxError as error:
        message = str(error.msg)
        sure = version <= mine or any(part in message for part in _NEVER_RIGHT)
        return SyntaxFault(error.lineno or 0, message, sure)
    except ValueError as error:
        return SyntaxFault(0, str(error), True)
    except (RecursionError, MemoryError):
        return None
    return None


def _is_too_long(source: bytes | str) -> bool:
    """Python 3.10 overflows its stack on an expression of many thousand operators, which is fatal and no exception."""
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    return max((len(part) for part in re.split(rb"\n(?=\S)", data)), default=0) > _MAX_STATEMENT
