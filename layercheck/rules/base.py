"""What a rule is, what it sees, and what it says.

A rule has a scope and sees only the frozen view of that scope. Rules never open, read or link anything, and never call
one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..artifact import Artifact, Facts
from ..artifact.distributions import DistributionIndex
from ..artifact.names import installed_place
from ..artifact.packages import PackageIndex
from ..artifact.printable import is_printable
from ..artifact.python_reader import PythonReader
from ..environment import Environment, Limits, Runtime
from ..filesystem import TASK, Filesystem, Hit, Overlay
from ..finding import Confidence, Defect, Severity, Source
from ..linker import Resolution
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .shape import Shape

if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    from ..linker.symbols import Lacking
    from .python_findings import Altered, Asked, Listed, Lost, Need, Unlisted

Scope: TypeAlias = 'Literal["artifact", "stack", "target", "project"]'


class Subject(NamedTuple):
    """One artifact in its role. ``id`` is a1, a2 …; ``at`` is where it is mounted.

    ``wheel_defects`` are those of a wheel as a wheel (see artifact.wheel_record).
    """

    id: str
    artifact: Artifact
    kind: str
    kind_reason: str
    at: str
    shape: Shape
    packages: PackageIndex
    distributions: DistributionIndex
    python: PythonReader
    wheel_defects: tuple[Defect, ...] = ()

    def where(self, path: str) -> str:
        """The absolute path, in Lambda, of a file of the artifact."""
        return f"{self.at}/{installed_place(path) if self.artifact.form == 'wheel' else path}"


class Settings(NamedTuple):
    """What the user asked for beyond the target; sizes in bytes."""

    limits: Limits
    upload: str = "s3"
    max_unzipped: int | None = None
    max_zip: int | None = None
    packager: str | None = None

    @property
    def follows_links(self) -> bool | None:
        """Whether the packager stores what a link leads to in its place; None when it is not known which it is."""
        return None if self.packager is None else self.packager != "zip-y"


class Declared(NamedTuple):
    """What a template declares that a layer is for; () where it declares nothing. ``title`` is the layer's name there.

    Runtimes are identifiers as they are written there, architectures x86_64 or arm64.
    """

    title: str
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()


class ArtifactView(NamedTuple):
    """One artifact by itself."""

    subject: Subject
    settings: Settings


class StackView(NamedTuple):
    """The artifacts of a deployment: layers in order, then the function. ``open`` names parts that are not at hand.

    ``handler_code`` maps (subject's id, path) of what the handler may mean to whether it defines what is asked for.
    ``lost``, ``altered`` and ``asked`` are what Python's packages have lost, and what metadata their code reads;
    ``listed`` is what a requirements.txt in the function lists. ``declared``: what a project's template says of the
    layers, by their subjects' ids.
    """

    subjects: tuple[Subject, ...]
    overlay: Overlay
    open: tuple[str, ...]
    layer_count: int
    handler: str | None
    env: Mapping[str, str]
    settings: Settings
    handler_code: Mapping[tuple[str, str], bool | None] = {}
    lost: tuple[Lost, ...] = ()
    altered: tuple[Altered, ...] = ()
    asked: tuple[Asked, ...] = ()
    listed: tuple[Listed, ...] = ()
    declared: Mapping[str, Declared] = {}

    @property
    def function(self) -> Subject | None:
        """The function's artifact, if the deployment has one."""
        return next((subject for subject in self.subjects if subject.kind == "function"), None)


class TargetView(NamedTuple):
    """A stack on one runtime and architecture, with everything resolved.

    ``undefined``: the loads that lack symbols, out of those whose processes are known completely. ``needs``: what
    Python's packages require and do not have; ``unlisted`` what a requirements.txt lists, and nothing provides.
    """

    stack: StackView
    environment: Environment
    runtime: Runtime
    filesystem: Filesystem
    resolution: Resolution
    undefined: tuple[Lacking, ...] = ()
    needs: tuple[Need, ...] = ()
    unlisted: tuple[Unlisted, ...] = ()

    def facts(self, subject: Subject) -> Iterator[tuple[str, Facts]]:
        """The facts of an artifact's files, without those that a later layer replaces: they never appear in /opt."""
        facts = subject.artifact.facts
        if len(self.stack.subjects) == 1:
            yield from facts.items()
            return
        for path, fact in facts.items():
            if self.shows(subject, path):
                yield path, fact

    def shows(self, subject: Subject, path: str) -> bool:
        """Whether the function sees the file at ``path`` of an artifact: no later layer replaces it."""
        node = self.stack.overlay.nodes.get(subject.where(path))
        return node is None or self.stack.subjects[node.mount] is subject

    def has_file(self, path: str) -> bool:
        """Whether there is a file at ``path``, seen from /var/task; one that may not be read is there all the same."""
        hit = self.filesystem.lookup(path, TASK)
        return not hit.node.is_directory if isinstance(hit, Hit) else hit.reason == "denied"

    def subject_of(self, mount: int) -> Subject:
        """The artifact behind a node of the file system."""
        return self.stack.subjects[mount]


_SAFE_IN_SHELL = str.maketrans("_@%+=:,./-", "a" * 10)
"""What means nothing to a shell besides letters and digits, as the module shlex has it, which takes a while to load."""


def quote(text: str) -> str:
    """A file's name for a command that people paste: nothing in it may be taken for shell syntax or a new line."""
    if not is_printable(text):
        return "FILE"
    if text.isascii() and text.translate(_SAFE_IN_SHELL).isalnum():
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def number(text: str) -> int | None:
    """A decimal number of at most nine ASCII digits, as versions have them; None for all else.

    int() refuses thousands of digits, and what str.isdigit() takes for one.
    """
    return int(text) if len(text) <= 9 and text.isascii() and text.isdecimal() else None


def zip_again(subject: Subject | None) -> str:
    """The command that packs the current folder anew; zip would otherwise add to the archive that is there."""
    name = "layer.zip"
    if subject is not None:
        own = subject.artifact.name.replace("\\", "/").rsplit("/", 1)[-1]
        name = own if own.lower().endswith((".zip", ".jar")) else f"{subject.kind}.zip"
    return f"rm -f {quote(name)} && zip -qry {quote(name)} ."


def set_handler(handler: str) -> str:
    """The command that gives a function another handler."""
    return f"aws lambda update-function-configuration --function-name NAME --handler {quote(handler)}"


NOTHING: Mapping[str, Any] = {}


class Fault(NamedTuple):
    """What a rule yields. ``fact`` tells what is wrong and what follows, without the file's name.

    ``severity`` and ``confidence`` None: the rule's own. ``details`` go into the JSON report as they are. ``source``:
    where a project declares it, which rules of scope ``project`` know.
    """

    fact: str
    subject: Subject | None = None
    path: str | None = None
    fix: str | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    details: Mapping[str, Any] = NOTHING
    source: Source | None = None


class Unsure(NamedTuple):
    """What a rule yields where it cannot judge: ``what`` is not known, and ``why``. It goes under ``unchecked``."""

    what: str
    why: str
    subject: Subject | None = None
    path: str | None = None


class Rule(NamedTuple):
    """A check with its documentation. ``run`` takes the view of the rule's scope.

    ``open``: what it misses could be in a layer that is not at hand. ``links``: it judges what the loader finds.
    """

    id: str
    name: str
    severity: Severity
    scope: Scope
    what: str
    why: str
    fix: str
    example: str
    sources: tuple[str, ...]
    run: Callable[[Any], Iterable[Fault | Unsure]]
    open: bool = False
    links: bool = False


def rule(
    id: str,
    name: str,
    severity: Severity,
    scope: Scope,
    *,
    what: str,
    why: str,
    fix: str,
    example: str,
    sources: tuple[str, ...],
    open: bool = False,
    links: bool = False,
) -> Callable[[Callable[[Any], Iterable[Fault | Unsure]]], Rule]:
    """Make a function into a Rule, with its documentation beside it."""

    def make(run: Callable[[Any], Iterable[Fault | Unsure]]) -> Rule:
        return Rule(id, name, severity, scope, what, why, fix, example, sources, run, open, links)

    return make
