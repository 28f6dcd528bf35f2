"""Findings of all parts of a run: those that are equal in all but the target are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..finding import Finding, Source
from ..named_tuple import TYPE_CHECKING
from .judge import in_order
from .numbered import Numbered
from .part import Found, Part

if TYPE_CHECKING:
    from typing import Any


class Merged:
    """A finding of the run; ``concerns`` are the targets that cannot pass while it counts."""

    __slots__ = ("_counts", "_folded", "_told", "concerns", "details", "finding")

    def __init__(self, found: Found, finding: Finding, details: Mapping[str, Any], concerns: Sequence[str]) -> None:
        self.finding = finding
        self.details = details
        self.concerns = set(concerns)
        self._told = set(finding.targets)
        self._folded = dict(found.folded)
        self._counts = _beyond(found)

    def add(self, found: Found, finding: Finding, concerns: Sequence[str]) -> None:
        """Take in an equal finding of another deployment."""
        self.concerns.update(concerns)
        self._told.update(finding.targets)
        if found.scope != "artifact":
            return
        if finding.severity.rank < self.finding.severity.rank:
            self.finding = self.finding._replace(severity=finding.severity)
        # What does not depend on the target was met in each deployment, but is there once.
        for rule, count in found.folded.items():
            self._folded[rule] = max(self._folded.get(rule, 0), count)
        for rule, count in _beyond(found).items():
            self._counts[rule] = self._counts.get(rule, 0) + count

    def close(self, order: Mapping[str, int]) -> None:
        """Write into the finding what was taken in."""
        if len(self._told) != len(self.finding.targets):
            self.finding = self.finding._replace(targets=tuple(sorted(self._told, key=order.__getitem__)))
        rules = sorted(self._counts.keys() | self._folded.keys())
        if rules:
            counts = {rule: self._counts.get(rule, 0) + self._folded.get(rule, 0) for rule in rules}
            self.finding = self.finding._replace(details={**self.finding.details, "consequences": counts})


def _beyond(found: Found) -> dict[str, int]:
    """The consequences that depend on the target."""
    counted: Mapping[str, int] = found.finding.details.get("consequences", {})
    return {rule: count - found.folded.get(rule, 0) for rule, count in counted.items()}


def merge_findings(parts: Sequence[Part], numbered: Numbered) -> list[Merged]:
    """All findings, sorted, with the ids of the run.

    What is wrong with a file that several functions share is told once; what is wrong with a deployment as a whole, of
    each. An artifact's own faults are told once, with the worst severity that one of its deployments gives them.
    """
    buckets: dict[tuple[object, ...], list[Merged]] = {}
    for part, names in zip(parts, numbered.names, strict=True):
        own = tuple([names[item.target.id] for item in part.targets])
        for found in part.findings:
            finding = _renamed(found, part, names, numbered.declared)
            concerns = finding.targets or (() if found.scope == "project" else own)
            key, details = _key(found, finding)
            bucket = buckets.setdefault(key, [])
            # Those of one part are merged already.
            known = next((merged for merged in bucket if merged.details == details), None) if len(parts) > 1 else None
            if known is None:
                bucket.append(Merged(found, finding, details, concerns))
            else:
                known.add(found, finding, concerns)
    every = [merged for bucket in buckets.values() for merged in bucket]
    if len(parts) > 1:
        order = {item.target.id: place for place, item in enumerate(numbered.targets)}
        for merged in every:
            merged.close(order)
    every.sort(key=lambda merged: in_order(merged.finding))
    return every


def _renamed(found: Found, part: Part, names: Mapping[str, str], declared: Mapping[str, Source]) -> Finding:
    finding = found.finding
    artifact = names[finding.artifact] if finding.artifact is not None else None
    targets = tuple([names[target] for target in finding.targets])
    source = finding.source
    if source is None:
        # A layer's fault is told where the layer is declared. Several functions may be made of one artifact: what is
        # found on their targets lies with each of them.
        elsewhere = artifact is not None and (found.scope == "artifact" or finding.artifact != part.main)
        source = declared.get(artifact, part.origin) if artifact is not None and elsewhere else part.origin
    if (artifact, targets, source) == (finding.artifact, finding.targets, finding.source):
        return finding
    return finding._replace(artifact=artifact, targets=targets, source=source)


def _key(found: Found, finding: Finding) -> tuple[tuple[object, ...], Mapping[str, Any]]:
    """What equal findings have in common, and the details that must be equal, too."""
    whole = found.scope == "artifact"
    details = finding.details
    if whole and "consequences" in details:
        details = {name: value for name, value in details.items() if name != "consequences"}
    severity = None if whole else finding.severity
    source = finding.source if finding.path is None and not whole else None
    same = (finding.rule, finding.artifact, finding.path, finding.fact, finding.fix, finding.confidence)
    return (*same, severity, source), details
