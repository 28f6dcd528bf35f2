"""The conditions of a template: true, false, or not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .nodes import Map
from .values import Attribute, Unknown, reason_of

MAX_DEPTH = 40


class Conditions:
    """Works out each condition once. ``value`` works out a value of the same template."""

    def __init__(self, declared: Mapping[str, Any], value: Callable[[Any], Any]) -> None:
        self._declared = declared
        self._value = value
        self._known: dict[str, bool | Unknown] = {}
        self._open: set[str] = set()
        self._depth = 0

    def holds(self, name: str) -> bool | Unknown:
        """Whether the condition of that name is true."""
        if name in self._known:
            return self._known[name]
        if name not in self._declared:
            return Unknown(f"there is no condition {name}")
        if name in self._open:
            return Unknown(f"condition {name} depends on itself")
        self._open.add(name)
        try:
            self._known[name] = found = self._work(self._declared[name])
        finally:
            self._open.discard(name)
        return found

    def _work(self, node: Any) -> bool | Unknown:
        if not isinstance(node, Map) or len(node) != 1:
            return Unknown("it is no condition function")
        if self._depth >= MAX_DEPTH:
            return Unknown(f"conditions are nested more than {MAX_DEPTH} deep")
        self._depth += 1
        try:
            return self._function(*next(iter(node.items())))
        finally:
            self._depth -= 1

    def _function(self, name: str, argument: Any) -> bool | Unknown:
        if name == "Condition" and isinstance(argument, str):
            return self.holds(argument)
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            return self._equal(*[self._value(side) for side in argument])
        if name == "Fn::Not" and isinstance(argument, list) and len(argument) == 1:
            found = self._work(argument[0])
            return found if isinstance(found, Unknown) else not found
        if name in ("Fn::And", "Fn::Or") and isinstance(argument, list) and argument:
            return self._several([self._work(part) for part in argument], decides=name == "Fn::Or")
        return Unknown(f"{name} is no condition that can be worked out")

    def _equal(self, first: Any, second: Any) -> bool | Unknown:
        for side in (first, second):
            if isinstance(side, (Unknown, Attribute)):
                return Unknown(reason_of(side))
        return bool(first == second)

    def _several(self, parts: list[bool | Unknown], *, decides: bool) -> bool | Unknown:
        """And, or Or: one part that is ``decides`` settles it, whatever the others are."""
        if decides in parts:
            return decides
        return next((part for part in parts if isinstance(part, Unknown)), not decides)
