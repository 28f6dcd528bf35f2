"""A report, written out for a person or a program.

One module a format. Each is imported when it is asked for: the JSON path must not pay for what draws the text.
"""

from __future__ import annotations

from ..finding import Report

FORMATS: tuple[str, ...] = ("text", "concise", "json")


def render(
    report: Report,
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
    quiet: bool = False,
) -> str:
    """The report in one of ``FORMATS``, ending with a newline.

    ``color``, ``width`` (columns), ``verbose`` and ``quiet`` shape the text format only: what programs read does not
    depend on the terminal. Raises ValueError for an unknown format.
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
    raise ValueError(f"unknown format {format!r}: one of {', '.join(FORMATS)}")
