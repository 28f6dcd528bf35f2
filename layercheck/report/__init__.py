"""A report, written out for a person or a program.

One module a format. Each is imported when it is asked for: the JSON path must not pay for what draws the text.
"""

from __future__ import annotations

from collections.abc import Collection

from ..finding import Report, Severity
from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from .location import Base

FORMATS: tuple[str, ...] = ("text", "concise", "json", "sarif", "github", "junit", "markdown")


def render(
    report: Report,
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
    quiet: bool = False,
    base: Base | None = None,
    rules: Collection[str] | None = None,
    fail_on: Severity | None = Severity.ERROR,
) -> str:
    """The report in one of ``FORMATS``, ending with a newline.

    ``color``, ``width`` (columns), ``verbose`` and ``quiet`` shape the text format only: what programs read does not
    depend on the terminal. ``base`` says where the paths lead that services show (sarif, github). ``rules`` (ids, None
    for all) are what was looked for, and findings at or above ``fail_on`` are what failed (junit). Raises ValueError
    for an unknown format.
    """
    if format == "json":
        from . import json

        return json.render(report)
    if format == "concise":
        from . import concise

        return concise.render(report)
    if format == "text":
        from . import text
        from .assets import short_assets

        return text.render(short_assets(report), color=color, width=width, verbose=verbose, quiet=quiet)
    if format == "sarif":
        from . import sarif

        return sarif.render(report, base)
    if format == "github":
        from . import github

        return github.render(report, base)
    if format == "junit":
        from . import junit

        return junit.render(report, rules=rules, fail_on=fail_on)
    if format == "markdown":
        from . import markdown

        return markdown.render(report)
    raise ValueError(f"unknown format {format!r}: one of {', '.join(FORMATS)}")
