"""What the rules of scope ``project`` see, made of stacks; and what they find, given to the deployments it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..check import Job, Options, ProjectFault
from ..finding import Source
from ..rules import Fault, all_rules
from ..rules.project_view import (
    AttachedLayer,
    DeclaredFunction,
    DeclaredLayer,
    DeclaredPermission,
    ExportedLayer,
    MissingCode,
    ProjectView,
    TemplateFlaw,
)
from .jobs import Known, known
from .model import Function, LayerVersion, Stack, Trouble
from .values import Attribute, Unknown, shown


def project_view(stacks: Sequence[Stack], troubles: Sequence[Trouble], date: str) -> ProjectView:
    """Everything that the stacks declare."""
    names = known(stacks)
    layers = [layer for stack in stacks for layer in stack.layers]
    return ProjectView(
        date,
        tuple([_function(item, stack, names) for stack in stacks for item in stack.functions]),
        tuple([_layer(layer, stack.form) for stack in stacks for layer in stack.layers]),
        tuple([item for stack in stacks for item in _permissions(stack, names)]),
        tuple([item for stack in stacks for item in _exports(stack, names)]),
        tuple([TemplateFlaw(*trouble) for trouble in troubles]),
        tuple(_missing([*[f for stack in stacks for f in stack.functions], *layers])),
    )


def _function(function: Function, stack: Stack, names: Known) -> DeclaredFunction:
    item = function.resource
    attached = []
    for value in function.layers:
        found = names.layer(value)
        for layer in found if isinstance(found, list) else [found]:
            text = layer if isinstance(layer, str) else layer.text if isinstance(layer, Unknown) else ""
            if text.startswith("arn:"):
                attached.append(AttachedLayer(text, item.at("Layers")))
    runtime = function.runtime if isinstance(function.runtime, str) else None
    condition = item.body.get("Condition")
    certain = not isinstance(condition, str) or stack.scope.holds(condition) is True
    return DeclaredFunction(
        item.source, item.title, runtime, item.at("Runtime"), stack.region, stack.name, tuple(attached), certain
    )


def _layer(layer: LayerVersion, form: str) -> DeclaredLayer:
    item = layer.resource
    form = "sam" if item.type == "AWS::Serverless::LayerVersion" else "cdk" if form == "cdk" else "cloudformation"
    return DeclaredLayer(item.source, item.title, layer.name, layer.retained, form)


def _permissions(stack: Stack, names: Known) -> Iterator[DeclaredPermission]:
    for permission in stack.permissions:
        layer = names.layer(permission.layer)
        arn = None if isinstance(layer, LayerVersion) else shown(layer)
        principal = permission.principal if isinstance(permission.principal, str) else None
        item = permission.resource
        limited = permission.organization is not None
        places = item.at("Principal"), item.at("LayerVersionArn")
        yield DeclaredPermission(*places, item.title, arn, principal, limited)


def _exports(stack: Stack, names: Known) -> Iterator[ExportedLayer]:
    for export in stack.exports:
        layer = names.layer(export.value) if isinstance(export.value, Attribute) else None
        if isinstance(layer, LayerVersion):
            yield ExportedLayer(export.source, shown(export.name), layer.resource.title)


def _missing(declared: Sequence[Any]) -> Iterator[MissingCode]:
    for item in declared:
        if item.code.missing is not None:
            source = item.resource.source._replace(line=item.code.line or item.resource.source.line)
            kind = "function" if isinstance(item, Function) else "layer"
            yield MissingCode(source, f"{kind} {item.resource.title}", item.code.missing)


def with_faults(jobs: Sequence[Job], view: ProjectView, options: Options) -> list[Job]:
    """The jobs with what the rules find: each fault goes to the deployment that it is about, if there is one."""
    found: dict[tuple[str, str | None], list[ProjectFault]] = {}
    for rule in all_rules():
        if rule.scope != "project":
            continue
        for said in rule.run(view):
            if isinstance(said, Fault):
                source = said.source or Source("")
                fault = ProjectFault(rule.id, said._replace(source=None), said.source, on_targets=True)
                found.setdefault((source.file, source.resource), []).append(fault)
    result = []
    for job in jobs:
        mine = found.pop((job.origin.file, job.origin.resource), []) if job.origin is not None else []
        result.append(job._replace(faults=(*job.faults, *mine)) if mine else job)
    rest = [fault._replace(on_targets=False) for faults in found.values() for fault in faults]
    if rest:
        result.append(Job(None, options, None, None, (), tuple(rest)))
    return result
