"""What another reader of Markdown makes of a page: the oracle for what must not come of a name."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a page, those inside lines too."""
    for token in _PARSER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """The words that a reader sees."""
    return " ".join([token.content for token in tokens(text) if token.type in ("text", "code_inline", "fence")])
