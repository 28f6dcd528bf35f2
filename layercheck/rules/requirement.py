"""Declared requirements (PEP 508): what is asked for, whether it counts on a target, and whether a version will do.

Nearly every requirement is a name with plain releases and a plain marker; these are judged here. For all others
``packaging`` is asked, which takes 35 ms to import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne

from ..artifact.distributions import normalise
from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

MAX_LENGTH = 4_096
"""Characters of a requirement that is looked at."""
_DEPTH = 20
_REQUIREMENT = r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(@\s*[^\s]+\s*|[^;]*)(?:;(.*))?$"
_PLAIN = r"v?(\d{1,18}(?:\.\d{1,18}){0,15})$"
_CLAUSE = r"\s*(~=|==|!=|<=|>=|<|>)\s*v?(\d{1,18}(?:\.\d{1,18}){0,15})(\.\*)?\s*$"
_TOKEN = r"\s*(?:([()])|(===|==|~=|!=|<=|>=|<|>)|'([^']*)'|\"([^\"]*)\"|([a-zA-Z_.]+))\s*"
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_VERSIONED = frozenset(("python_version", "python_full_version", "implementation_version"))
_OLD_NAMES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_MACHINE = {"x86_64": "x86_64", "arm64": "aarch64"}

Possible = Mapping[str, Sequence[str]]
"""The values that a marker's variable may have; none: nothing is known of it."""


class Requirement(NamedTuple):
    """``name`` and ``extras`` are normalised; ``specifier`` is "" for any version, or for one given by its address."""

    name: str
    extras: tuple[str, ...]
    specifier: str
    marker: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Requirement | None:
    """The parts of a requirement; None for what is none."""
    match = re.match(_REQUIREMENT, text) if len(text) <= MAX_LENGTH and "\n" not in text else None
    if match is None:
        return None
    rest = match[3].strip()
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1].strip()
    extras = tuple([normalise(extra.strip()) for extra in (match[2] or "").split(",") if extra.strip()])
    return Requirement(normalise(match[1]), extras, "" if rest.startswith("@") else rest, (match[4] or "").strip())


@lru_cache(maxsize=4096)
def satisfies(version: str, specifier: str) -> bool | None:
    """Whether a version is one of those asked for, pre-releases included; None where one of them cannot be read."""
    if not specifier:
        return True
    found = re.match(_PLAIN, version)
    clauses = [re.match(_CLAUSE, clause) for clause in specifier.split(",")]
    if found is not None and all(clauses):
        release = _release(found[1])
        answers = [_holds(release, clause[1], clause[2], clause[3]) for clause in clauses if clause is not None]
        if None not in answers:
            return all(answers)
    return _ask_packaging(version, specifier)


def _holds(release: tuple[int, ...], operator: str, wanted: str, star: str | None) -> bool | None:
    """One clause on a plain release; None for what the standard does not define."""
    parts = tuple([int(part) for part in wanted.split(".")])
    if star is not None:
        if operator not in ("==", "!="):
            return None
        return _begins(release, parts) is (operator == "==")
    if operator == "~=":
        return None if len(parts) < 2 else release >= _release(wanted) and _begins(release, parts[:-1])
    return _COMPARE[operator](release, _release(wanted))


def _release(text: str) -> tuple[int, ...]:
    """The numbers without zeros at the end: 1.0 is 1."""
    numbers = [int(part) for part in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _begins(release: tuple[int, ...], parts: tuple[int, ...]) -> bool:
    return (release + (0,) * len(parts))[: len(parts)] == parts


def _ask_packaging(version: str, specifier: str) -> bool | None:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    try:
        return bool(SpecifierSet(specifier).contains(Version(version), prereleases=True))
    except ValueError:
        return None


def marker_values(language_version: str, architecture: str) -> Possible:
    """What the markers' variables are on Lambda's Python ``language_version`` (3.12).

    The last part of Python's version moves with the runtime, so that both ends are asked about.
    """
    full = (f"{language_version}.0", f"{language_version}.99")
    return {
        "python_version": (language_version,),
        "python_full_version": full,
        "implementation_version": full,
        "implementation_name": ("cpython",),
        "platform_python_implementation": ("CPython",),
        "os_name": ("posix",),
        "sys_platform": ("linux",),
        "platform_system": ("Linux",),
        "platform_machine": (_MACHINE[architecture],),
        "platform_release": (),
        "platform_version": (),
    }


def applies(marker: str, values: Possible, extras: Sequence[str]) -> bool | None:
    """Whether a requirement counts on a target, for one of which ``extras`` (normalised) are asked for.

    None where that depends on something that is not known, or where the marker cannot be read.
    """
    if not marker:
        return True
    tokens = _tokens(marker)
    if tokens is None:
        return None
    answers = []
    for extra in ("", *extras) if ("variable", "extra") in tokens else ("",):
        try:
            answers.append(_Evaluation(tokens, {**values, "extra": (extra,)}).value())
        except _Unreadable:
            return None
    return True if True in answers else None if None in answers else False


@lru_cache(maxsize=4096)
def extras_named(marker: str) -> frozenset[str] | None:
    """The extras (normalised) on which a marker depends: about all others it says what it says about none.

    None for a marker that is no plain comparison with a name, so that each extra has to be tried.
    """
    tokens = _tokens(marker) or ()
    found: set[str] = set()
    for at, token in enumerate(tokens):
        if token != ("variable", "extra"):
            continue
        sides = (tokens[at + 1 : at + 3], tokens[max(at - 2, 0) : at][::-1])
        names = [side[1][1] for side in sides if [kind for kind, _ in side] == ["operator", "text"]]
        if len(names) != 1 or not normalise(names[0]):
            return None
        found.add(normalise(names[0]))
    return frozenset(found)


class _Unreadable(Exception):
    """A marker that is not one."""


@lru_cache(maxsize=4096)
def _tokens(marker: str) -> tuple[tuple[str, str], ...] | None:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(marker):
        match = re.compile(_TOKEN).match(marker, at)
        if match is None:
            return None
        at = match.end()
        bracket, operator, single, double, word = match.groups()
        if bracket is not None:
            found.append(("bracket", bracket))
        elif operator is not None:
            found.append(("operator", operator))
        elif word is None:
            found.append(("text", single if single is not None else double))
        elif word in ("and", "or", "in", "not"):
            found.append(("word", word))
        else:
            found.append(("variable", _OLD_NAMES.get(word, word)))
    return tuple(found)


class _Evaluation:
    """One walk over the tokens of a marker, with three values of truth."""

    def __init__(self, tokens: Sequence[tuple[str, str]], values: Possible) -> None:
        self._tokens = tokens
        self._values = values
        self._at = 0

    def value(self) -> bool | None:
        """The value of the whole. Raises _Unreadable."""
        found = self._any(0)
        if self._at < len(self._tokens):
            raise _Unreadable
        return found

    def _next(self, *wanted: tuple[str, str]) -> bool:
        """Whether the next token is one of those; it is taken then."""
        if self._at < len(self._tokens) and self._tokens[self._at] in wanted:
            self._at += 1
            return True
        return False

    def _any(self, depth: int) -> bool | None:
        answers = [self._all(depth)]
        while self._next(("word", "or")):
            answers.append(self._all(depth))
        return True if True in answers else None if None in answers else False

    def _all(self, depth: int) -> bool | None:
        answers = [self._one(depth)]
        while self._next(("word", "and")):
            answers.append(self._one(depth))
        return False if False in answers else None if None in answers else True

    def _one(self, depth: int) -> bool | None:
        if self._next(("bracket", "(")):
            if depth >= _DEPTH:
                raise _Unreadable
            found = self._any(depth + 1)
            if not self._next(("bracket", ")")):
                raise _Unreadable
            return found
        left = self._take()
        operator = self._operator()
        right = self._take()
        return self._compare(left, operator, right)

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] not in ("text", "variable"):
            raise _Unreadable
        self._at += 1
        return self._tokens[self._at - 1]

    def _operator(self) -> str:
        if self._next(("word", "in")):
            return "in"
        if self._next(("word", "not")) and self._next(("word", "in")):
            return "not in"
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "operator":
            raise _Unreadable
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _compare(self, left: tuple[str, str], operator: str, right: tuple[str, str]) -> bool | None:
        names = {name for kind, name in (left, right) if kind == "variable"}
        if not names or not names <= self._values.keys():
            raise _Unreadable
        answers = {_holds_for(a, operator, b, names) for a in self._of(left) for b in self._of(right)}
        return answers.pop() if len(answers) == 1 else None

    def _of(self, side: tuple[str, str]) -> Iterator[str]:
        yield from self._values[side[1]] if side[0] == "variable" else (side[1],)


def _holds_for(left: str, operator: str, right: str, names: set[str]) -> bool | None:
    """One comparison, as the standard has it: as versions where both sides are, else as texts."""
    if operator in ("in", "not in"):
        return (left in right) is (operator == "in")
    if "extra" in names:
        left, right = normalise(left), normalise(right)
    if names & _VERSIONED:
        return satisfies(left, operator + right)
    return left == right if operator == "==" else left != right if operator == "!=" else None
