"""What the artifacts that are deployed together add up to, against what Lambda takes; for any format."""

from __future__ import annotations

from ..finding import ArtifactSummary, Report
from ..named_tuple import NamedTuple
from .order import id_order

BAR = 20
"""Characters of a bar that is full."""
_FULL, _EMPTY = "█", "░"


class Stack(NamedTuple):
    """Artifacts that are deployed together, each once; ``is_open``: parts are not at hand, so all is "at least"."""

    artifacts: tuple[ArtifactSummary, ...]
    is_open: bool

    @property
    def total(self) -> int:
        """Unzipped bytes."""
        return sum([artifact.unzipped_bytes for artifact in self.artifacts])

    @property
    def followed(self) -> int | None:
        """Unzipped bytes if links were stored as copies; None where there is no link."""
        if all(artifact.followed_bytes is None for artifact in self.artifacts):
            return None
        sizes = [(artifact.unzipped_bytes, artifact.followed_bytes) for artifact in self.artifacts]
        return sum([unzipped if followed is None else followed for unzipped, followed in sizes])


def stacks(report: Report) -> list[Stack]:
    """What is deployed together, each set once and in the order of the targets."""
    artifacts = {artifact.id: artifact for artifact in sorted(report.artifacts, key=lambda item: id_order(item.id))}
    found: dict[tuple[str, ...], bool] = {}
    for target in sorted(report.targets, key=lambda target: id_order(target.id)):
        ids = tuple(dict.fromkeys(part for part in (target.function, *target.layers) if part in artifacts))
        if ids:
            found[ids] = found.get(ids, False) or bool(target.open)
    deployed = {identifier for ids in found for identifier in ids}
    for identifier in artifacts:
        if identifier not in deployed:
            found[(identifier,)] = False
    return [Stack(tuple([artifacts[identifier] for identifier in ids]), is_open) for ids, is_open in found.items()]


def fullest(found: list[Stack], limit: int) -> list[Stack]:
    """The largest of them, at most ``limit``, the largest first; all in their order where they are no more."""
    return found if len(found) <= limit else sorted(found, key=lambda stack: -stack.total)[:limit]


def bar(size: int, limit: int) -> str:
    """``█████░░░…``: how much of the limit is taken. Full only when it is; something is never nothing."""
    filled = BAR if size >= limit else max(1 if size else 0, size * BAR // limit)
    return _FULL * filled + _EMPTY * (BAR - filled)


def share(size: int, limit: int) -> str:
    """``27.9 %`` of the limit."""
    return f"{100 * size / limit:.1f} %" if limit else ""
