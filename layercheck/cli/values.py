"""What the values of options mean; argparse tells why one is refused."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "markdown")


def words_value(text: str) -> list[str]:
    """Rules, parted by commas."""
    from ..config.kinds import RULES

    try:
        words: list[str] = RULES.read(text)
        return words
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def format_value(formats: Sequence[str], text: str) -> str:
    """One of ``formats``."""
    if text in formats:
        return text
    from difflib import get_close_matches

    near = get_close_matches(text.lower(), formats, 1, 0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise argparse.ArgumentTypeError(f"unknown format {text!r}: one of {', '.join(formats)}{hint}")


def report_value(text: str) -> tuple[str, str]:
    """``FORMAT=FILE``."""
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=FILE")
    if path == "-":
        raise argparse.ArgumentTypeError(f"{text!r}: standard output is for -f")
    return format_value(FORMATS, name), path


def assignment_value(text: str) -> tuple[str, str]:
    """``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def jobs_value(text: str) -> int:
    """A number of processes."""
    if not re.match(r"^[0-9]{1,4}$", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes from 1 to 9999")
    return int(text)


def size_value(text: str) -> int:
    """Bytes, of ``200MB`` or ``190MiB`` too."""
    from ..config.kinds import size

    try:
        return size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count_value(text: str) -> int:
    """A number of 1 or more."""
    if re.match(r"^[1-9][0-9]{0,8}\Z", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def date_value(text: str) -> str:
    """``YYYY-MM-DD``."""
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date (YYYY-MM-DD)") from None
