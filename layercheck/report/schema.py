"""The JSON Schemas (2020-12) of what the commands write as JSON."""

from __future__ import annotations

import json
from typing import Any

from ..json_table import read_file

NAMES = ("report", "size", "diff")


def schema(name: str = "report") -> dict[str, Any]:
    """The schema of one of ``NAMES``, read anew on each call. It allows further keys: later versions only add."""
    document: dict[str, Any] = json.loads(read_file(__file__, f"{name}-schema.json"))
    return document
