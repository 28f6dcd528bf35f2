"""What ``size`` and ``diff`` have in common: the configuration, and inputs that are projects."""

from __future__ import annotations

from argparse import Namespace

from ..named_tuple import TYPE_CHECKING
from .commands import gather, job_fields
from .configured import decisions, settle

if TYPE_CHECKING:
    from ..check import Job
    from ..finding import ProjectSummary


class Found:
    """One input: its deployments, and the project that they are of, if it is one."""

    def __init__(self, jobs: list[Job], projects: list[ProjectSummary]) -> None:
        self.jobs = jobs
        self.project = projects[0] if projects else None


def look(options: Namespace, *names: str) -> list[Found]:
    """The inputs, all with what the configuration says of the first of them that it names.

    Raises OSError for one that cannot be read, ValueError for a wrong option or configuration.
    """
    from ..check import Options

    options.inputs = list(names)
    pairs, configuration = settle(options)
    own = next((own for _, own in pairs if own is not options), options)
    if [*names, *own.layer].count("-") > 1:
        raise ValueError("standard input (-) can be read once only")
    wanted = Options(**job_fields(own), **decisions(options, configuration))
    own.require_target = False
    found = [Found(*gather([(name, own)], own, wanted)) for name in names]
    if len({item.project is None for item in found}) > 1:
        raise ValueError("one of the two is a project, and the other is not")
    return found
