"""What a shell may complete: the commands, options and values of a parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial

from ..named_tuple import NamedTuple

_OF_FILES = ("FILE", "INPUT", "INPUT|ARN", "ROOT", "OLD", "NEW")
DEFAULT = "check"


class Value(NamedTuple):
    """What a value may be: ``words``, or files; neither where nothing is known of it."""

    name: str
    words: tuple[str, ...] = ()
    files: bool = False


class Option(NamedTuple):
    """One option; ``value`` is None for a flag."""

    names: tuple[str, ...]
    value: Value | None
    help: str
    repeats: bool


class Command(NamedTuple):
    """One command with its options; ``values`` are its positional arguments."""

    name: str
    purpose: str
    options: tuple[Option, ...]
    values: tuple[Value, ...]


def commands(parser: argparse.ArgumentParser) -> tuple[Command, ...]:
    """Every command of a parser with all of them, in its order."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            purposes = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                found.append(
                    Command(
                        name,
                        purposes.get(name, ""),
                        tuple(_options(sub)),
                        tuple(_value(item) for item in sub._actions if not item.option_strings),
                    )
                )
    return tuple(found)


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:
        if action.option_strings:
            repeats = isinstance(action, argparse._AppendAction)
            value = None if action.nargs == 0 else _value(action)
            yield Option(tuple(action.option_strings), value, (action.help or "").replace("\n", " "), repeats)


def _value(action: argparse.Action) -> Value:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices is not None:
        return Value(metavar, tuple(map(str, action.choices)))
    if action.dest == "format" and isinstance(action.type, partial):
        # Its values are looked at by a function of the parser, which answers with the nearest.
        return Value(metavar, tuple(action.type.args[0]))
    if action.dest == "runtime":
        from ..environment import runtimes

        return Value(metavar, tuple(runtime.identifier for runtime in runtimes()))
    if action.dest == "architecture":
        return Value(metavar, ("x86_64", "arm64"))
    if metavar in ("RULE", "RULES"):
        from ..rules import all_rules

        return Value(metavar, tuple(word for rule in all_rules() for word in (rule.id, rule.name)))
    return Value(metavar, files=metavar in _OF_FILES)


def valued(found: Sequence[Command]) -> list[str]:
    """Every option that takes a value, of any command: what follows it is not a command."""
    names = {name for item in found for option in item.options if option.value is not None for name in option.names}
    return sorted(names)
