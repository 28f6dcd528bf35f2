"""Reading the package's own tables (data/*.json), each at most once in a process."""

from __future__ import annotations

import json
import os
from functools import cache

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")

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


@cache
def read(name: str) -> dict[str, Any]:
    """The table of that name (without ``.json``); shared, so not to be changed."""
    with open(os.path.join(DIRECTORY, f"{name}.json"), encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document
