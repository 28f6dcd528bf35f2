"""Names from an artifact, made safe to show.

A file name may hold a line break, a terminal's escape sequence, a mark that turns the reading direction, or a byte
that is not UTF-8. None of these may reach a terminal or a log.
"""

from __future__ import annotations

import re

from ..artifact.printable import is_printable

MAX_SHOWN = 10_000


def visible(text: str) -> str:
    r"""The text with every character that does not print written as a Python escape (``\x1b``, ``\u202e``).

    A backslash stays single, so that a Windows path or a command reads as it is. What is longer than ``MAX_SHOWN`` is
    cut: no name that means something is, and to wrap such lines takes long. JSON has it all.
    """
    if len(text) > MAX_SHOWN:
        text = f"{text[:MAX_SHOWN]}… ({len(text):,} characters)"
    if is_printable(text):
        return text
    return "".join([character if is_printable(character) else _escaped(character) for character in text])


def visible_lines(text: str) -> str:
    """The same for a text of several lines, such as commands to paste: only its own line breaks stay."""
    return "\n".join(map(visible, text.strip("\n").split("\n")))


def harmless_line(line: str) -> str:
    r"""A visible line that no build service takes for a command of its own, whatever name stands in it.

    GitHub's runner and Azure's agent act on ``::error::`` where a line begins with it, spaces aside, and on
    ``##[group]`` and ``##vso[...]`` anywhere in it. One sign of these is written as its escape.
    """
    if "##" in line:
        line = re.sub(r"##(?=\w*\[)", r"#\\x23", line)
    start = line.lstrip()
    if start.startswith("::"):
        return f"{line[: len(line) - len(start)]}\\x3a{start[1:]}"
    return line


def harmless_json(text: str) -> str:
    r"""The same for JSON text, where a sign in a string can be written as ``\u0023`` and still means the same."""
    return re.sub(r"##(?=\w*\[)", r"#\\u0023", text) if "##" in text else text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
