"""The text of ``layercheck diff``."""

from __future__ import annotations

from collections.abc import Sequence

from ..inspect.diff import Diff
from ..inspect.diff_project import ProjectDiff
from . import diff_words as words
from .diff_words import Line
from .page import Page
from .words import declared_at

FILES = 20
"""Files that are listed without ``--verbose``."""
_STYLES = {"+": "green", "-": "red", "~": "yellow", "m": "yellow"}


def render(difference: Diff, *, color: bool, width: int, verbose: bool = False, quiet: bool = False) -> str:
    """The whole page; ``verbose`` lists every file, ``quiet`` prints the last line only."""
    page = Page(width, color)
    if not quiet:
        _body(page, difference, verbose=verbose)
        page.gap()
    page.paragraph((words.verdict(difference), _verdict_style(difference.exit_code)))
    return page.finish()


def render_project(
    difference: ProjectDiff, *, color: bool, width: int, verbose: bool = False, quiet: bool = False
) -> str:
    """The page about two builds of a project; what is the same is told in one line each."""
    page = Page(width, color)
    for part in difference.parts if not quiet else ():
        at = f" ({declared_at(part.origin)})" if part.origin is not None else ""
        said = part.change.upper() if part.diff is None else words.verdict(part.diff)
        if part.change != "same":
            page.gap()
        page.paragraph((part.name, "bold"), f"{at}: ", (said, _STYLES[words.SIGNS.get(part.change, "~")]), hang=2)
        if part.diff is not None and part.change != "same":
            _body(page, part.diff, verbose=verbose)
            page.gap()
    for item in difference.unchecked if not quiet else ():
        page.paragraph(("not compared ", "yellow"), f"{item.what} ({item.artifact}): {item.why}", hang=2)
    if not quiet:
        page.gap()
    page.paragraph((words.project_verdict(difference), _verdict_style(difference.exit_code)))
    return page.finish()


def _verdict_style(code: int) -> str:
    return "bold green" if code == 0 else "bold red" if code == 3 else "bold"


def _body(page: Page, difference: Diff, *, verbose: bool) -> None:
    page.paragraph("old  ", (difference.old.path, "bold"), f": {words.side(difference.old)}", hang=5)
    page.paragraph("new  ", (difference.new.path, "bold"), f": {words.side(difference.new)}", hang=5)
    page.paragraph(words.totals(difference), indent=5, hang=2)
    _write(page, "packages", words.packages(difference))
    _write(page, "libraries", words.libraries(difference))
    page.gap()
    page.paragraph(("check", "bold"), f"  {words.checked(difference)}", hang=2)
    _lines(page, [*words.declared(difference), *words.findings(difference)])
    shown, rest = words.files(difference, None if verbose else FILES)
    if shown:
        page.gap()
        page.paragraph(("files", "bold"))
        page.table([[(line.sign, _STYLES[line.sign]), line.words, line.subject] for line in shown], right=(1,))
    if rest:
        page.paragraph(f"… and {rest:,} more (-v shows all)", indent=2)
    for item in difference.unchecked:
        place = f" ({item.artifact})" if item.artifact else ""
        path = f"{item.path}: " if item.path else ""
        page.paragraph(("not compared ", "yellow"), f"{path}{item.what}{place}: {item.why}", hang=2)


def _write(page: Page, title: str, lines: Sequence[Line]) -> None:
    if lines:
        page.gap()
        page.paragraph((title, "bold"))
        _lines(page, lines)


def _lines(page: Page, lines: Sequence[Line]) -> None:
    for line in lines:
        rest = f"  {line.words}" if line.words else ""
        page.paragraph((line.sign, _STYLES[line.sign]), f" {line.subject}{rest}", indent=2, hang=4)
