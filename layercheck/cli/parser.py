"""The options of every command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from .. import _version
from ..named_tuple import TYPE_CHECKING
from .values import (
    FORMATS,
    assignment_value,
    count_value,
    date_value,
    format_value,
    jobs_value,
    report_value,
    size_value,
    words_value,
)

if TYPE_CHECKING:
    from typing import Any, NoReturn

_TAKES_VALUE = frozenset(
    {"--set", "--packager", "--min-confidence", "--baseline", "--write-baseline", "--config", "--report"}
    | {"-r", "--runtime", "-a", "--architecture", "--kind", "--layer", "--handler", "--env", "--libraries", "--upload"}
    | {"-j", "--jobs", "--date", "--select", "--ignore", "--fail-on", "--min-severity", "--max-unzipped", "--max-zip"}
    | {"-f", "--format", "-o", "--output", "--color", "--library-path", "--root", "--environment", "--print-handler"}
    | {"--top", "--functions"}
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the fault, with what may have been meant, and end with 2."""
        from ..report.escape import visible_lines
        from .hints import of_usage

        self.exit(2, visible_lines(f"layercheck: {message}{of_usage(message, self)}\nTry 'layercheck --help'.\n"))

    def format_help(self) -> str:
        """The overview of all commands, or the help of one."""
        if self.prog != "layercheck":
            return super().format_help()
        from .help import overview

        return overview({name: purpose for name, (purpose, _) in _COMMANDS.items()})


def _fixed_width(*, prog: str) -> argparse.HelpFormatter:
    """For checking arguments, which argparse does with a formatter too: one that does not ask for the terminal."""
    return argparse.HelpFormatter(prog, width=80)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line; ``check`` may be left out. Raises SystemExit as argparse does."""
    place = _command_place(arguments)
    if place is not None:
        arguments = [arguments[place], *arguments[:place], *arguments[place + 1 :]]
    elif not set(arguments) & {"-h", "--help", "--version"} or _has_input(arguments):
        arguments = ["check", *arguments]
    only = arguments[0] if arguments[0] in _COMMANDS else None
    return build(only, printed=not {"-h", "--help"}.isdisjoint(arguments)).parse_args(arguments)


def _positions(arguments: Sequence[str]) -> list[int]:
    """Where words stand that are neither options nor their values."""
    found, value = [], False
    for place, word in enumerate(arguments):
        if value:
            value = False
        elif word.startswith("-") and word != "-":
            value = word in _TAKES_VALUE
        else:
            found.append(place)
    return found


def _command_place(arguments: Sequence[str]) -> int | None:
    places = _positions(arguments)
    return places[0] if places and arguments[places[0]] in _COMMANDS else None


def _has_input(arguments: Sequence[str]) -> bool:
    return bool(_positions(arguments))


def build(only: str | None = None, *, printed: bool = True) -> argparse.ArgumentParser:
    """The parser with all commands, or with one: making them all takes 10 ms. ``printed``: its help may be shown."""
    formatter: Callable[..., argparse.HelpFormatter] = _fixed_width
    words: Callable[[str], Any] = lambda name: {}  # noqa: E731 - nothing but what is printed needs them
    if printed:
        from .help import Formatter, about

        formatter, words = Formatter, about
    parser = _Parser(
        prog="layercheck",
        usage="layercheck [check] INPUT... [options]\n       layercheck COMMAND ...",
        formatter_class=formatter,
    )
    parser.add_argument("--version", action="version", version=f"layercheck {_version.__version__}")
    # prog is given so that argparse need not format a usage line.
    sub = parser.add_subparsers(prog="layercheck", title="commands", metavar="COMMAND", required=True)
    for name, (purpose, add) in _COMMANDS.items():
        if only is None or only == name:
            add(sub.add_parser(name, help=purpose, formatter_class=formatter, **words(name)))
    return parser


def _check(check: argparse.ArgumentParser) -> None:
    from .commands import check_command
    from .configured import add_options

    check.add_argument("inputs", nargs="*", metavar="INPUT", help="zip, jar, wheel, directory, or - (standard input)")
    check.add_argument(
        "-j",
        "--jobs",
        type=jobs_value,
        metavar="N",
        help="processes that check (default: one for each processor, if it pays)",
    )
    _target_options(check)
    _project_options(check)
    _rule_options(check)
    _output_options(check, FORMATS)
    add_options(check)
    check.set_defaults(command=check_command)


def _libs(libs: argparse.ArgumentParser) -> None:
    from .libs import libs_command

    libs.add_argument("input", metavar="INPUT", help="zip, jar, wheel, directory, or - (standard input)")
    _target_options(libs)
    linking = libs.add_argument_group("linking")
    linking.add_argument(
        "--library-path", metavar="PATH", help="the process's LD_LIBRARY_PATH; empty: not set (default: the target's)"
    )
    linking.add_argument(
        "--root", action="append", default=[], metavar="PATH", help="judge this file of the deployment; repeatable"
    )
    _output_options(libs, ("text", "json"))
    libs.add_argument("-q", "--quiet", action="store_true", help="only roots that do not load, and the last line")
    libs.add_argument("-v", "--verbose", action="store_true", help="also lookups that a loaded library answered")
    libs.set_defaults(command=libs_command)


def _sizes(size: argparse.ArgumentParser) -> None:
    from .size import size_command

    size.add_argument("input", metavar="INPUT", help="zip, jar, wheel, directory, or - (standard input)")
    group = size.add_argument_group("size")
    group.add_argument("--top", type=count_value, metavar="N", help="list N packages (default 15 in text, all in json)")
    group.add_argument("--max-unzipped", type=size_value, metavar="SIZE", help="own budget, e.g. 200MB")
    group.add_argument("--max-zip", type=size_value, metavar="SIZE", help="own budget for the archive")
    group.add_argument("--advise", action="store_true", help="zip, layer or image, and what could go")
    group.add_argument("--functions", type=count_value, metavar="N", help="how many functions share it; means --advise")
    _view_options(size, ("text", "json"), size_command)


def _diff(diff: argparse.ArgumentParser) -> None:
    from .diff import diff_command

    diff.add_argument("old", metavar="OLD", help="zip, jar, wheel, directory, or - (standard input)")
    diff.add_argument("new", metavar="NEW", help="the same, built anew")
    diff.add_argument("-q", "--quiet", action="store_true", help="the last line only")
    diff.add_argument("-v", "--verbose", action="store_true", help="every file")
    _view_options(diff, ("text", "json", "markdown"), diff_command)


def _capture(capture: argparse.ArgumentParser) -> None:
    from .capture import capture_command

    capture.add_argument(
        "root", nargs="?", metavar="ROOT", help="directory, a tar of one (- for standard input), or the response"
    )
    capture.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    capture.add_argument("--library-path", metavar="PATH", help="LD_LIBRARY_PATH of its processes; empty: not set")
    capture.add_argument(
        "--symbols", action="store_true", help="keep the dynamic symbols of every ELF file too (rule LC406)"
    )
    capture.add_argument(
        "--print-handler",
        choices=("python", "nodejs", "bootstrap"),
        metavar="LANGUAGE",
        help="print a function that captures the live environment it runs in: python, nodejs or bootstrap",
    )
    capture.set_defaults(command=capture_command)


def _rules(rules: argparse.ArgumentParser) -> None:
    from .commands import rules_command

    _output_options(rules, ("text", "json"))
    rules.set_defaults(command=rules_command)


def _explain(explain: argparse.ArgumentParser) -> None:
    from .commands import explain_command

    explain.add_argument("rule", metavar="RULE", help="id or name, such as LC401 or missing-library")
    _output_options(explain, ("text", "json"))
    explain.set_defaults(command=explain_command)


def _runtimes(runtimes: argparse.ArgumentParser) -> None:
    from .commands import runtimes_command

    runtimes.add_argument("--date", type=date_value, help="judge states on this day (YYYY-MM-DD)")
    _output_options(runtimes, ("text", "json"))
    runtimes.set_defaults(command=runtimes_command)


def _schema(schema: argparse.ArgumentParser) -> None:
    from .commands import schema_command

    schema.add_argument(
        "which",
        choices=("report", "config", "size", "diff"),
        metavar="NAME",
        help="report, config (of layercheck.toml), size or diff",
    )
    schema.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    schema.set_defaults(command=schema_command)


def _completion(completion: argparse.ArgumentParser) -> None:
    from .completion import SHELLS, completion_command

    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    completion.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    completion.set_defaults(command=completion_command)


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "check": ("check artifacts (the default: the word may be left out)", _check),
    "libs": ("the library tree of each root, or what was tried", _libs),
    "size": ("where the unzipped bytes go; --advise: zip, layer or image", _sizes),
    "diff": ("what a rebuild changed: packages, files, libraries, findings", _diff),
    "capture": ("make an environment file from a root filesystem", _capture),
    "rules": ("list the rules", _rules),
    "explain": ("one rule: what, why, how to fix, example, sources", _explain),
    "runtimes": ("the runtime table, with dates and sources", _runtimes),
    "schema": ("print a JSON Schema", _schema),
    "completion": ("print a script that completes commands and options", _completion),
}


def command_names() -> list[str]:
    """The names of all commands."""
    return list(_COMMANDS)


def _view_options(
    parser: argparse.ArgumentParser, formats: Sequence[str], command: Callable[[argparse.Namespace], int]
) -> None:
    """The target, projects and the configuration for a view beside check, which takes the rules' options from it."""
    from .configured import add_options

    _target_options(parser)
    _project_options(parser)
    _output_options(parser, formats)
    rest = argparse.ArgumentParser(add_help=False)
    _rule_options(rest)
    add_options(parser, rest)
    parser.set_defaults(command=command, write_baseline=None)


def _target_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("target")
    group.add_argument("--kind", choices=("auto", "layer", "function"), default="auto", help="what INPUT is")
    group.add_argument(
        "-r", "--runtime", action="append", default=[], metavar="NAME", help="e.g. python3.12; repeatable"
    )
    group.add_argument(
        "-a", "--architecture", action="append", default=[], metavar="ARCH", help="x86_64 or arm64; repeatable"
    )
    group.add_argument(
        "--layer", action="append", default=[], metavar="INPUT|ARN", help="a further layer, in order; repeatable"
    )
    group.add_argument(
        "--environment", metavar="FILE", help="a captured environment: a target by itself (see 'layercheck capture')"
    )
    group.add_argument("--handler", metavar="NAME", help="the function's handler, e.g. app.handler")
    group.add_argument(
        "--env", action="append", default=[], type=assignment_value, metavar="NAME=VALUE", help="environment variable"
    )
    group.add_argument(
        "--libraries", choices=("newest", "floor"), default="newest", help="newest libraries known, or the oldest"
    )
    group.add_argument("--upload", choices=("direct", "s3"), default="s3", help="how it will be uploaded")
    group.add_argument(
        "--date", type=date_value, help="judge as on this day (YYYY-MM-DD; default: the date of the data)"
    )


def _project_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("projects (SAM, CloudFormation, CDK)")
    group.add_argument(
        "--set", action="append", default=[], type=assignment_value, metavar="NAME=VALUE", help="a template's parameter"
    )
    group.add_argument(
        "--packager", choices=("zip", "zip-y", "sam", "cdk"), help="what zips a directory: zip-y keeps links"
    )


def _rule_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rules")
    group.add_argument(
        "--select", action="append", default=[], type=words_value, metavar="RULES", help="only these, e.g. LC3"
    )
    group.add_argument("--ignore", action="append", default=[], type=words_value, metavar="RULES", help="not these")
    levels = ("error", "warning", "info")
    group.add_argument(
        "--fail-on", choices=(*levels, "never"), default="error", help="exit 1 at or above this (default error)"
    )
    group.add_argument("--min-severity", choices=levels, default="info", help="show only these and worse")
    group.add_argument(
        "--min-confidence", choices=("certain", "likely"), default="likely", help="certain: likely ones do not count"
    )
    # What a configuration turns on can be turned off again.
    flag = argparse.BooleanOptionalAction
    group.add_argument("--strict", action=flag, help="exit 3 when something could not be checked")
    group.add_argument("--verify-hashes", action=flag, help="compare Python packages with their RECORD (LC503)")
    group.add_argument("--require-target", action=flag, help="exit 2 without -r and -a (for gates)")
    group.add_argument("--baseline", metavar="FILE", help="findings that do not count; see --write-baseline")
    group.add_argument("--write-baseline", metavar="FILE", help="write what is found to FILE, and accept it")
    group.add_argument("--max-unzipped", type=size_value, metavar="SIZE", help="own budget, e.g. 200MB")
    group.add_argument("--max-zip", type=size_value, metavar="SIZE", help="own budget for the archive")
    group.add_argument("--exit-zero", action="store_true", help="exit 0 instead of 1")


def _output_options(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    group = parser.add_argument_group("output")
    words = f"{', '.join(formats)} (default {formats[0]})"
    group.add_argument(
        "-f", "--format", type=partial(format_value, formats), metavar="FORMAT", default=formats[0], help=words
    )
    group.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE (whole or not at all)")
    if formats == FORMATS:
        group.add_argument(
            "--report",
            action="append",
            default=[],
            type=report_value,
            metavar="FORMAT=FILE",
            help="write the report to FILE in this format, too; repeatable",
        )
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default auto")
    if "concise" in formats:
        group.add_argument("--no-progress", action="store_true", help="no progress on the terminal")
        group.add_argument("-q", "--quiet", action="store_true", help="errors and the last line only")
        group.add_argument("-v", "--verbose", action="store_true", help="every file, every directory tried")
