"""The options of every command."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from functools import partial

from .. import _version
from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "markdown")
_TAKES_VALUE = frozenset(
    {"--set", "--packager", "--min-confidence", "--baseline", "--write-baseline", "--config", "--report"}
    | {"-r", "--runtime", "-a", "--architecture", "--kind", "--layer", "--handler", "--env", "--libraries", "--upload"}
    | {"-j", "--jobs", "--date", "--select", "--ignore", "--fail-on", "--min-severity", "--max-unzipped", "--max-zip"}
    | {"-f", "--format", "-o", "--output", "--color", "--library-path", "--root", "--environment", "--print-handler"}
)
_EPILOG = """'layercheck check --help' lists the options of a check.
exit codes: 0 passed; 1 findings; 2 wrong command line or configuration; 3 could not check.
INPUT is a zip, jar, wheel or directory, or - for standard input; each is judged by itself.
Without -r and -a the report tells on which runtimes and architectures it works."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the fault and end with 2."""
        self.exit(2, f"layercheck: {message}\nTry 'layercheck --help'.\n")


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
    formatter = argparse.RawDescriptionHelpFormatter if printed else _fixed_width
    parser = _Parser(
        prog="layercheck",
        usage="layercheck [check] INPUT... [-r RUNTIME] [-a ARCHITECTURE] [options]\n       layercheck COMMAND ...",
        description="Verify AWS Lambda layer and function artifacts before they are deployed.",
        epilog=_EPILOG,
        formatter_class=formatter,
    )
    parser.add_argument("--version", action="version", version=f"layercheck {_version.__version__}")
    # prog is given so that argparse need not format a usage line.
    sub = parser.add_subparsers(prog="layercheck", title="commands", metavar="COMMAND", required=True)
    for name, (purpose, add) in _COMMANDS.items():
        if only is None or only == name:
            epilog = _EPILOG if name == "check" else None
            add(sub.add_parser(name, help=purpose, epilog=epilog, formatter_class=formatter))
    return parser


def _check(check: argparse.ArgumentParser) -> None:
    from .commands import check_command
    from .configured import add_options

    check.add_argument("inputs", nargs="*", metavar="INPUT", help="zip, jar, wheel, directory, or - (standard input)")
    check.add_argument(
        "-j",
        "--jobs",
        type=_jobs,
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

    runtimes.add_argument("--date", type=_date, help="judge states on this day (YYYY-MM-DD)")
    _output_options(runtimes, ("text", "json"))
    runtimes.set_defaults(command=runtimes_command)


def _schema(schema: argparse.ArgumentParser) -> None:
    from .commands import schema_command

    schema.add_argument(
        "which", choices=("report", "config"), metavar="report|config", help="of --format json, or of layercheck.toml"
    )
    schema.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    schema.set_defaults(command=schema_command)


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "check": ("check artifacts (the default: the word may be left out)", _check),
    "libs": ("the library tree of each root: where each comes from, or what was tried", _libs),
    "capture": ("make an environment file from an unpacked root filesystem", _capture),
    "rules": ("list the rules", _rules),
    "explain": ("one rule: what, why, how to fix, example, sources", _explain),
    "runtimes": ("the runtime table, with dates and where each fact comes from", _runtimes),
    "schema": ("print a JSON Schema", _schema),
}


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
        "--env", action="append", default=[], type=_assignment, metavar="NAME=VALUE", help="environment variable"
    )
    group.add_argument(
        "--libraries", choices=("newest", "floor"), default="newest", help="newest libraries known, or the oldest"
    )
    group.add_argument("--upload", choices=("direct", "s3"), default="s3", help="how it will be uploaded")
    group.add_argument("--date", type=_date, help="judge as on this day (YYYY-MM-DD; default: the date of the data)")


def _project_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("projects (SAM, CloudFormation)")
    group.add_argument(
        "--set", action="append", default=[], type=_assignment, metavar="NAME=VALUE", help="a template's parameter"
    )
    group.add_argument(
        "--packager", choices=("zip", "zip-y", "sam", "cdk"), help="what zips a directory: zip-y keeps links"
    )


def _rule_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rules")
    group.add_argument(
        "--select", action="append", default=[], type=_words, metavar="RULES", help="only these, e.g. LC3"
    )
    group.add_argument("--ignore", action="append", default=[], type=_words, metavar="RULES", help="not these")
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
    group.add_argument("--max-unzipped", type=_size, metavar="SIZE", help="own budget, e.g. 200MB")
    group.add_argument("--max-zip", type=_size, metavar="SIZE", help="own budget for the archive")
    group.add_argument("--exit-zero", action="store_true", help="exit 0 instead of 1")


def _output_options(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    group = parser.add_argument_group("output")
    words = f"{', '.join(formats)} (default {formats[0]})"
    group.add_argument(
        "-f", "--format", type=partial(_format, formats), metavar="FORMAT", default=formats[0], help=words
    )
    group.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE (whole or not at all)")
    if formats == FORMATS:
        group.add_argument(
            "--report",
            action="append",
            default=[],
            type=_report,
            metavar="FORMAT=FILE",
            help="write the report to FILE in this format, too; repeatable",
        )
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default auto")
    if "concise" in formats:
        group.add_argument("--no-progress", action="store_true", help="no progress on the terminal")
        group.add_argument("-q", "--quiet", action="store_true", help="errors and the last line only")
        group.add_argument("-v", "--verbose", action="store_true", help="every file, every directory tried")


def _words(text: str) -> list[str]:
    from ..config.kinds import RULES

    try:
        words: list[str] = RULES.read(text)
        return words
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _format(formats: Sequence[str], text: str) -> str:
    if text in formats:
        return text
    from difflib import get_close_matches

    near = get_close_matches(text.lower(), formats, 1, 0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise argparse.ArgumentTypeError(f"unknown format {text!r}: one of {', '.join(formats)}{hint}")


def _report(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=FILE")
    if path == "-":
        raise argparse.ArgumentTypeError(f"{text!r}: standard output is for -f")
    return _format(FORMATS, name), path


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _jobs(text: str) -> int:
    if not re.match(r"^[0-9]{1,4}$", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 9999")
    return int(text)


def _size(text: str) -> int:
    from ..config.kinds import size

    try:
        return size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _date(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date (YYYY-MM-DD)") from None
