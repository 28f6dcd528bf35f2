"""The reports of one check: one on standard output or in a file, others beside it, and GitHub's step summary."""

from __future__ import annotations

import os
from argparse import Namespace

from ..named_tuple import TYPE_CHECKING
from . import OK
from .output import Output, use_color

if TYPE_CHECKING:
    from ..check import Options
    from ..finding import Report
    from ..report.location import Base

_LOCATED = ("sarif", "github")
"""Formats whose paths a service looks up in the sources."""


def clash(options: Namespace) -> str | None:
    """The file that two reports are to be written to, if there is one."""
    seen = set()
    for path in [options.output, options.write_baseline, *[path for _, path in options.report]]:
        if path not in (None, "-"):
            real = os.path.realpath(path)
            # A device takes what several write to it.
            if real in seen and (os.path.isfile(real) or not os.path.exists(real)):
                return str(path)
            seen.add(real)
    return None


def write_reports(options: Namespace, report: Report, wanted: Options) -> int:
    """Write all that was asked for; the exit code. What can be written is, whatever became of the rest."""
    from .commands import write

    code = OK
    for format, path in options.report:
        # A file is for no terminal: coloured only where that was said outright.
        text = _text(options, report, wanted, format, color=options.color == "always", width=100)
        code = max(code, write(Output(path), text))
    output = Output(options.output)
    color = use_color(options.color, output.terminal())
    text = _text(options, report, wanted, options.format, color=color, width=output.width())
    code = max(code, write(output, text))
    if "github" in (options.format, *[format for format, _ in options.report]):
        _summarise(report)
    return code


def _text(options: Namespace, report: Report, wanted: Options, format: str, *, color: bool, width: int) -> str:
    from ..report import render

    return render(
        report,
        format,
        color=color,
        width=width,
        verbose=options.verbose,
        quiet=options.quiet,
        base=_base() if format in _LOCATED else None,
        rules=_rules(wanted) if format == "junit" else None,
        fail_on=wanted.fail_on,
    )


def _base() -> Base | None:
    """Paths lead from the working directory; services show them from the root of the checkout."""
    from ..report.location import Base

    try:
        working = os.getcwd()
    except OSError:
        # It is gone; then a path stays as it was given.
        return None
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or working
    return Base(_slashes(os.path.realpath(working)), _slashes(os.path.realpath(root)))


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/")


def _rules(wanted: Options) -> frozenset[str]:
    """The ids of the rules that this run looks for."""
    from ..rules import all_rules

    return frozenset([rule.id for rule in all_rules() if _asked(rule.id, rule.name, wanted)])


def _asked(rule: str, name: str, wanted: Options) -> bool:
    def named(words: tuple[str, ...]) -> bool:
        return any(name == word or rule.startswith(word.upper()) for word in words)

    return not named(wanted.ignore) and (not wanted.select or named(wanted.select))


def _summarise(report: Report) -> None:
    """Add the Markdown report to the summary of a GitHub step, which other commands of the step write to as well."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from ..report import render
    from . import say

    data = render(report, "markdown").encode("utf-8", "backslashreplace")
    try:
        with open(path, "ab") as file:
            file.write(data + b"\n")
    except OSError as error:
        say(f"cannot write the step's summary: {error.strerror or error}")
