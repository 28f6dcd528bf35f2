"""layercheck verifies AWS Lambda layer and function artifacts before they are deployed.

>>> from layercheck import check
>>> report = check("layer.zip", runtime="python3.12", architecture="arm64")  # doctest: +SKIP
>>> report.exit_code, [finding.rule for finding in report.findings]  # doctest: +SKIP
(1, ['LC301'])
"""

from __future__ import annotations

from ._version import __version__
from .named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from .artifact import Artifact, open_artifact
    from .check import check, check_many
    from .environment import runtimes
    from .finding import Confidence, Finding, Report, Severity

__all__ = [
    "Artifact",
    "Confidence",
    "Finding",
    "Report",
    "Severity",
    "__version__",
    "check",
    "check_many",
    "open_artifact",
    "runtimes",
]

_HOMES = {
    "Artifact": "artifact",
    "open_artifact": "artifact",
    "check": "check",
    "check_many": "check",
    "runtimes": "environment",
    "Confidence": "finding",
    "Finding": "finding",
    "Report": "finding",
    "Severity": "finding",
}


def __getattr__(name: str) -> Any:
    """Import the room of a public name when it is first asked for: the command line starts faster."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{home}")
    if name == home:
        # The import has bound the room to this name; it can be called, so it stays the same whatever came first.
        return module
    value = getattr(module, name)
    globals()[name] = value
    return value
