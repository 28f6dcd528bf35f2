"""Findings that say the same, told once: 157 files of the wrong architecture are one fault, not 157."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..finding import Finding, Source
from ..named_tuple import NamedTuple
from .order import finding_order

_LANGUAGE_ROOTS = frozenset({"python", "nodejs", "ruby", "java"})
_PACKAGE_ROOTS = ("site-packages", "dist-packages", "node_modules")


class Group(NamedTuple):
    """Findings that share all that a reader needs to be told once; in order, at least one."""

    findings: tuple[Finding, ...]

    @property
    def head(self) -> Finding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def fact(self) -> str:
        """What is told of all of them."""
        return self.head.fact or self.head.message

    @property
    def sources(self) -> list[Source]:
        """Where a project declares what they are about, each place once, unless that is where they are."""
        return list(
            dict.fromkeys(
                finding.source
                for finding in self.findings
                if finding.source is not None and finding.artifact is not None
            )
        )

    def shared(self, key: str) -> Any:
        """The value that every finding has under this key of its details, None when they differ."""
        value = self.head.details.get(key)
        return value if all(finding.details.get(key) == value for finding in self.findings) else None


def groups(findings: Iterable[Finding]) -> list[Group]:
    """Worst severity first, then by rule, the largest group first."""
    members: dict[tuple[object, ...], list[Finding]] = {}
    for finding in sorted(findings, key=finding_order):
        members.setdefault(_same(finding), []).append(finding)
    made = [Group(tuple(found)) for found in members.values()]
    return sorted(made, key=lambda group: (group.head.severity.rank, group.head.rule, -len(group.findings)))


def _same(finding: Finding) -> tuple[object, ...]:
    return (
        finding.severity,
        finding.rule,
        finding.name,
        finding.fact or finding.message,
        finding.fix,
        tuple(sorted(finding.targets)),
        finding.confidence,
    )


def package_of(path: str) -> str:
    """The package directory that a file belongs to, as people call it: ``numpy``, ``@scope/name``, ``lib``."""
    parts = path.split("/")
    start = 1 if parts[0] in _LANGUAGE_ROOTS else 0
    for root in _PACKAGE_ROOTS:
        if root in parts:
            start = parts.index(root) + 1
            break
    else:
        if parts[0] == "ruby" and "gems" in parts[2:]:
            start = parts.index("gems", 2) + 1
    rest = parts[start:] or parts[-1:]
    return "/".join(rest[:2]) if rest[0].startswith("@") else rest[0]


def spread(paths: Iterable[str]) -> list[tuple[str, int]]:
    """How many of the files lie in which package, most first."""
    counts = Counter(map(package_of, paths))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def consequences(group: Group) -> list[tuple[str, int]]:
    """The rules whose findings were folded under this group, with their number, by rule.

    ``details["consequences"]`` is either a mapping from rule to number, or a list with one item for each finding
    folded: a text that begins with the rule's id, or a mapping with the key ``rule``.
    """
    counts: Counter[str] = Counter()
    for finding in group.findings:
        folded = finding.details.get("consequences") or ()
        if isinstance(folded, Mapping):
            counts.update({str(rule): int(number) for rule, number in folded.items()})
        else:
            texts = [str(item["rule"] if isinstance(item, Mapping) else item) for item in folded]
            counts.update([text.partition(" ")[0] for text in texts])
    return sorted(counts.items())
