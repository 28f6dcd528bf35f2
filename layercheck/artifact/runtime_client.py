"""Whether bootstrap knows the Runtime API: the one literal that every client of it holds."""

from __future__ import annotations

from ..elf.reader import Ranges
from .inflate import MAX_WHOLE

BOOTSTRAP = "bootstrap"
MAX_SCRIPT = 4_096
"""Bytes of a bootstrap script that are kept; AWS's own example has 500."""
_ADDRESS = b"AWS_LAMBDA_RUNTIME_API"
# .NET compiled ahead of time, and some JavaScript engines, keep their strings as UTF-16.
_WIDE = _ADDRESS.decode("ascii").encode("utf-16-le")
_PACKED = b"UPX!"
_WINDOW = 1 << 20


def mentions_runtime_api(data: bytes, ranges: Ranges | None) -> bool | None:
    """Whether a file holds AWS_LAMBDA_RUNTIME_API; None for one that is packed or too large to look into."""
    if ranges is None:
        return _looked(_ADDRESS in data or _WIDE in data, _PACKED in data)
    if ranges.size > MAX_WHOLE:
        # Each range of such a file costs one more pass over it.
        return None
    packed = False
    for start in range(0, ranges.size, _WINDOW):
        (view,) = ranges.fetch([(start, _WINDOW + len(_WIDE))])
        window = view.cut()
        if _ADDRESS in window or _WIDE in window:
            return True
        packed = packed or _PACKED in window
    return _looked(False, packed)


def _looked(found: bool, packed: bool) -> bool | None:
    return found or (None if packed else False)


def small_script(data: bytes, ranges: Ranges | None) -> str | None:
    """The text of a script of at most 4 KiB."""
    return None if ranges is not None or len(data) > MAX_SCRIPT else data.decode("utf-8", "replace")
