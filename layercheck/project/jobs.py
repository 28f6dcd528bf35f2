"""From what a project declares to the deployments that are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..check import Absent, Job, Options
from ..check.overrides import Overrides
from ..config import overrides
from ..environment import UnknownRuntime, normalise_architecture, runtime
from ..finding import Source, Unchecked
from ..named_tuple import NamedTuple
from ..rules import Declared
from .model import Function, LayerVersion, Stack
from .stacks import resolved
from .values import Attribute, Unknown, reason_of, shown

_DECIDING = ("LD_LIBRARY_PATH", "PYTHONPATH", "NODE_PATH", "NODE_OPTIONS", "AWS_LAMBDA_EXEC_WRAPPER", "CLASSPATH")
"""Environment variables that change a verdict."""
MAX_JUDGED = 2_000
"""Functions and layers of one project that are judged: a template may hold 500 resources (CloudFormation's quotas)."""
_LAYER_ATTRIBUTES = (None, "Arn", "LayerVersionArn")


class Known(NamedTuple):
    """The stacks and layers of a project by name."""

    stacks: Mapping[str, Stack]
    layers: Mapping[tuple[str, str], LayerVersion]

    def layer(self, value: Any) -> LayerVersion | Any:
        """The layer of the project that a value names; otherwise the value, followed as far as it goes."""
        found = resolved(self.stacks, value)
        if isinstance(found, Attribute) and found.name in _LAYER_ATTRIBUTES:
            return self.layers.get((found.stack, found.resource), found)
        return found


def known(stacks: Sequence[Stack]) -> Known:
    """What the values of ``stacks`` may refer to."""
    layers = {(layer.resource.stack, layer.resource.name): layer for stack in stacks for layer in stack.layers}
    return Known({stack.name: stack for stack in stacks}, layers)


def jobs_of(stacks: Sequence[Stack], options: Options) -> list[Job]:
    """Every function with its layers, then every layer for what it declares. Raises config.ConfigError (ValueError)."""
    names = known(stacks)
    functions = [function for stack in stacks for function in stack.functions]
    jobs = [_function(function, names, options) for function in functions]
    used = {
        (layer.resource.stack, layer.resource.name)
        for function in functions
        for layer in _attached(function, names)
        if isinstance(layer, LayerVersion)
    }
    for stack in stacks:
        for layer in stack.layers:
            jobs += _layer(layer, (layer.resource.stack, layer.resource.name) in used, options)
    left = jobs[MAX_JUDGED:]
    if left:
        del jobs[MAX_JUDGED:]
        what = f"{len(left):,} more functions and layers of the project"
        jobs.append(Job(None, options, None, None, (Unchecked(what, f"more than {MAX_JUDGED:,} are not judged"),)))
    return _with_decisions(jobs, stacks, options)


def _attached(function: Function, names: Known) -> Iterator[LayerVersion | Any]:
    for value in function.layers:
        found = names.layer(value)
        # What a nested stack or a parameter passes may be a whole list.
        yield from [names.layer(item) for item in found] if isinstance(found, list) else [found]


def _function(function: Function, names: Known, options: Options) -> Job:
    item = function.resource
    notes = [Unchecked(*pair) for pair in _unknown(function)]
    where = f"function {item.title}"
    if function.code.path is None:
        notes.append(Unchecked(where, function.code.why))
        return Job(None, options, item.source, None, tuple(_placed(notes, item.source)))
    runtimes = _runtimes(function.runtime, options, notes, where)
    architectures = _architectures(function.architectures, options, notes, where)
    if runtimes is None or architectures is None:
        return Job(None, options, item.source, None, tuple(_placed(notes, item.source)))
    layers: list[Any] = []
    declared: dict[str, Declared] = {}
    for layer in _attached(function, names):
        if not isinstance(layer, LayerVersion):
            text = shown(layer)
            layers.append(Absent(text if not isinstance(layer, Unknown) or "arn:" in text else f"{text} ({layer.why})"))
        elif layer.code.path is None:
            layers.append(Absent(f"{layer.resource.title} ({layer.code.why})"))
        else:
            layers.append(layer.code.path)
            declared[layer.code.path] = _declaration(layer)
    mine = options._replace(
        kind="function",
        runtimes=runtimes,
        architectures=architectures,
        layers=tuple(layers),
        declared=declared,
        handler=function.handler if isinstance(function.handler, str) and function.handler else options.handler,
        env={**{k: v for k, v in function.env.items() if isinstance(v, str)}, **options.env},
    )
    return Job(function.code.path, mine, item.source, None, tuple(_placed(notes, item.source)))


def _with_decisions(jobs: list[Job], stacks: Sequence[Stack], options: Options) -> list[Job]:
    """The jobs with what ``Metadata: layercheck:`` of their resources decides; one more for a resource without a job.

    Raises config.ConfigError where that is wrong.
    """
    decided: dict[Source, Overrides] = {}
    for stack in stacks:
        items = [item.resource for item in stack.functions] + [item.resource for item in stack.layers]
        for item in [*items, *[item.resource for item in stack.permissions]]:
            metadata = item.body.get("Metadata")
            if isinstance(metadata, Mapping) and "layercheck" in metadata:
                decided[item.source] = overrides(metadata["layercheck"], item.source)
    found = []
    for job in jobs:
        own = decided.pop(job.origin, None) if job.origin is not None else None
        if own is not None:
            job = job._replace(options=job.options._replace(overrides=(*job.options.overrides, own)))
        found.append(job)
    for source, own in decided.items():
        found.append(Job(None, options._replace(overrides=(*options.overrides, own)), source))
    return found


def _declaration(layer: LayerVersion) -> Declared:
    """What the layer is said to be for, without names that mean nothing."""
    architectures = []
    for name in layer.architectures if not isinstance(layer.architectures, Unknown) else ():
        try:
            architectures.append(normalise_architecture(name))
        except ValueError:
            # Noted where the layer itself is judged.
            continue
    runtimes = () if isinstance(layer.runtimes, Unknown) else layer.runtimes
    return Declared(layer.resource.title, runtimes, tuple(architectures))


def _unknown(function: Function) -> Iterator[tuple[str, str]]:
    if isinstance(function.handler, Unknown):
        yield "its handler", function.handler.why
    for name in sorted(function.env):
        value = function.env[name]
        if name == "*":
            yield "its environment variables", reason_of(value)
        elif name in _DECIDING and not isinstance(value, str):
            yield f"its environment variable {name}", reason_of(value)


def _runtimes(
    value: str | Unknown | None, options: Options, notes: list[Unchecked], where: str
) -> tuple[str, ...] | None:
    """What to judge on; None when that is not known, which is noted."""
    if isinstance(value, str):
        try:
            return (runtime(value).identifier,)
        except UnknownRuntime as error:
            notes.append(Unchecked(where, f"its runtime {error}"))
            return None
    if options.runtimes or options.environment is not None:
        return options.runtimes
    why = "it states no runtime" if value is None else f"its runtime is not known: {value.why}"
    notes.append(Unchecked(where, f"{why} (-r gives one)"))
    return None


def _architectures(
    value: tuple[str, ...] | Unknown, options: Options, notes: list[Unchecked], where: str
) -> tuple[str, ...] | None:
    if isinstance(value, Unknown):
        if options.architectures or options.environment is not None:
            return options.architectures
        notes.append(Unchecked(where, f"its architecture is not known: {value.why} (-a gives one)"))
        return None
    found = []
    for name in value:
        try:
            found.append(normalise_architecture(name))
        except ValueError as error:
            notes.append(Unchecked(where, str(error)))
    return tuple(found) or None


def _layer(layer: LayerVersion, used: bool, options: Options) -> Iterator[Job]:
    """The layer by itself, for what it declares; nothing where it declares nothing and a function shows its use."""
    item = layer.resource
    notes: list[Unchecked] = []
    where = f"layer {item.title}"
    if layer.code.path is None:
        yield Job(None, options, item.source, None, tuple(_placed([Unchecked(where, layer.code.why)], item.source)))
        return
    runtimes: list[str] = []
    for name in _declared(layer.runtimes, options.runtimes, notes, where, "runtimes"):
        try:
            runtimes.append(runtime(name).identifier)
        except UnknownRuntime as error:
            notes.append(Unchecked(f"{where} on {name}", str(error)))
    architectures: list[str] = []
    for name in _declared(layer.architectures, options.architectures, notes, where, "architectures"):
        try:
            architectures.append(normalise_architecture(name))
        except ValueError as error:
            notes.append(Unchecked(where, str(error)))
    placed = tuple(_placed(notes, item.source))
    if not runtimes and used:
        if placed:
            yield Job(None, options, item.source, None, placed)
        return
    # With architectures alone every runtime would have to pass, which nobody has claimed.
    mine = options._replace(
        kind="layer",
        runtimes=tuple(dict.fromkeys(runtimes)),
        architectures=tuple(dict.fromkeys(architectures)) if runtimes else (),
        handler=None,
        layers=(),
    )
    yield Job(layer.code.path, mine, item.source, None, placed)


def _declared(
    value: tuple[str, ...] | Unknown, given: tuple[str, ...], notes: list[Unchecked], where: str, what: str
) -> tuple[str, ...]:
    if isinstance(value, Unknown):
        if not given:
            notes.append(Unchecked(f"{where}: the {what} that it declares", value.why))
        return given
    return value or given


def _placed(notes: Sequence[Unchecked], source: Source) -> Iterator[Unchecked]:
    """The notes with the place of the resource in front: what is not judged has no target that would tell it."""
    for note in notes:
        title = source.resource or ""
        what = note.what if title in note.what else f"{title}: {note.what}"
        yield note._replace(what=f"{source.file}:{source.line}: {what}")
