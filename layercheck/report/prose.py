"""Text for Markdown pages: what it says is shown, and nothing in it is taken for markup.

Sentences of reports quote names out of artifacts. Escaping each sign that some Markdown gives a meaning would still
leave what services add: @mentions, #numbers, :emoji:, links made of bare addresses. So each word that is more than
letters, digits and the usual signs of a sentence becomes code, in which nothing has a meaning; it looks well, too:
file names and versions are what is quoted.
"""

from __future__ import annotations

import re

from .escape import visible

_OPENING, _CLOSING = "(\"'“‘", ".,;:!?)\"'”’…"
_HARMLESS = r"[^\W_]+(?:['’,.-][^\W_]+)*%?|[-–—%/+=…]"
"""A word of letters and digits, perhaps joined; or a sign by itself."""
_TELLING = r"[^\W\d_]\.|\.[^\W\d_]|^[0-9a-f]{7,}$"
"""What is a name though it has only letters and dots (www.example.com, layer.zip), or looks like a commit."""


def prose(text: str) -> str:
    """One line of Markdown, for the inside of a line: neither headings nor lists can come of it at the front."""
    return " ".join([_word(word) for word in visible(text).split()])


def code(text: str) -> str:
    """The text as code, whatever is in it."""
    text = visible(text)
    fence = "`" * (_longest_run(text) + 1)
    # A space at the front and the end is taken away again; where the text has both, or a backtick, it must be there.
    space = " " if text[:1] in ("`", " ", "") or text[-1:] in ("`", " ") else ""
    return f"{fence}{space}{text}{space}{fence}"


def block(lines: list[str]) -> list[str]:
    """Lines as they are, in a block of code that none of them ends; each is made visible."""
    shown = [visible(line) for line in lines]
    fence = "`" * max(3, max(map(_longest_run, shown), default=0) + 1)
    return [f"{fence}text", *shown, fence]


def _word(word: str) -> str:
    inside = word.lstrip(_OPENING)
    before = word[: len(word) - len(inside)]
    word = inside
    while inside and inside[-1] in _CLOSING and not (inside[-1] == ")" and inside.count("(") >= inside.count(")")):
        inside = inside[:-1]
    after = word[len(inside) :]
    if not inside or (re.fullmatch(_HARMLESS, inside) and not re.search(_TELLING, inside)):
        return f"{before}{inside}{after}"
    return f"{before}{code(inside)}{after}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)
