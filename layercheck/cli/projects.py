"""INPUTs of the command line that are projects: what they are judged with, and which options mean nothing there."""

from __future__ import annotations

from argparse import Namespace

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from ..check import Job, Options
    from ..finding import ProjectSummary, Report
    from ..project import Project


def project_at(name: str, options: Namespace) -> Project | None:
    """The project at ``name``, if it is one.

    Raises OSError when it cannot be read, ValueError for options that do not go with it.
    """
    from ..project import find

    found = find(name, dict(options.set))
    if found is None:
        return None
    for option, given in (("--handler", options.handler), ("--layer", options.layer)):
        if given:
            raise ValueError(f"{option}: {found.file} says that itself (--kind function or layer: not as a project)")
    return found


def jobs_of(project: Project, options: Namespace, wanted: Options) -> list[Job]:
    """What to judge of a project. Raises ValueError where ``--require-target`` is not met."""
    jobs = project.jobs(wanted)
    for job in jobs:
        stated = job.options.runtimes or job.options.environment
        if options.require_target and job.source is not None and not stated:
            where = f"{job.origin.file}:{job.origin.line}: {job.origin.resource}" if job.origin else project.file
            raise ValueError(f"--require-target: {where} declares no runtime")
    return jobs


def judged(report: Report, projects: list[ProjectSummary]) -> Report:
    """The report with its projects. One that could judge nothing of them ends with 3, not with 0."""
    if report.artifacts:
        return report._replace(projects=tuple(projects))
    code = 3 if report.exit_code == 0 else report.exit_code
    return report._replace(projects=tuple(projects), gate=True, exit_code=code)
