"""Which findings a rebuild brought and which it took away, by what they say, not by the numbers in them."""

from __future__ import annotations

from collections.abc import Mapping

from ..finding import Finding, Report
from ..named_tuple import NamedTuple


class Told(NamedTuple):
    """A finding of one side only. ``targets`` are those on which only this side has it, in words; empty when it does
    not depend on the target. ``fact`` is the message without the file's name."""

    severity: str
    rule: str
    name: str
    path: str | None
    message: str
    fact: str
    fix: str | None
    targets: tuple[str, ...]


_Key = tuple[str, str, str]


class Known(NamedTuple):
    """The findings of one report: by key the first of them, and the targets that have it (None: all)."""

    findings: Mapping[_Key, Finding]
    targets: Mapping[_Key, frozenset[str | None]]


def told(report: Report) -> Known:
    """The findings of a report, by what makes them the same in another build."""
    labels = {target.id: f"{target.runtime} on {target.architecture}" for target in report.targets}
    findings: dict[_Key, Finding] = {}
    targets: dict[_Key, set[str | None]] = {}
    for finding in report.findings:
        # Sizes, counts and hashes move with every build; the fingerprint is without them.
        key = (finding.rule, finding.severity.value, finding.fingerprint)
        findings.setdefault(key, finding)
        targets.setdefault(key, set()).update([labels[name] for name in finding.targets] or [None])
    return Known(findings, {key: frozenset(found) for key, found in targets.items()})


def changes(old: Known, new: Known) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """What only ``old`` has, and what only ``new`` has; each worst first."""
    return _only(old, new), _only(new, old)


def _only(one: Known, other: Known) -> tuple[Told, ...]:
    found = []
    for key, finding in one.findings.items():
        left = one.targets[key] - other.targets.get(key, frozenset())
        if left:
            names = tuple(sorted([name for name in left if name is not None]))
            found.append((finding.severity.rank, _told(finding, names)))
    return tuple([item for _, item in sorted(found, key=lambda pair: (pair[0], _order(pair[1])))])


def _told(finding: Finding, targets: tuple[str, ...]) -> Told:
    return Told(
        finding.severity.value,
        finding.rule,
        finding.name,
        finding.path,
        finding.message,
        finding.fact,
        finding.fix,
        targets,
    )


def _order(item: Told) -> tuple[object, ...]:
    return item.rule, item.path or "", item.message, item.targets
