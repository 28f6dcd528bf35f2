"""Kinds of values that a key may have: how one is read, what is expected in words, and its JSON Schema.

Each reader takes any value that TOML or a template can hold and gives a clean one, or raises ValueError with the fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from ..named_tuple import NamedTuple
from ..report import FORMATS

_SHOWN = 60
_MOST_BYTES = (1 << 63) - 1
_SIZE = r"(?i)^\s*([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(|b|kb|mb|gb|kib|mib|gib|k|m|g)\s*$"
_SIZE_PATTERN = r"^\s*[0-9]{1,15}(\.[0-9]{1,15})?\s*([KMGkmg]?[Bb]?|[KMGkmg][Ii][Bb])\s*$"
"""The same in the language of JSON Schema, which has no flags."""
_FACTOR = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3}
_BINARY = {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_RULES_HINT = "see 'layercheck rules'"


class Kind(NamedTuple):
    """``expected`` says in words what a value is; ``read`` raises ValueError for any other."""

    expected: str
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]


class Wrong(ValueError):
    """A value inside a value is wrong; ``key`` leads to it."""

    def __init__(self, message: str, *key: str | int) -> None:
        super().__init__(message)
        self.key = key


def show(value: Any) -> str:
    """A value in few words, whatever it is."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        # A long number is not written out: Python refuses thousands of digits.
        return str(value) if isinstance(value, float) or abs(value) < 1 << 64 else "a very large number"
    for kind, words in ((Mapping, "a table"), ((list, tuple), "a list"), (date, "a date")):
        if isinstance(value, kind):
            return words
    return "nothing" if value is None else f"a {type(value).__name__}"


def near(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the known word nearest to one, if any is near."""
    import difflib

    # A word longer than any that is known is near to none.
    found = difflib.get_close_matches(word.lower().replace("_", "-"), list(words), n=1) if len(word) < 100 else []
    return f"; did you mean {found[0]!r}?" if found else ""


def size(text: str) -> int:
    """Bytes from a text such as 50000000, 50MB or 50MiB. Raises ValueError."""
    match = re.match(_SIZE, text)
    if match is None:
        raise ValueError(f"{show(text)} is not a size such as 50000000, 50MB or 50MiB")
    unit = match[2].lower()
    return int(float(match[1]) * (_BINARY.get(unit) or _FACTOR[unit]))


def _flag(value: Any) -> bool:
    flag: bool = _of(bool, value)
    return flag


def _text(value: Any) -> str:
    text: str = _of(str, value)
    if not text.strip():
        raise ValueError("it is empty")
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


def _texts(value: Any) -> list[str]:
    items = [value] if isinstance(value, str) else _of((list, tuple), value)
    return [_inside(_text, item, place) for place, item in enumerate(items)]


def _of(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"not {show(value)}")
    return value


def _inside(read: Callable[[Any], Any], value: Any, *key: str | int) -> Any:
    try:
        return read(value)
    except Wrong as error:
        raise Wrong(str(error), *key, *error.key) from None
    except ValueError as error:
        raise Wrong(str(error), *key) from None


def choice(*words: str) -> Kind:
    """One of some words."""

    def read(value: Any) -> str:
        text: str = _of(str, value)
        if text not in words:
            raise ValueError(f"not {show(text)}{near(text, words)}")
        return text

    expected = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return Kind(expected, {"enum": list(words)}, read)


def rule_word(value: Any) -> str:
    """One id, name or beginning of ids that names a rule."""
    from ..check.judge import word_fits
    from ..rules import all_rules

    word = _text(value)
    if not any(word_fits(word, rule.id, rule.name) for rule in all_rules()):
        words = [name for rule in all_rules() for name in (rule.name, rule.id)]
        hint = near(word, words) or near(word.upper(), words) or f" ({_RULES_HINT})"
        raise ValueError(f"no rule is called or begins with {show(word)}{hint}")
    return word


def _rule_words(value: Any) -> list[str]:
    words = [word for word in re.split(r"[,\s]+", value) if word] if isinstance(value, str) else value
    return [_inside(rule_word, item, place) for place, item in enumerate(_of((list, tuple), words))]


def _size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= _MOST_BYTES:
            raise ValueError(f"not {show(value)}")
        return value
    return size(_of(str, value))


def _date(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    text: str = _of(str, value)
    try:
        if not re.match(r"^\d{4}-\d{2}-\d{2}$", text, re.ASCII):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{show(text)} is not a date (YYYY-MM-DD)") from None


def _runtimes(value: Any) -> list[str]:
    from ..environment import runtime

    return _checked(value, runtime)


def _architectures(value: Any) -> list[str]:
    from ..environment import normalise_architecture

    return _checked(value, normalise_architecture)


def _checked(value: Any, check: Callable[[str], object]) -> list[str]:
    items = _texts(value)
    for place, item in enumerate(items):
        _inside(check, item, place)
    return items


def _table(value: Any, read: Callable[[Any], Any]) -> list[tuple[str, Any]]:
    pairs = []
    for key, item in _of(Mapping, value).items():
        if not isinstance(key, str) or not key or "\0" in key:
            raise ValueError(f"{show(key)} is no name")
        pairs.append((key, _inside(read, item, key)))
    return pairs


def _variable(value: Any) -> str:
    # An empty value is one too.
    text: str = _of(str, value)
    return text


def _severities(value: Any) -> list[tuple[str, str]]:
    pairs = _table(value, SEVERITY.read)
    for key, _ in pairs:
        _inside(rule_word, key, key)
    return pairs


def _files(value: Any) -> list[tuple[str, str]]:
    pairs = _table(value, _text)
    for key, _ in pairs:
        if key not in FORMATS:
            raise Wrong(f"there is no such format{near(key, FORMATS)}", key)
    return pairs


_STRING: dict[str, Any] = {"type": "string", "minLength": 1}
_STRINGS: dict[str, Any] = {"anyOf": [_STRING, {"type": "array", "items": _STRING}]}
SEVERITY = choice("error", "warning", "info", "off")
FLAG = Kind("true or false", {"type": "boolean"}, _flag)
TEXT = Kind("a text", _STRING, _text)
TEXTS = Kind("a list of texts, or one", _STRINGS, _texts)
RULES = Kind("a list of rules: ids, names or beginnings of ids", _STRINGS, _rule_words)
SIZE = Kind(
    "a size: bytes, or a text such as 200MB or 190MiB",
    {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": _MOST_BYTES},
            {"type": "string", "pattern": _SIZE_PATTERN},
        ]
    },
    _size,
)
DATE = Kind("a date (YYYY-MM-DD)", {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}, _date)
RUNTIMES = Kind("a list of runtimes such as python3.12, or one", _STRINGS, _runtimes)
ARCHITECTURES = Kind("a list of x86_64 and arm64, or one of them", _STRINGS, _architectures)
VARIABLES = Kind(
    "a table of environment variables, each a text",
    {"type": "object", "additionalProperties": {"type": "string"}},
    lambda value: _table(value, _variable),
)
SEVERITIES = Kind(
    "a table of rules, each error, warning, info or off",
    {"type": "object", "additionalProperties": SEVERITY.schema},
    _severities,
)
PLACES = Kind(
    "a table of patterns, each with rules",
    {"type": "object", "additionalProperties": _STRINGS},
    lambda value: _table(value, _rule_words),
)
FILES = Kind(
    "a table of formats, each with a file",
    {"type": "object", "propertyNames": {"enum": list(FORMATS)}, "additionalProperties": _STRING},
    _files,
)
