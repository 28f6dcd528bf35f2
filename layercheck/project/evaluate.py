"""The functions of a template, worked out with the values that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..named_tuple import NamedTuple
from .conditions import Conditions
from .nodes import Map, Seq
from .values import NO_VALUE, Attribute, Unknown, reason_of, shown

MAX_DEPTH = 60
"""Functions and values inside one another, conditions followed."""
MAX_STEPS = 1_000_000
"""Values worked out for all stacks of a project: what is larger is made to be large."""
MAX_TEXT = 1 << 16
"""Characters of a text that is put together."""
_SUB = r"\$\{(!?)([^${}]*)\}"
_PSEUDO = "AWS::"


class Given(NamedTuple):
    """What is known besides the template: parameters and pseudo parameters by name, and exports of other stacks.

    Values are texts, or Attributes and Unknowns of the stack that passes them.
    """

    parameters: Mapping[str, Any] = {}
    imports: Mapping[str, Any] = {}


NOTHING_GIVEN = Given()


class Work:
    """How many values may still be worked out; the stacks of a project share it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS


class Scope:
    """One stack: its template with the values of its parameters. Nothing here raises for what a template holds."""

    def __init__(
        self, root: Mapping[str, Any], given: Given = NOTHING_GIVEN, stack: str = "", work: Work | None = None
    ) -> None:
        self.root = root
        self.given = given
        self.stack = stack
        self.parameters = _section(root, "Parameters")
        self.resources = _section(root, "Resources")
        self.mappings = _section(root, "Mappings")
        self.conditions = Conditions(_section(root, "Conditions"), self.value)
        self._depth = 0
        self._work = work or Work()

    def value(self, node: Any) -> Any:
        """What ``node`` comes to: text, None, list, dict, Attribute, Unknown or NO_VALUE."""
        if isinstance(node, str):
            return Unknown("it is resolved when it is deployed", node) if "{{resolve:" in node else node
        if not isinstance(node, (Map, Seq)):
            return node
        self._work.left -= 1
        if self._depth >= MAX_DEPTH:
            return Unknown(f"it is nested more than {MAX_DEPTH} deep")
        if self._work.left < 0:
            return Unknown("there is more to work out than any project has")
        self._depth += 1
        try:
            if isinstance(node, Seq):
                return self._list(node)
            name = function_name(node)
            if name is not None:
                return self._function(name, node[name])
            found = {key: self.value(inner) for key, inner in node.items()}
            return {key: inner for key, inner in found.items() if inner is not NO_VALUE}
        finally:
            self._depth -= 1

    def holds(self, condition: str) -> bool | Unknown:
        """Whether a condition of the template is true."""
        return self.conditions.holds(condition)

    def _list(self, node: Seq) -> list[Any]:
        return [value for value in [self.value(item) for item in node] if value is not NO_VALUE]

    def _function(self, name: str, argument: Any) -> Any:
        work = _FUNCTIONS.get(name)
        if work is None:
            return Unknown(f"{name} is worked out when it is deployed", f"${{{name}}}")
        return work(self, argument)

    def ref(self, name: Any) -> Any:
        """``Ref``: a parameter's value, or the resource itself."""
        if not isinstance(name, str):
            return Unknown("Ref takes a name")
        if name in self.given.parameters:
            return self._parameter(name, self.given.parameters[name])
        if name == "AWS::NoValue":
            return NO_VALUE
        if name.startswith(_PSEUDO):
            return self._pseudo(name)
        declared = self.parameters.get(name)
        if isinstance(declared, Map):
            if "Default" not in declared:
                return Unknown(f"parameter {name} has no default (see --set)", f"${{{name}}}")
            return self._parameter(name, declared["Default"])
        if name in self.resources:
            return Attribute(self.stack, name)
        return Unknown(f"nothing in the template is called {name}", f"${{{name}}}")

    def _parameter(self, name: str, value: Any) -> Any:
        declared = self.parameters.get(name)
        kind = declared.get("Type") if isinstance(declared, Map) else None
        if not isinstance(kind, str) or not isinstance(value, str):
            return "" if value is None else value
        if kind.startswith("AWS::SSM::Parameter::Value"):
            return Unknown(f"parameter {name} is read from the parameter store", f"${{{name}}}")
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            return [part.strip() for part in value.split(",")] if value else []
        return value

    def _pseudo(self, name: str) -> Any:
        region = self.given.parameters.get("AWS::Region")
        if isinstance(region, str) and name in ("AWS::Partition", "AWS::URLSuffix"):
            china = region.startswith("cn-")
            if name == "AWS::URLSuffix":
                return "amazonaws.com.cn" if china else "amazonaws.com"
            return "aws-cn" if china else "aws-us-gov" if region.startswith("us-gov-") else "aws"
        return Unknown(f"{name} is not given (see --set)", f"${{{name}}}")

    def get_att(self, argument: Any) -> Any:
        """``Fn::GetAtt``."""
        parts = argument if isinstance(argument, list) else str(argument).split(".", 1)
        if len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            return Unknown("Fn::GetAtt takes a resource and an attribute")
        if parts[0] not in self.resources:
            return Unknown(f"nothing in the template is called {parts[0]}", f"${{{parts[0]}.{parts[1]}}}")
        return Attribute(self.stack, parts[0], parts[1])

    def sub(self, argument: Any) -> Any:
        """``Fn::Sub`` in both forms. One variable that is the whole text gives what it stands for."""
        own: Mapping[str, Any] = {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Map):
            argument, own = argument
        if not isinstance(argument, str):
            return Unknown("Fn::Sub takes a text")
        values: dict[str, Any] = {}
        for escaped, name in re.findall(_SUB, argument):
            if not escaped and name not in values:
                values[name] = self.value(own[name]) if name in own else self._variable(name.strip())
        whole = re.fullmatch(_SUB, argument)
        if whole is not None and not whole[1]:
            return values[whole[2]]
        pieces, last = [], 0
        for match in re.finditer(_SUB, argument):
            pieces += [argument[last : match.start()], f"${{{match[2]}}}" if match[1] else values[match[2]]]
            last = match.end()
        return _joined("", [*pieces, argument[last:]])

    def _variable(self, name: str) -> Any:
        return self.get_att(name) if "." in name and name not in self.given.parameters else self.ref(name)

    def join(self, argument: Any) -> Any:
        """``Fn::Join``."""
        value = self.value(argument)
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
            return Unknown("Fn::Join takes a separator and a list")
        if isinstance(value[1], (Unknown, Attribute)):
            return Unknown(reason_of(value[1]), shown(value[1]))
        return _joined(value[0], value[1] if isinstance(value[1], list) else [value[1]])

    def split(self, argument: Any) -> Any:
        """``Fn::Split``."""
        value = self.value(argument)
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str) or not value[0]:
            return Unknown("Fn::Split takes a separator and a text")
        if not isinstance(value[1], str):
            return Unknown(reason_of(value[1]), shown(value[1]))
        return value[1].split(value[0])

    def select(self, argument: Any) -> Any:
        """``Fn::Select``."""
        value = self.value(argument)
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list) or len(value) != 2:
            return Unknown("Fn::Select takes a number and a list")
        index, items = value
        if not isinstance(items, list):
            return Unknown(reason_of(items), shown(items))
        if not isinstance(index, str) or not (index.isascii() and index.isdecimal() and len(index) < 6):
            return Unknown(reason_of(index) if not isinstance(index, str) else f"{index!r} is no index")
        return items[int(index)] if int(index) < len(items) else Unknown(f"the list has no item {index}")

    def find_in_map(self, argument: Any) -> Any:
        """``Fn::FindInMap``, with the default value of the language extensions."""
        value = self.value(argument)
        if isinstance(value, Unknown):
            return value
        if not isinstance(value, list) or not 3 <= len(value) <= 4:
            return Unknown("Fn::FindInMap takes a map and two keys")
        found: Any = self.mappings
        for key in value[:3]:
            if not isinstance(key, str):
                return Unknown(reason_of(key), f"${{{shown(key)}}}")
            if not isinstance(found, Mapping) or key not in found:
                default = value[3].get("DefaultValue", NO_VALUE) if len(value) == 4 and _is_dict(value[3]) else NO_VALUE
                return Unknown(f"the map has no {key!r}") if default is NO_VALUE else default
            found = found[key]
        return self.value(found)

    def choose(self, argument: Any) -> Any:
        """``Fn::If``."""
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            return Unknown("Fn::If takes a condition and two values")
        holds = self.holds(argument[0])
        if isinstance(holds, Unknown):
            return Unknown(f"condition {argument[0]} is not known: {holds.why}", f"${{{argument[0]}}}")
        return self.value(argument[1] if holds else argument[2])

    def import_value(self, argument: Any) -> Any:
        """``Fn::ImportValue``: known where the exporting stack belongs to the project."""
        name = self.value(argument)
        if isinstance(name, str) and name in self.given.imports:
            return self.given.imports[name]
        return Unknown(f"{shown(name)} is exported by another stack", f"${{{shown(name)}}}")


_FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": Scope.ref,
    "Fn::GetAtt": Scope.get_att,
    "Fn::Sub": Scope.sub,
    "Fn::Join": Scope.join,
    "Fn::Split": Scope.split,
    "Fn::Select": Scope.select,
    "Fn::FindInMap": Scope.find_in_map,
    "Fn::If": Scope.choose,
    "Fn::ImportValue": Scope.import_value,
}


def function_name(node: Any) -> str | None:
    """The function that a mapping calls, such as ``Fn::Sub``; None when it is a mapping and nothing else."""
    if isinstance(node, Map) and len(node) == 1:
        name = next(iter(node))
        if name == "Ref" or name.startswith("Fn::"):
            return name
    return None


def _section(root: Mapping[str, Any], name: str) -> Map:
    found = root.get(name)
    return found if isinstance(found, Map) else Map()


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _joined(separator: str, parts: list[Any]) -> Any:
    """One text; Unknown, with what is known of it, when a part is not."""
    texts: list[str] = []
    unknown: Any = None
    length = 0
    for part in parts:
        if part is NO_VALUE:
            continue
        if not isinstance(part, str):
            unknown = part if unknown is None else unknown
            part = shown(part)
        texts.append(part)
        length += len(part) + len(separator)
        if length > MAX_TEXT:
            return Unknown(f"it is longer than {MAX_TEXT:,} characters")
    text = separator.join(texts)
    return text if unknown is None else Unknown(reason_of(unknown), text)
