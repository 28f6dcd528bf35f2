"""The configuration: ``layercheck.toml``, or ``[tool.layercheck]`` in ``pyproject.toml``, found upwards.

Light to import: every run searches, few find. What reads and validates is imported when there is something to read.
"""

from __future__ import annotations

from ..named_tuple import TYPE_CHECKING
from .search import ConfigError, find

if TYPE_CHECKING:
    from typing import Any

    from ..check.overrides import Overrides
    from ..finding import Source
    from .read import Configuration

__all__ = ["ConfigError", "configuration", "find", "overrides"]


def configuration(explicit: str | None = None) -> Configuration | None:
    """The configuration at ``explicit``, or else the nearest one, upwards from the working directory; None: there is
    none. Raises ConfigError when it is wrong or cannot be read.
    """
    found = find(explicit)
    if found is None:
        return None
    from .read import read

    return read(found)


def overrides(mapping: Any, where: Source) -> Overrides:
    """What ``Metadata: layercheck:`` of one resource of a template decides about that resource's findings.

    It takes ``ignore``, ``severity``, ``per-path-ignores`` and ``exceptions`` as the configuration does. ``where`` has
    the template's file (relative to the working directory) and the resource's logical id. Raises ConfigError, which
    names them.
    """
    from .read import read_metadata

    return read_metadata(mapping, where)
