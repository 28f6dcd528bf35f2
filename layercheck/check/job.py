"""A deployment to be judged, and what a project knows about it beyond its artifacts."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Report, Source, Unchecked
from ..named_tuple import NamedTuple
from ..rules import Fault
from .decide import heeding, with_remarks
from .options import Input, Options


class ProjectFault(NamedTuple):
    """A fault that a rule of scope ``project`` found, of which ``rule`` is the id.

    ``fault.subject`` is None: the fault lies in what is declared, at ``source`` (None: where the job is declared).
    ``on_targets``: it concerns the targets of its job, and these only; else it does not depend on the target.
    """

    rule: str
    fault: Fault
    source: Source | None = None
    on_targets: bool = False


class Job(NamedTuple):
    """One deployment: an artifact and what it is judged with.

    ``source`` None: there is no artifact (code that lies in S3, an image), only ``unchecked`` and ``faults`` to tell.
    ``options`` say what this deployment runs with: runtimes, architectures, environment, layers, kind, handler, env,
    libraries, upload, budgets, verify_hashes; their other fields are taken from the options of the run.
    ``origin`` is where the project declares it: its findings and targets carry it. ``name`` is how the artifact is
    called in the report (None: by its path); where several jobs share an artifact, the first of them names it.
    ``unchecked`` concerns the targets of this job, and its artifact where it says a ``path``; what it says of targets
    and artifact itself does not count.
    """

    source: Input | None
    options: Options
    origin: Source | None = None
    name: str | None = None
    unchecked: tuple[Unchecked, ...] = ()
    faults: tuple[ProjectFault, ...] = ()


def run_jobs(jobs: Sequence[Job], options: Options) -> Report:
    """Judge all jobs into one report. Artifacts that several share are opened once.

    Of ``options`` these hold for the run: select, ignore, fail_on, min_severity, strict, date, engine, progress,
    and what was decided about findings (a job's own overrides hold where they name its resource). Raises
    OSError for an artifact that cannot be read, ValueError for an unknown runtime, architecture or option value.
    """
    from .run import Run

    for wanted in {id(wanted): wanted for wanted in (options, *[job.options for job in jobs])}.values():
        wanted.validate()
    options = heeding(options, jobs)
    work = Run(options)
    try:
        for job in jobs:
            work.add(job)
        return with_remarks(work.report(), options, jobs)
    finally:
        work.close()
