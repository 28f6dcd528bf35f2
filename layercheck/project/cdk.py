"""A cloud assembly of CDK as stacks: templates joined with the assets that are uploaded for them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ..finding import Source, Unchecked
from ..named_tuple import NamedTuple
from .assembly import AssemblyStack, Asset, read_assembly
from .evaluate import Given, Scope, Work
from .locate import LocalCode
from .model import Code, Resource, Stack, Trouble
from .nodes import Map
from .reader import read_file
from .resources import STACKS, exports_of, read_stack, resources_of
from .stacks import MAX_NESTED, MAX_RESOURCES, TOO_MANY
from .values import Unknown, reason_of, shown

MAX_TEMPLATES = 2_000
"""Templates of one assembly, nested ones counted as often as they are deployed."""
_PARTS = 20
"""Parts of a URL, from its end, of which an object's key may consist."""


class _Opened(NamedTuple):
    """A stack whose template is read: the stack of the assembly to which it belongs, its file and its values."""

    owner: AssemblyStack
    file: str
    scope: Scope
    resources: list[Resource]


class CdkLoader:
    """Reads all stacks of an assembly; collects them and what is wrong with files. Nothing in them raises."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.stacks: list[Stack] = []
        self.troubles: list[Trouble] = []
        self.unchecked: list[Unchecked] = []
        self.parameters: set[str] = set()
        self._set = parameters
        self._imports: dict[tuple[str | None, str | None], dict[str, Any]] = {}
        self._roots: dict[str, Map | None] = {}
        self._work = Work()
        self._told: set[Trouble] = set()
        self._resources = 0

    def load(self, folder: str, template: str | None = None) -> None:
        """Read the assembly in ``folder``; with ``template`` only the stack of that file, and what it nests."""
        assembly = read_assembly(folder)
        for complaint in assembly.complaints:
            self._broken(Source(complaint.file, None), complaint.why)
        opened: list[_Opened] = []
        for stack in assembly.stacks:
            given = {**self._set, **{name: value for name, value in _pseudo(stack) if value is not None}}
            # Filled below, before any function is read: a stack may import from one that comes after it.
            imports = self._imports.setdefault((stack.account, stack.region), {})
            self._open(stack, stack.template, Given(given, imports), stack.name, (), opened)
        for item in opened:
            self._export(item)
        only = None if template is None else os.path.realpath(template)
        kept = [item for item in opened if only is None or os.path.realpath(item.owner.template) == only]
        for item in kept:
            locate = AssetCode(item.file, item.owner)
            self.stacks.append(read_stack(item.file, "cdk", item.scope, locate, item.resources))

    def _broken(self, source: Source, why: str) -> None:
        self._trouble(Trouble(source, "broken", why))

    def _trouble(self, trouble: Trouble) -> None:
        if trouble not in self._told:
            self._told.add(trouble)
            self.troubles.append(trouble)

    def _open(
        self, owner: AssemblyStack, file: str, given: Given, name: str, around: tuple[str, ...], opened: list[_Opened]
    ) -> None:
        if len(opened) >= MAX_TEMPLATES:
            self._broken(Source(file, None), f"it is one of more than {MAX_TEMPLATES:,} templates")
            return
        if self._resources >= MAX_RESOURCES:
            self.unchecked.append(Unchecked(f"the stack {name}", f"{file} is not read: {TOO_MANY}"))
            return
        if file not in self._roots:
            self._roots[file] = self._read(file)
        root = self._roots[file]
        if root is None:
            return
        scope = Scope(root, given, name, self._work)
        if not around:
            # Those of a nested one are for the outer one to give.
            self.parameters.update(scope.parameters)
        resources = [item._replace(display=_display(item)) for item in resources_of(file, scope)]
        self._resources += len(resources)
        opened.append(_Opened(owner, file, scope, resources))
        for item in resources:
            if item.type in STACKS:
                self._nested(opened[-1], item, (*around, os.path.realpath(file)), opened)

    def _read(self, file: str) -> Map | None:
        try:
            if not os.path.isfile(file):
                self._broken(Source(file, None), "the template is not there")
                return None
            document = read_file(file)
        except OSError as error:
            self._broken(Source(file, None), error.strerror or "it cannot be read")
            return None
        for flaw in document.flaws:
            self._trouble(Trouble(Source(file, flaw.line), flaw.kind, flaw.detail))
        root = document.root
        # A stack without resources is not deployed, which is no fault.
        if root is not None and not isinstance(root.get("Resources", Map()), Map):
            self._broken(Source(file, root.line_of("Resources")), "its Resources are no mapping: it is no template")
        return root

    def _nested(self, outer: _Opened, item: Resource, around: tuple[str, ...], opened: list[_Opened]) -> None:
        key = "TemplateURL" if item.type == STACKS[0] else "Location"
        location = outer.scope.value(item.properties.get(key))
        what = f"{item.source.file}:{item.at(key).line}: the stack {item.title}"
        asset = _nested_asset(location, outer.owner)
        if asset is None or asset.path is None:
            why = asset.why if asset is not None else _location(location)
            self.unchecked.append(Unchecked(what, f"its template is not at hand: {why}"))
            return
        if os.path.realpath(asset.path) in around or len(around) > MAX_NESTED:
            self.unchecked.append(Unchecked(what, f"{asset.path} nests itself, or too many templates are nested"))
            return
        passed = outer.scope.value(item.properties.get("Parameters"))
        pseudo = {name: value for name, value in outer.scope.given.parameters.items() if name.startswith("AWS::")}
        given = Given({**pseudo, **(passed if isinstance(passed, dict) else {})}, outer.scope.given.imports)
        self._open(outer.owner, asset.path, given, f"{outer.scope.stack}/{item.name}", around, opened)

    def _export(self, item: _Opened) -> None:
        """Let the stacks of the same account and region import what this one exports."""
        known = self._imports[item.owner.account, item.owner.region]
        for export in exports_of(item.file, item.scope):
            if isinstance(export.name, str) and known.setdefault(export.name, export.value) != export.value:
                known[export.name] = Unknown("several stacks export it", f"${{{export.name}}}")


class AssetCode(LocalCode):
    """Finds the code of a resource among the assets of its stack: the key in S3 is the key of the asset."""

    def __init__(self, file: str, owner: AssemblyStack) -> None:
        super().__init__(file, built=True)
        self._owner = owner

    def _value(self, value: Any, key: str, line: int | None, item: Resource, scope: Scope) -> Code:
        if isinstance(value, dict):
            asset = _asset(value.get("S3Key", value.get("Key")), self._owner)
            if asset is not None:
                return Code(asset.path, asset.why, asset.missing, line)
        return super()._value(value, key, line, item, scope)


def _asset(key: Any, owner: AssemblyStack) -> Asset | None:
    """The asset that is uploaded under ``key``; None where there is none of it."""
    text = key.text if isinstance(key, Unknown) else key
    if not isinstance(text, str):
        return None
    found = owner.objects.get(text)
    if found is None and owner.parameters:
        named = dict.fromkeys(name for name in re.findall(r"\$\{(\w+)\}", text) if name in owner.parameters)
        found = owner.parameters[next(iter(named))] if len(named) == 1 else None
    return found


def _nested_asset(location: Any, owner: AssemblyStack) -> Asset | None:
    """The asset that a TemplateURL names: what follows the host and the bucket is its key."""
    text = location.text if isinstance(location, Unknown) else location
    if not isinstance(text, str):
        return None
    parts = text.split("/")
    for start in range(max(0, len(parts) - _PARTS), len(parts)):
        found = owner.objects.get("/".join(parts[start:]))
        if found is not None:
            return found
    return _asset(text, owner)


def _location(value: Any) -> str:
    return f"it is {shown(value)}" if isinstance(value, (str, dict)) else reason_of(value)


def _pseudo(stack: AssemblyStack) -> tuple[tuple[str, str | None], ...]:
    return ("AWS::AccountId", stack.account), ("AWS::Region", stack.region)


def _display(item: Resource) -> str | None:
    """The construct's path, as people know it: ``Shop/Orders`` of ``Shop/Orders/Resource``."""
    metadata = item.body.get("Metadata")
    path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
    if not isinstance(path, str) or not path or len(path) > 1_000:
        return None
    return path.removesuffix("/Resource") or None
