"""Checking: deployments and a selection of rules in, a Report out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import ModuleType

from ..environment import Environment
from ..finding import Report, Severity
from ..named_tuple import TYPE_CHECKING
from .job import Job, ProjectFault, run_jobs
from .options import Absent, Input, Layer, Options
from .run import run

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Any

__all__ = [
    "Absent",
    "Input",
    "Job",
    "Layer",
    "Options",
    "ProjectFault",
    "check",
    "check_many",
    "run",
    "run_jobs",
]


def check(
    artifact: Input,
    *,
    runtime: str | Sequence[str] | None = None,
    architecture: str | Sequence[str] | None = None,
    environment: Environment | None = None,
    layers: Sequence[Layer] = (),
    kind: str = "auto",
    handler: str | None = None,
    env: Mapping[str, str] | None = None,
    libraries: str = "newest",
    upload: str = "s3",
    max_unzipped: int | None = None,
    max_zip: int | None = None,
    date: str | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = "error",
    strict: bool = False,
    verify_hashes: bool = False,
    engine: str = "auto",
    name: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check one artifact and return the Report.

    ``artifact``: a path, the bytes of an archive, a binary file object, or an open Artifact. ``runtime`` and
    ``architecture``: one or several; without both, the report tells on which runtimes it works. ``environment``: a
    captured one (``layercheck.environment.captured.load_file``), judged instead of the built-in ones. ``layers``:
    further layers of the same function, in order, or their ARNs. ``kind``: auto, layer or function. ``env``:
    environment variables of the function (LD_LIBRARY_PATH changes the verdict). ``libraries``: newest, or floor for the
    oldest that a pinned function may have. ``max_unzipped``, ``max_zip``: budgets in bytes. ``date``: an ISO date, by
    default that of the data. ``fail_on``: error, warning, info or None. ``verify_hashes``: compare the files of
    installed Python packages with their RECORD, which inflates them once more.

    What is wrong with the artifact is in the report and never raises. Raises OSError when it cannot be read, and
    ValueError for an unknown runtime, architecture or option value.
    """
    options = Options(
        runtimes=_tuple(runtime),
        architectures=_tuple(architecture),
        environment=environment,
        layers=tuple(layers),
        kind=kind,
        handler=handler,
        env=dict(env or {}),
        libraries=libraries,
        upload=upload,
        max_unzipped=max_unzipped,
        max_zip=max_zip,
        date=date,
        select=tuple(select),
        ignore=tuple(ignore),
        fail_on=None if fail_on is None else Severity(fail_on),
        strict=strict,
        verify_hashes=verify_hashes,
        engine=engine,
        name=name,
        progress=progress,
    )
    return run([artifact], options)


def check_many(items: Iterable[Input], *, executor: Executor | None = None, **options: Any) -> list[Report]:
    """Check each item by itself with the same options, in this process or through any Executor; reports in order."""
    one = partial(check, **options)
    return list(map(one, items) if executor is None else executor.map(one, items))


class _Callable(ModuleType):
    """The room and the function share a name: whichever ``from layercheck import check`` gives, it can be called."""

    def __call__(self, artifact: Input, **options: Any) -> Report:
        """The same as ``check``."""
        return check(artifact, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Callable


def _tuple(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
