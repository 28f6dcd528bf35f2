"""Tables of facts: JSON files in a folder ``data`` beside the module that knows what they mean."""

from __future__ import annotations

import json
import os
from functools import cache

from .named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@cache
def read_table(module: str, name: str) -> Any:
    """The table ``name`` (without .json) of a module, given its ``__file__``. Read once and shared: not to be changed.

    Raises OSError or ValueError when the installation is damaged.
    """
    with open(os.path.join(os.path.dirname(module), "data", f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)
