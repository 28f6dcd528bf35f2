"""What a check says: defects read from a file, findings made of them, and the report about one run.

Plain frozen data. Every other room of the package may use this one; it uses none. Named tuples, not dataclasses: these
would add 30 ms to the start of every run, half of it for the module that makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from .named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Severity(Enum):
    """How bad a finding is (DESIGN: what a verdict means)."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; a larger number is milder."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Confidence(Enum):
    """``certain`` follows from the artifact and measured facts; ``likely`` does not follow strictly."""

    CERTAIN = "certain"
    LIKELY = "likely"


class Defect(NamedTuple):
    """A fault met while reading a file, before any rule has judged it.

    ``kind`` is one of the words that the reader documents, ``entry`` the path of the member inside the artifact (None
    for the artifact as a whole), ``detail`` the measured fact in words.
    """

    kind: str
    entry: str | None
    detail: str


class Source(NamedTuple):
    """Where a project declares something: the template's ``file`` (as given, or relative to the working directory, with
    forward slashes), the 1-based ``line`` (None: not known), and the logical id of the ``resource``.
    """

    file: str
    line: int | None = None
    resource: str | None = None


class Finding(NamedTuple):
    """One fault that one rule found.

    ``targets`` are the sorted ids of the targets that it concerns, empty when it does not depend on the target.
    ``artifact`` is the id of the artifact, ``path`` the file inside it (None for the artifact as a whole). ``fact`` is
    the message without the file's name: findings of one rule with one fact are shown together. ``source`` is where a
    project declares what it is about, None outside projects.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    confidence: Confidence = Confidence.CERTAIN
    targets: tuple[str, ...] = ()
    artifact: str | None = None
    path: str | None = None
    fix: str | None = None
    details: Mapping[str, Any] = {}
    fingerprint: str = ""
    fact: str = ""
    source: Source | None = None


class Unchecked(NamedTuple):
    """Something that could not be judged, and why. Never dropped silently."""

    what: str
    why: str
    targets: tuple[str, ...] = ()
    artifact: str | None = None
    path: str | None = None


class Linkage(NamedTuple):
    """How many ELF files of an artifact are made for one C library, with one of them and the fact that tells it.

    ``kind``: glibc, musl, bionic, static-glibc, static-musl, static, go-static, none (needs no library) or unknown.
    """

    kind: str
    files: int
    path: str
    evidence: str


class ArtifactSummary(NamedTuple):
    """One artifact of a run. Sizes in bytes; ``zip_bytes`` and ``code_sha256`` are None for a directory.

    ``kind`` is layer or function, ``kind_reason`` why it was taken for one. ``followed_bytes`` is the total if links
    were stored as copies, None where it holds no link. ``packages`` are the largest, as (name, bytes).
    """

    id: str
    kind: str
    form: str
    path: str
    code_sha256: str | None
    content_sha256: str
    zip_bytes: int | None
    unzipped_bytes: int
    files: int
    elf_files: int
    kind_reason: str = ""
    followed_bytes: int | None = None
    packages: tuple[tuple[str, int], ...] = ()
    linkage: tuple[Linkage, ...] = ()


class Target(NamedTuple):
    """One runtime on one architecture with what it runs: the function's artifact id, the layers' ids in order.

    ``open`` names the parts that are not at hand (layer ARNs); ``reason`` says where runtime and architecture come
    from; ``state`` is the runtime's at the report's date (supported, deprecated, blocked, preview). ``source`` is where
    a project declares it, None outside projects.
    """

    id: str
    runtime: str
    architecture: str
    function: str | None
    layers: tuple[str, ...]
    handler: str | None = None
    open: tuple[str, ...] = ()
    passed: bool = True
    reason: str = ""
    state: str = "supported"
    source: Source | None = None


class Compatibility(NamedTuple):
    """What may truthfully be declared for one architecture: runtimes, newest first, at most what AWS takes."""

    architecture: str
    runtimes: tuple[str, ...]


class Suppressed(NamedTuple):
    """A finding that does not count, and what takes it out.

    ``by``: ``ignore``, ``severity`` (turned off, or set so low that it is not shown), ``path``, ``exception``,
    ``baseline`` or ``confidence``. ``reason``: an exception's reason, else the word, pattern or file that does it.
    """

    finding: Finding
    by: str
    reason: str | None = None


class Remark(NamedTuple):
    """Something to be said about the decisions of a run, which does not change how it ends.

    ``kind``: ``expired-exception``, ``unused-exception`` or ``gone-from-baseline``. ``source``: where it was decided.
    """

    kind: str
    severity: Severity
    message: str
    source: Source | None = None


class ProjectSummary(NamedTuple):
    """A project of a run: ``form`` is sam, cloudformation or cdk, ``file`` its template or manifest; then counts."""

    form: str
    file: str
    stacks: int
    functions: int
    layers: int


class Report(NamedTuple):
    """Everything about one run. ``gate`` is False when no target was given: then ``compatibility`` is the answer.

    ``limit_bytes`` is what Lambda takes unzipped, for the line that says what is left. ``suppressed`` are findings that
    were taken out by a decision of the user; they count nowhere else.
    """

    tool_version: str
    data_version: str
    date: str
    exit_code: int
    targets: tuple[Target, ...]
    artifacts: tuple[ArtifactSummary, ...]
    compatibility: tuple[Compatibility, ...]
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    gate: bool
    limit_bytes: int
    suppressed: tuple[Suppressed, ...] = ()
    remarks: tuple[Remark, ...] = ()
    projects: tuple[ProjectSummary, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the run ends with exit code 0."""
        return self.exit_code == 0

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum([finding.severity is severity for finding in self.findings])
