"""A deployment to be judged, and what a project knows about it beyond its artifacts."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Report, Source, Unchecked
from ..named_tuple import TYPE_CHECKING, NamedTuple
from ..rules import Fault
from .options import Absent, Input, Options, absent_name, key_of

if TYPE_CHECKING:
    from concurrent.futures import Executor


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

    def sources(self) -> list[Input]:
        """The artifacts of the job that are at hand, its own first."""
        found = [] if self.source is None else [self.source]
        for layer in self.options.layers:
            if not isinstance(layer, Absent) and absent_name(layer) is None:
                found.append(layer)
        return found


def names_of(jobs: Sequence[Job]) -> dict[str | int, str]:
    """What artifacts are called in the report, by ``key_of``: as the first job says whose own they are."""
    names: dict[str | int, str] = {}
    for job in jobs:
        name = job.name or job.options.name
        if job.source is not None and name is not None:
            names.setdefault(key_of(job.source), name)
    return names


def run_jobs(
    jobs: Sequence[Job], options: Options, *, workers: int | None = 1, executor: Executor | None = None
) -> Report:
    """Judge all jobs into one report. Artifacts that several share are opened once in a process.

    Of ``options`` these hold for the run: select, ignore, fail_on, min_severity, strict, date, engine, progress,
    and what was decided about findings; a job's own overrides hold where they name its resource.
    ``workers``: how many processes judge (None: as many as end soonest); or ``executor`` does, any of
    ``concurrent.futures``' kind, which must be able to open the paths. The report is the same. Raises OSError for an
    artifact that cannot be read (the first of them), and when a process is lost; ValueError for an unknown runtime,
    architecture or option value.
    """
    from .decide import heeding
    from .join import join

    for wanted in {id(wanted): wanted for wanted in (options, *[job.options for job in jobs])}.values():
        wanted.validate()
    options = heeding(options, jobs)
    if workers is None and len(jobs) > 1:
        from .plan import worthwhile

        workers = worthwhile(jobs)
    if executor is None and (workers or 1) < 2:
        from .run import judge_here

        return join(judge_here(jobs, options), options)
    from .pool import judge_all

    return join(judge_all(jobs, options, workers=workers or 1, executor=executor), options)
