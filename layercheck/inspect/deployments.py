"""The deployments of a project, as ``size`` and ``diff`` look at them: functions with their layers, and layers."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..check import Job
from ..finding import Source, Unchecked
from ..named_tuple import NamedTuple
from .advise import Advice, advise
from .opened import Opened
from .size import Sizes, measure


class Part(NamedTuple):
    """One deployment; ``name`` is what to call it, ``origin`` the place that declares it."""

    name: str
    origin: Source | None
    job: Job


class Measured(NamedTuple):
    """A deployment with its sizes, and with advice where that was asked for."""

    name: str
    origin: Source | None
    sizes: Sizes
    advice: Advice | None


def measured(part: Part, functions: int | None = None, *, advice: bool = False) -> Measured:
    """Open and measure one deployment. Raises OSError for an input that cannot be read, ValueError for an option."""
    assert part.job.source is not None
    with Opened(part.job.source, part.job.options) as deployment:
        sizes = measure(deployment)
        told = advise(deployment, sizes, part.job.options, functions) if advice else None
    return Measured(part.name, part.origin, sizes, told)


def exit_code(parts: Sequence[Measured]) -> int:
    """1 where one of them does not fit, or cannot be read; 3 where there is none."""
    return max([part.sizes.exit_code for part in parts], default=3)


def sized(jobs: Sequence[Job]) -> list[Part]:
    """What the limit is about: each function with its layers, and the layers that no function has."""
    carried = _carried(jobs)
    return [
        Part(_name(job), job.origin, job)
        for job in jobs
        if job.source is not None and not (job.options.kind == "layer" and job.source in carried)
    ]


def compared(jobs: Sequence[Job], folder: str) -> dict[tuple[str, str], Part]:
    """Each function and each layer by itself; the key is the same in another build of the project in ``folder``."""
    found: dict[tuple[str, str], Part] = {}
    for job in jobs:
        if job.source is not None:
            file = os.path.relpath(job.origin.file, folder or ".") if job.origin is not None else ""
            found.setdefault((file, _name(job)), Part(_name(job), job.origin, job))
    own = {job.source for job in jobs if job.options.kind == "layer"}
    for path, job in _carried(jobs).items():
        if isinstance(path, str) and path not in own:
            title = job.options.declared[path].title if path in job.options.declared else path
            alone = job.options._replace(kind="layer", layers=(), handler=None, declared={})
            part = Part(f"layer {title}", None, job._replace(source=path, options=alone, unchecked=(), faults=()))
            found.setdefault(("", part.name), part)
    return found


def not_at_hand(jobs: Sequence[Job], side: str | None = None) -> list[Unchecked]:
    """What is said of deployments whose code is elsewhere."""
    notes = [note for job in jobs if job.source is None for note in job.unchecked]
    return [note._replace(targets=(), artifact=side) for note in notes]


def _carried(jobs: Sequence[Job]) -> dict[object, Job]:
    """The layers that functions have, each with the first function that has it."""
    found: dict[object, Job] = {}
    for job in jobs:
        for layer in job.sources()[1:]:
            found.setdefault(layer, job)
    return found


def _name(job: Job) -> str:
    resource = job.origin.resource if job.origin is not None else None
    return f"{job.options.kind} {resource}" if resource else str(job.name or job.source)
