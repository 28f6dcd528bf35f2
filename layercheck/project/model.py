"""What a project declares, whatever its tool: stacks with functions, layers, permissions and exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..finding import Source, Unchecked
from ..named_tuple import NamedTuple
from .evaluate import Scope
from .nodes import Map
from .values import Unknown


class Code(NamedTuple):
    """Where the code of a function or layer is. ``path``: a local file or directory, with forward slashes.

    ``path`` None: it is not at hand, and ``why`` says so (it lies in S3, it is inline, an image). ``missing``: the path
    that is named, at ``line``, and is not there.
    """

    path: str | None
    why: str = ""
    missing: str | None = None
    line: int | None = None


class Resource(NamedTuple):
    """One resource of a template that is deployed, or may be. ``properties`` are not worked out yet.

    ``stack`` names the stack within the project ("" for the outermost). ``display`` is how people call it, where that
    is not its logical id (CDK's path).
    """

    stack: str
    name: str
    type: str
    source: Source
    body: Map
    properties: Map
    display: str | None = None

    @property
    def title(self) -> str:
        """How a report calls it."""
        return self.display or self.name

    def at(self, key: str) -> Source:
        """The place of a property; that of the resource where it has none of that name."""
        return self.source._replace(line=self.properties.lines.get(key, self.source.line))


class Function(NamedTuple):
    """A function. What is not known is Unknown; ``layers`` are texts (ARNs), Attributes and Unknowns in order."""

    resource: Resource
    runtime: str | Unknown | None
    architectures: tuple[str, ...] | Unknown
    handler: str | Unknown | None
    env: Mapping[str, Any]
    layers: tuple[Any, ...]
    code: Code


class LayerVersion(NamedTuple):
    """A layer. ``runtimes`` and ``architectures`` are what it declares, () where it declares nothing.

    ``retained``: whether the old version stays when it is replaced, None where that is not known.
    """

    resource: Resource
    name: str | None
    runtimes: tuple[str, ...] | Unknown
    architectures: tuple[str, ...] | Unknown
    code: Code
    retained: bool | None


class Permission(NamedTuple):
    """An AWS::Lambda::LayerVersionPermission. ``layer`` is a text or an Attribute; ``organization`` limits it."""

    resource: Resource
    layer: Any
    principal: Any
    organization: Any


class Export(NamedTuple):
    """An output that other stacks import."""

    source: Source
    output: str
    name: Any
    value: Any


class Stack(NamedTuple):
    """One template with the values of its parameters. ``form`` is sam, cloudformation or cdk; ``region`` if known."""

    name: str
    file: str
    form: str
    scope: Scope
    functions: tuple[Function, ...] = ()
    layers: tuple[LayerVersion, ...] = ()
    permissions: tuple[Permission, ...] = ()
    exports: tuple[Export, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    region: str | None = None


class Trouble(NamedTuple):
    """What is wrong with a file of the project: ``kind`` is broken or duplicate (see nodes.Flaw)."""

    source: Source
    kind: str
    detail: str
