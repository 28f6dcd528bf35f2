"""JSON with the line of every key."""

from __future__ import annotations

import json
import re

from .nodes import Broken, Builder, Document, Map, Seq, built

MAX_TEXT = 32 << 20
"""Characters."""
_TOKEN = (
    r"[ \t\r\n]*(?:(?P<sign>[{}\[\],:])"
    r'|(?P<text>")'
    r"|(?P<word>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null))"
)
# A thousand escapes at a time: the engine keeps a mark for each while it repeats.
_TEXT = re.compile(r'[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*){0,1000}')


def read_json(text: str) -> Document:
    """The template in ``text``; never raises for what is in it."""
    return built(text, MAX_TEXT, _drive)


def _end_of_text(text: str, at: int) -> int:
    """Behind the quote that ends a text which begins before ``at``; 0 without one."""
    while True:
        part = _TEXT.match(text, at)
        end = at if part is None else part.end()
        if text.startswith('"', end):
            return end + 1
        if end == at:
            return 0
        at = end


def _drive(builder: Builder, text: str) -> None:
    """Read one value: ``state`` is what may come next; the open brackets are kept beside it."""
    match = re.compile(_TOKEN).match
    position, line, counted = 0, 1, 0
    state, brackets = "value", ""
    # Closed at once by a bracket without anything inside, or after a value.
    may_close = False
    while state != "end":
        found = match(text, position)
        ends = position if found is None else found.end()
        if found is not None and found["text"]:
            ends = _end_of_text(text, ends)
            found = found if ends else None
        start = found.end() - len(found[0].lstrip(" \t\r\n")) if found is not None else position
        line += text.count("\n", counted, start)
        counted = start
        if found is None:
            raise Broken(f"it is no JSON: {_next(state, may_close)} expected", line + _blank_lines(text, position))
        position = ends
        sign, word = found["sign"], text[start:ends] if found["text"] else found["word"]
        if sign in ("}", "]") and brackets and sign == brackets[-1] and may_close:
            builder.close()
            brackets = brackets[:-1]
        elif state == "value" and (sign in ("{", "[")):
            builder.open(Map(line) if sign == "{" else Seq(line))
            brackets += "}" if sign == "{" else "]"
            state, may_close = ("key" if sign == "{" else "value"), True
            continue
        elif state == "value" and word is not None:
            builder.scalar(_scalar(word, line), line)
        elif state == "key" and found["text"] is not None:
            builder.scalar(_scalar(word, line), line)
            state, may_close = ":", False
            continue
        elif state == ":" and sign == ":":
            state = "value"
            continue
        elif state == "," and sign == ",":
            state, may_close = ("key" if brackets[-1] == "}" else "value"), False
            continue
        else:
            raise Broken(f"it is no JSON: {_next(state, may_close)} expected", line)
        state, may_close = ("," if brackets else "end"), True
    if text[position:].strip(" \t\r\n"):
        raise Broken("it is no JSON: there is more after the end", line)


def _next(state: str, may_close: bool) -> str:
    what = {"value": "a value", "key": "a key", ":": "':'", ",": "','"}[state]
    return f"{what} or a closing bracket" if may_close else what


def _blank_lines(text: str, position: int) -> int:
    blank = re.compile(r"[ \t\r\n]*").match(text, position)
    return 0 if blank is None else blank[0].count("\n")


def _scalar(word: str, line: int) -> str | None:
    if word == "null":
        return None
    if not word.startswith('"'):
        return word
    if "\\" not in word:
        return word[1:-1]
    try:
        value: str = json.loads(word)
    except ValueError:
        raise Broken("it is no JSON: an escape that JSON does not know", line) from None
    return value
