"""Files that come with the package, and tables of facts among them: JSON files in a folder ``data`` beside a module."""

from __future__ import annotations

import json
import os
from functools import cache

from .named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    __loader__: Any


def read_file(module: str, name: str) -> bytes:
    """The file ``name`` beside a module, given its ``__file__``; also where the package lies in a zip (layercheck.pyz).

    Raises OSError when the installation is damaged.
    """
    data: bytes = __loader__.get_data(os.path.join(os.path.dirname(module), *name.split("/")))
    return data


@cache
def read_table(module: str, name: str) -> Any:
    """The table ``name`` (without .json) of a module, given its ``__file__``. Read once and shared: not to be changed.

    Raises OSError or ValueError when the installation is damaged.
    """
    return json.loads(read_file(module, f"data/{name}.json"))
