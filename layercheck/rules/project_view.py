"""What the rules of scope ``project`` see: what templates declare, worked out as far as that is possible."""

from __future__ import annotations

from ..finding import Source
from ..named_tuple import NamedTuple


class AttachedLayer(NamedTuple):
    """A layer that a function names by its ARN; parts that are not known stand there as ``${AWS::Region}``."""

    arn: str
    source: Source


class DeclaredFunction(NamedTuple):
    """A function. ``runtime`` None: not known. ``region``: where its stack goes, None where that is not known.

    ``source`` is the function's own place, ``runtime_source`` that of its runtime. ``certain``: no condition decides
    whether it is deployed, or one that holds.
    """

    source: Source
    title: str
    runtime: str | None
    runtime_source: Source
    region: str | None
    stack: str
    layers: tuple[AttachedLayer, ...] = ()
    certain: bool = True


class DeclaredLayer(NamedTuple):
    """A layer version. ``retained``: whether the old version outlives its replacement, None where not known."""

    source: Source
    title: str
    name: str | None
    retained: bool | None
    form: str


class DeclaredPermission(NamedTuple):
    """Who may use a layer version. ``arn`` None: it is a layer of the project; ``limited``: to an organization.

    ``source`` is the place of the principal, ``arn_source`` that of the layer.
    """

    source: Source
    arn_source: Source
    title: str
    arn: str | None
    principal: str | None
    limited: bool


class ExportedLayer(NamedTuple):
    """An export whose value is a layer version of the project; ``name`` is what other stacks import."""

    source: Source
    name: str
    layer: str


class TemplateFlaw(NamedTuple):
    """What is wrong with a template as a text: ``kind`` is ``broken`` or ``duplicate``."""

    source: Source
    kind: str
    detail: str


class MissingCode(NamedTuple):
    """A function or layer whose code is named and not there."""

    source: Source
    title: str
    path: str


class ProjectView(NamedTuple):
    """Everything that a project declares; ``date`` is the ISO date of the report."""

    date: str
    functions: tuple[DeclaredFunction, ...] = ()
    layers: tuple[DeclaredLayer, ...] = ()
    permissions: tuple[DeclaredPermission, ...] = ()
    exports: tuple[ExportedLayer, ...] = ()
    flaws: tuple[TemplateFlaw, ...] = ()
    missing: tuple[MissingCode, ...] = ()
