"""The JSON Schemas (2020-12) of what the commands write as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

_FOLDER = os.path.dirname(os.path.abspath(__file__))
NAMES = ("report", "size", "diff")


def schema(name: str = "report") -> dict[str, Any]:
    """The schema of one of ``NAMES``, read anew on each call. It allows further keys: later versions only add."""
    with open(os.path.join(_FOLDER, f"{name}-schema.json"), encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document
