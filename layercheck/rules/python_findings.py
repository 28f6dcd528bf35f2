"""What reading the code of Python packages has shown: the words between check, which reads, and the rules."""

from __future__ import annotations

from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..artifact.distributions import Distribution
    from .base import Subject
    from .closure import Needed, Unmet

IMPORT, PART, INNER, NONE, UNKNOWN = "import", "part", "inner", "none", "unknown"
"""How a module is used: importing the package imports it; importing some module of it does; only statements in
functions, or under conditions; nothing imports it; its code could not be read, or is not there as text."""


class Step(NamedTuple):
    """An import statement that runs: in the file at ``path`` (of the artifact), at ``line``, of ``module``."""

    path: str
    line: int
    module: str


class Use(NamedTuple):
    """How a module is used, and the statements by which importing the package comes to it."""

    level: str
    steps: tuple[Step, ...] = ()


class Need(NamedTuple):
    """A requirement that is not met, and for each that declares it how its code uses what is missing."""

    unmet: Unmet
    uses: tuple[tuple[Needed, Use], ...]

    @property
    def worst(self) -> tuple[Needed, Use]:
        """The one that fails most surely."""
        order = (IMPORT, PART, UNKNOWN, INNER, NONE)
        return min(self.uses, key=lambda item: order.index(item[1].level))


class Lost(NamedTuple):
    """Modules and libraries that the RECORD of a distribution lists and that are not there.

    ``files`` are paths in the artifact, the one that ``use`` is about first. ``pruned``: only tests and the like.
    ``husk``: nothing but the metadata is left. ``hollow``: the package's directory is there without its __init__,
    which is ``slight`` when it was short.
    """

    subject: Subject
    distribution: Distribution
    files: tuple[str, ...]
    use: Use
    husk: bool = False
    hollow: bool = False
    slight: bool = False


class Altered(NamedTuple):
    """Files whose content is not what RECORD says: paths in the artifact, with what seems to have happened to each."""

    subject: Subject
    distribution: Distribution
    files: tuple[tuple[str, str], ...]


class Asked(NamedTuple):
    """Code that reads the metadata of a distribution while it is imported.

    ``call`` is as people write it. ``surely``: importing the package ``top`` runs it.
    """

    subject: Subject
    path: str
    line: int
    name: str
    call: str
    top: str
    surely: bool
    raises: str


class Listed(NamedTuple):
    """A line of a requirements.txt that a function ships."""

    subject: Subject
    path: str
    line: int
    text: str


class Unlisted(NamedTuple):
    """A requirement of such a file that nothing provides, though ``step``, of the function's own code, imports it."""

    listed: Listed
    name: str
    step: Step
    outer: bool
