"""Reading the package's own tables (data/*.json), each at most once in a process."""

from __future__ import annotations

from ..json_table import read_table
from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

NAMES = (
    "bundled-packages",
    "layout",
    "libraries-al2",
    "libraries-al2023",
    "limits",
    "programs",
    "runtime-libraries",
    "runtimes",
    "sources",
)


def read(name: str) -> dict[str, Any]:
    """The table of that name (without ``.json``); shared, so not to be changed."""
    document: dict[str, Any] = read_table(__file__, name)
    return document
