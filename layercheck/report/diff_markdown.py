"""The Markdown of ``layercheck diff``, for job summaries and comments on pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..inspect.diff import Diff
from ..inspect.diff_project import ProjectDiff
from . import diff_words as words
from .diff_words import Line
from .escape import visible

FILES, LINES = 50, 50
"""Files, and other changes of one sort, that are listed: a comment holds 65,536 characters."""
PARTS = 10
"""Functions and layers of a project that are told of."""
_LONGEST = 300
_ESCAPED = {sign: "\\" + sign for sign in "\\`*_{}[]|~"}
# A mention or a reference is sought in what was rendered: only a tag keeps it apart from its name.
_ESCAPED |= {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "<span>@</span>", "#": "<span>#</span>"}


def render(difference: Diff) -> str:
    """The whole page. What comes from an artifact stands there as text, whatever it is made of."""
    return "\n".join(_page(difference)) + "\n"


def render_project(difference: ProjectDiff) -> str:
    """The page about two builds of a project; a comment has room for the first of its functions and layers."""
    lines = [f"### layercheck diff: {plain(words.project_verdict(difference))}"]
    changed = [part for part in difference.parts if part.change != "same"]
    for part in changed[:PARTS]:
        if part.diff is None:
            lines += ["", f"#### {plain(part.name)}: {part.change}"]
        else:
            lines += ["", *_page(part.diff, f"#### {plain(part.name)}")]
    if len(changed) > PARTS:
        lines += ["", f"… and {len(changed) - PARTS:,} more"]
    notes = [Line("?", item.what, item.why) for item in difference.unchecked]
    return "\n".join([*lines, *_part("Not compared", notes)]) + "\n"


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is: no markup, no mention, no link; cut when it is very long."""
    shown = visible(text).replace("\n", " ")
    if len(shown) > _LONGEST:
        shown = shown[:_LONGEST] + "…"
    return "".join([_ESCAPED.get(sign, sign) for sign in shown]).replace("://", "&#58;//")


def _page(difference: Diff, title: str = "### layercheck diff") -> Iterator[str]:
    old, new = difference.old, difference.new
    yield f"{title}: {plain(words.verdict(difference))}"
    yield ""
    yield "| | path | unzipped, bytes | zipped, bytes | files |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for name, side in (("old", old), ("new", new)):
        zipped = "" if side.zip_bytes is None else f"{side.zip_bytes:,}"
        yield f"| {name} | {plain(side.path)} | {side.unzipped_bytes:,} | {zipped} | {side.files:,} |"
    zipped = "" if old.zip_bytes is None or new.zip_bytes is None else f"{new.zip_bytes - old.zip_bytes:+,}"
    unzipped, files = new.unzipped_bytes - old.unzipped_bytes, new.files - old.files
    yield f"| change | | {unzipped:+,} | {zipped} | {files:+,} |"
    yield from _part("Packages", words.packages(difference))
    yield from _part("Libraries", words.libraries(difference))
    yield ""
    yield f"**Check:** {plain(words.checked(difference))}"
    yield from _list([*words.declared(difference), *words.findings(difference)])
    shown, rest = words.files(difference, FILES)
    if shown:
        yield ""
        yield f"<details><summary>{len(difference.files):,} files</summary>"
        yield from _list(shown, None)
        if rest:
            yield f"* … and {rest:,} more"
        yield ""
        yield "</details>"
    if difference.unchecked:
        notes = [Line("?", item.path or item.what, item.why) for item in difference.unchecked]
        yield from _part("Not compared", notes)


def _part(title: str, lines: Sequence[Line]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"**{title}**"
        yield from _list(lines)


def _list(lines: Sequence[Line], most: int | None = LINES) -> Iterator[str]:
    if lines:
        yield ""
    for line in lines[:most]:
        rest = f": {plain(line.words)}" if line.words else ""
        yield f"* <code>{line.sign} {plain(line.subject)}</code>{rest}"
    if most is not None and len(lines) > most:
        yield f"* … and {len(lines) - most:,} more"
