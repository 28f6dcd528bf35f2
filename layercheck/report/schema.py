"""The JSON Schema (2020-12) of the JSON report."""

from __future__ import annotations

import json
import os
from typing import Any

_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report-schema.json")


def schema() -> dict[str, Any]:
    """The schema, read anew on each call. It allows further keys: later versions only add."""
    with open(_PATH, encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document
