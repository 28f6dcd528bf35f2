"""Finds the configuration's file. On most machines there is none: a few looks at the file system, no parser."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping

from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

OWN, SHARED = "layercheck.toml", "pyproject.toml"
MAX_BYTES = 1 << 20
"""A configuration longer than that is none that people wrote."""
_MENTIONED = rb"layercheck[\"']?[ \t]*[.=]|\.[ \t]*[\"']?layercheck[\"']?[ \t]*\]"
"""Whatever way a table is written in TOML, its name is there, as a key; most files that name us only depend on us."""
_DOTTED = r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){100}"""
"""A key of so many parts is none that people wrote; the standard parser would take minutes over thousands of them."""
_WAY_OUT = "--no-config leaves it out"


class ConfigError(ValueError):
    """The configuration is wrong or cannot be read; the message names the file, the line where known, and the key."""


class Found(NamedTuple):
    """A configuration as it was read: ``path`` as it is shown (with forward slashes), ``folder`` absolute, the table.

    ``inside``: the keys above the table, which is a part of the file; ``text`` is the whole file.
    """

    path: str
    folder: str
    text: str
    table: Mapping[str, Any]
    inside: tuple[str, ...]


def find(explicit: str | None = None) -> Found | None:
    """The file at ``explicit``, or the nearest one upwards from the working directory that has a configuration.

    In one folder layercheck.toml comes first; a pyproject.toml without the table is passed over. Raises ConfigError.
    """
    if explicit is not None:
        return _explicit(explicit)
    try:
        here = os.getcwd()
    except OSError:
        # The working directory was removed; nothing lies above it.
        return None
    folder, shown = here, ""
    while True:
        for name in (OWN, SHARED):
            path = os.path.join(folder, name)
            if os.path.lexists(path):
                found = _read(path, shown + name)
                if found is not None:
                    return found
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder, shown = above, shown + "../"


def _explicit(path: str) -> Found:
    shown = path.replace(os.sep, "/")
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown}: {_reason(error)}") from None
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{shown}: is a directory, not a configuration")
    found = _parse(path, shown, _bytes(path, shown))
    if found is None:
        raise ConfigError(f"{shown}: has no table [tool.layercheck]")
    return found


def _read(path: str, shown: str) -> Found | None:
    """What one file on the way up says; None when it is no configuration."""
    own = os.path.basename(path) == OWN
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        if not own:
            # A link to nowhere is no project's file.
            return None
        raise ConfigError(f"{shown}: {_reason(error)} ({_WAY_OUT})") from None
    if not stat.S_ISREG(mode):
        if not own:
            return None
        raise ConfigError(f"{shown}: is not a regular file ({_WAY_OUT})")
    data = _bytes(path, shown, _WAY_OUT)
    return _parse(path, shown, data) if own or re.search(_MENTIONED, data) else None


def _bytes(path: str, shown: str, hint: str = "") -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{shown}: {_reason(error)}" + (f" ({hint})" if hint else "")) from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{shown}: is larger than {MAX_BYTES:,} bytes" + (f" ({hint})" if hint else ""))
    return data


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _parse(path: str, shown: str, data: bytes) -> Found | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{shown}:{line}: is not UTF-8 text") from None
    document = _document(text, shown)
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.basename(path) != SHARED:
        return Found(shown, folder, text, document, ())
    tools = document.get("tool")
    if not isinstance(tools, dict) or "layercheck" not in tools:
        return None
    table = tools["layercheck"]
    if not isinstance(table, dict):
        raise ConfigError(f"{shown}: tool.layercheck is a table")
    return Found(shown, folder, text, table, ("tool", "layercheck"))


def _document(text: str, shown: str) -> dict[str, Any]:
    if re.search(_DOTTED, text, re.ASCII):
        raise ConfigError(f"{shown}: has a key of more than 100 parts")
    import sys
    from importlib import import_module

    tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = tomllib.loads(text)
        return document
    except RecursionError:
        raise ConfigError(f"{shown}: is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{shown}: is not TOML: {error}") from None
