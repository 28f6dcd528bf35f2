"""What is known when one job has been judged: plain data, which any process can make and one puts together (``join``).

The ids of artifacts (a1 …) and targets (t1 …) in a Part are its own. A Report would not do for this: it no longer has
what was not selected, or was milder than asked for, and the runtimes beyond the 15 that may be declared.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..finding import ArtifactSummary, Finding, Source, Target, Unchecked
from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Untold(NamedTuple):
    """How many more faults of one rule and severity there are than are kept, on one target (None: whatever it is)."""

    rule: str
    severity: str
    target: str | None
    number: int


class Rest(NamedTuple):
    """What was left unchecked and untold: ``more`` is how many more notes there were than are kept."""

    notes: tuple[Unchecked, ...] = ()
    more: int = 0
    untold: tuple[Untold, ...] = ()


class Seen(NamedTuple):
    """An artifact of the deployment. ``path`` is None for one that has no name by which to know it again.

    ``rest`` is what is unchecked of it whatever it is deployed with.
    """

    path: str | None
    summary: ArtifactSummary
    rest: Rest


class Found(NamedTuple):
    """A finding of this deployment, and the scope of its rule; ``project``: it lies in what is declared.

    ``folded``: those of the consequences counted in its details that do not depend on the target.
    """

    finding: Finding
    scope: str
    folded: Mapping[str, int] = {}


class Judged(NamedTuple):
    """A target of this deployment. ``stated``: at least one dimension was; ``order`` sorts runtimes, newest first."""

    target: Target
    stated: bool
    order: tuple[Any, ...]


class Part(NamedTuple):
    """One job. ``batch`` numbers those that were judged together: what has no path is the same only among them.

    ``main`` is the id of the job's own artifact, ``origin`` where the job is declared.
    """

    batch: int
    main: str | None
    origin: Source | None
    artifacts: tuple[Seen, ...] = ()
    targets: tuple[Judged, ...] = ()
    findings: tuple[Found, ...] = ()
    rest: Rest = Rest()
