"""What a team has decided about findings: severities, what to ignore where, exceptions, and the baseline.

The configuration and the metadata of templates are read into these; ``judgement`` applies them. Plain frozen data.
"""

from __future__ import annotations

from ..finding import Severity, Source
from ..named_tuple import NamedTuple


class Exemption(NamedTuple):
    """Findings of ``rules`` at ``place`` that are accepted for a ``reason``, up to and with the day ``expires``.

    ``rules`` are ids, names or beginnings of ids. ``place`` is a pattern of files in the artifact, or
    ``ARTIFACT:FILE``; None for everything. ``expires`` is an ISO date, None: never.
    """

    rules: tuple[str, ...]
    place: str | None
    reason: str
    expires: str | None = None
    source: Source | None = None


class Overrides(NamedTuple):
    """Decisions from one place: the configuration, or the metadata of one resource of a template.

    ``severity`` has pairs of a rule and its severity (None: off); ``ignore_at`` pairs of a place and rules. ``where``
    set: only for the findings of that resource. ``base`` is the folder (absolute) from which patterns of artifacts are
    seen, ``cwd`` the one from which the artifacts' own paths are.
    """

    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity | None], ...] = ()
    ignore_at: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    where: Source | None = None
    base: str = ""
    cwd: str = ""


class Accepted(NamedTuple):
    """One finding of a baseline; ``rule``, ``path`` and ``fact`` are for who reads it.

    ``artifact`` is the artifact's path seen from the baseline's folder, ``resource`` the template's resource that the
    finding belongs to, if any: then it is what counts, for the files that build tools write have other names each time.
    """

    fingerprint: str
    rule: str
    artifact: str
    resource: str | None = None
    path: str | None = None
    fact: str = ""


class Baseline(NamedTuple):
    """The findings of ``file`` that do not count; ``entries`` None: all that there are, for writing it.

    ``base`` and ``cwd`` as in ``Overrides``.
    """

    file: str
    entries: tuple[Accepted, ...] | None
    base: str
    cwd: str

    @property
    def source(self) -> Source:
        """The file, as the place that remarks are about."""
        return Source(self.file)
