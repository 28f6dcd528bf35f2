"""A template with everything that it nests, as stacks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..finding import Source, Unchecked
from .evaluate import Given, Scope, Work
from .locate import LocalCode, written
from .model import Resource, Stack, Trouble
from .nodes import Document, Map
from .reader import read_file
from .resources import STACKS, is_serverless, read_stack, resources_of
from .values import Attribute, reason_of, shown

MAX_NESTED = 8
"""Templates inside one another."""
MAX_STACKS = 300
MAX_RESOURCES = 20_000
"""Resources of one project; what is nested beyond is not read. A template may hold 500 (CloudFormation's quotas)."""
TOO_MANY = f"the project has more than {MAX_RESOURCES:,} resources"


class Loader:
    """Reads a template and the local templates that it nests; collects stacks and what is wrong with files."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.stacks: list[Stack] = []
        self.troubles: list[Trouble] = []
        self.unchecked: list[Unchecked] = []
        self.parameters: set[str] = set()
        self._set = parameters
        self._work = Work()
        self._documents: dict[str, Document] = {}
        self._told: set[Source] = set()
        self._resources = 0

    def load(self, file: str) -> None:
        """Read the outermost template. Raises OSError when it cannot be read."""
        self._template(file, Given(dict(self._set)), "", ())

    def _template(self, file: str, given: Given, stack: str, around: tuple[str, ...]) -> None:
        document = self._read(file)
        if document.root is None:
            return
        scope = Scope(document.root, given, stack, self._work)
        if not scope.resources:
            line = document.root.line_of("Resources") if "Resources" in document.root else None
            self._trouble(Source(file, line), "broken", "it has no Resources: it is no template")
            return
        if not stack:
            # Those of a nested one are for the outer one to give.
            self.parameters.update(scope.parameters)
        form = "sam" if is_serverless(document.root) else "cloudformation"
        built = is_built(file)
        resources = list(resources_of(file, scope))
        self._resources += len(resources)
        self.stacks.append(read_stack(file, form, scope, LocalCode(file, built=built), resources))
        for item in resources:
            if item.type in STACKS:
                self._nested(file, item, scope, (*around, os.path.realpath(file)))

    def _read(self, file: str) -> Document:
        """The document at ``file``, which many stacks may nest, read once. Raises OSError."""
        key = os.path.realpath(file)
        if key not in self._documents:
            self._documents[key] = found = read_file(file)
            for flaw in found.flaws:
                self._trouble(Source(file, flaw.line), flaw.kind, flaw.detail)
        return self._documents[key]

    def _trouble(self, source: Source, kind: str, detail: str) -> None:
        if source not in self._told:
            self._told.add(source)
            self.troubles.append(Trouble(source, kind, detail))

    def _nested(self, file: str, item: Resource, scope: Scope, around: tuple[str, ...]) -> None:
        key = "TemplateURL" if item.type == STACKS[0] else "Location"
        location = scope.value(item.properties.get(key))
        what = f"{item.source.file}:{item.at(key).line}: the stack {item.title}"
        if not isinstance(location, str) or "://" in location:
            why = f"its {key} is {shown(location)}" if isinstance(location, (str, dict)) else reason_of(location)
            self.unchecked.append(Unchecked(what, f"its template is not at hand: {why}"))
            return
        path = written(os.path.join(os.path.dirname(file), location))
        if "\0" in path:
            self.unchecked.append(Unchecked(what, f"its {key} is no path"))
            return
        if os.path.realpath(path) in around or len(around) > MAX_NESTED or len(self.stacks) >= MAX_STACKS:
            self.unchecked.append(Unchecked(what, f"{shown(path)} nests itself, or too many templates are nested"))
            return
        if self._resources >= MAX_RESOURCES:
            self.unchecked.append(Unchecked(what, f"{shown(path)} is not read: {TOO_MANY}"))
            return
        name = f"{scope.stack}/{item.name}" if scope.stack else item.name
        try:
            self._template(path, Given(self._passed(item, scope)), name, around)
        except OSError as error:
            why = error.strerror or str(error)
            self.unchecked.append(Unchecked(what, f"its template {shown(path)} cannot be read: {why}"))

    def _passed(self, item: Resource, scope: Scope) -> dict[str, Any]:
        """The parameters of a nested stack: what the outer one passes, and the pseudo parameters that are given."""
        passed = scope.value(item.properties.get("Parameters"))
        pseudo = {name: value for name, value in self._set.items() if name.startswith("AWS::")}
        return {**pseudo, **(passed if isinstance(passed, dict) else {})}


def is_built(file: str) -> bool:
    """Whether ``sam build`` wrote the template: it lies in a folder of its own below .aws-sam, or names its sources."""
    folders = os.path.abspath(file).replace(os.sep, "/").split("/")
    return ".aws-sam" in folders[:-1]


def resolved(stacks: Mapping[str, Stack], value: Any, depth: int = 0) -> Any:
    """Follow an attribute of a nested stack to what its Outputs give, as often as it takes."""
    while isinstance(value, Attribute) and (value.name or "").startswith("Outputs.") and depth < MAX_NESTED * 2:
        name = f"{value.stack}/{value.resource}" if value.stack else value.resource
        nested = stacks.get(name)
        outputs = nested.scope.root.get("Outputs") if nested is not None else None
        output = outputs.get((value.name or "")[len("Outputs.") :]) if isinstance(outputs, Map) else None
        if nested is None or not isinstance(output, Map):
            return value
        value, depth = nested.scope.value(output.get("Value")), depth + 1
    return value
