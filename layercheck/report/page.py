"""The page that the text report is written on: wrapping, colour and tables, by rich.

Everything written passes through ``visible`` here and becomes a ``Text``, so that no caller can forget it and no name
from an artifact is taken for markup.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .escape import harmless_line, visible

NARROWEST = 40
"""Columns below which indented text and tables are no longer readable."""

Part = str | tuple[str, str]
"""Text, or text and its style (``bold red``)."""


class Page:
    """A page so many columns wide (at least ``NARROWEST``); what the host's terminal is like does not matter."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = max(width, NARROWEST)
        self._file = io.StringIO()
        # The height and an empty environment: else rich takes 80 columns whatever the width when TERM is dumb.
        self._console = Console(
            file=self._file,
            width=self.width,
            height=100,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            force_jupyter=False,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )

    def gap(self) -> None:
        """An empty line between two parts, none at the top."""
        if self._file.tell():
            self._console.print()

    def paragraph(self, *parts: Part, indent: int = 0, hang: int = 0) -> None:
        """Wrapped at words, long words folded; lines after the first stand ``hang`` columns further in."""
        lines = _text(parts).wrap(self._console, self.width - indent - hang, overflow="fold")
        for number, line in enumerate(lines):
            self._print(indent + (hang if number else 0), line)

    def phrases(self, head: Part, phrases: Sequence[str], hang: int = 2) -> None:
        """``head`` and the phrases behind it, parted by commas: lines end between phrases where that is possible."""
        line: list[Part] = [head]
        indent = 0
        for number, phrase in enumerate(phrases):
            words = phrase + ("," if number + 1 < len(phrases) else "")
            needed = cell_len(visible(words))
            # What a phrase too long for a line leaves of the last one is room for the next.
            used = _text(line).wrap(self._console, self.width - hang, overflow="fold")[-1].cell_len
            full = used + 1 + needed > self.width - hang
            if full and (number or needed <= self.width - hang):
                self.paragraph(*line, indent=indent, hang=hang - indent)
                line, indent = [words], hang
            else:
                line.append(f" {words}")
        self.paragraph(*line, indent=indent, hang=hang - indent)

    def line(self, *parts: Part, indent: int = 0) -> None:
        """One line; what does not fit is cut, with an ellipsis."""
        text = _text(parts)
        text.truncate(self.width - indent, overflow="ellipsis")
        self._print(indent, text)

    def verbatim(self, *parts: Part, indent: int = 0) -> None:
        """One line however long, so that it can be copied."""
        self._print(indent, _text(parts))

    def table(self, rows: Sequence[Sequence[Part]], right: Collection[int] = (), indent: int = 2) -> None:
        """Rows of cells; the columns in ``right`` hold numbers and are never folded."""
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for column in range(max(map(len, rows))):
            if column in right:
                table.add_column(justify="right", no_wrap=True)
            else:
                table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*[_text([cell]) for cell in row])
        # Not Padding.indent(): it gives the table its least width, which is one too few beside an empty column.
        self._console.print(Padding(table, (0, 0, 0, indent)))

    def finish(self) -> str:
        """All that was written, without spaces at the ends of lines; no line is a command to a build service."""
        return "".join([harmless_line(line.rstrip()) + "\n" for line in self._file.getvalue().splitlines()])

    def _print(self, indent: int, text: Text) -> None:
        text.rstrip()
        self._console.print(Text(" " * indent) + text, soft_wrap=True)


def _text(parts: Sequence[Part]) -> Text:
    text = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        text.append(visible(words), style)
    return text
