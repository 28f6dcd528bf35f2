"""What may have been meant by a word that is not known. Loaded only when something is wrong."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Iterator, Sequence

_MOST = 3
_MANY = 2_000
"""Names of one directory that are compared."""
_ALIKE = 0.8
"""For files: all end in .zip, which makes them alike."""


def nearest(word: str, names: Sequence[str], cutoff: float = 0.6) -> str:
    """``; did you mean a, b?``; nothing when no name is as like the word as ``cutoff``. Case does not matter."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.lower(), name)
    found = difflib.get_close_matches(word.lower(), list(folded), _MOST, cutoff)
    return f"; did you mean {', '.join(folded[name] for name in found)}?" if found else ""


def of_usage(message: str, parser: argparse.ArgumentParser) -> str:
    """What was meant by an option, or by one of several values, that argparse does not know."""
    match = re.match(r"unrecognized arguments: (.*)", message, re.DOTALL)
    if match is not None:
        known = sorted(set(_options(parser)))
        for word in match[1].split(" "):
            if word.startswith("-") and (hint := nearest(word.partition("=")[0], known)):
                return hint
        return ""
    match = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message, re.DOTALL)
    return nearest(match[1], re.findall(r"[\w.-]+", match[2])) if match is not None else ""


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The option strings of a parser and of its commands."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _options(command)


def of_input(error: OSError, first: str) -> str:
    """What was meant by an input that is not there: a command, or a file beside it. ``first`` is the first input."""
    name = error.filename
    if not isinstance(error, FileNotFoundError) or not isinstance(name, str):
        return ""
    if name == first and not os.path.dirname(name) and "." not in name:
        from .parser import command_names

        hint = nearest(name, command_names())
        if hint:
            return hint.replace("did you mean", "did you mean the command")
    folder = os.path.dirname(name)
    try:
        with os.scandir(folder or ".") as entries:
            names = sorted(entry.name for entry, _ in zip(entries, range(_MANY), strict=False))
    except OSError:
        return ""
    return nearest(os.path.basename(name), names, _ALIKE)
