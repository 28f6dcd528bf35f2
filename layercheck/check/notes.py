"""What could not be checked: noted once for all targets that it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..finding import Unchecked

MAX_NOTES = 20_000
"""Different things that are noted; a hostile archive would have a million."""


class Notes:
    """Collects what was left unchecked. ``more`` counts what is not kept."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str | None, str | None, str, str], dict[str, None]] = {}
        self.more = 0

    def add(self, what: str, why: str, target: str | None, artifact: str | None, path: str | None) -> None:
        """Note one thing; ``target`` None when it does not depend on the target."""
        key = (artifact, path, what, why)
        if key not in self._targets:
            if len(self._targets) >= MAX_NOTES:
                self.more += 1
                return
            self._targets[key] = {}
        if target is not None:
            self._targets[key][target] = None

    def __bool__(self) -> bool:
        return bool(self._targets)

    def __iter__(self) -> Iterator[Unchecked]:
        """Everything kept, in the order in which it was noted; so are the targets of each."""
        for (artifact, path, what, why), targets in self._targets.items():
            yield Unchecked(what, why, tuple(targets), artifact, path)

    def all(self, order: Mapping[str, int]) -> tuple[Unchecked, ...]:
        """Everything noted, sorted; ``order`` numbers the targets."""
        keys = sorted(self._targets, key=lambda key: tuple(part or "" for part in key))
        told = [
            Unchecked(what, why, tuple(sorted(self._targets[(a, p, what, why)], key=order.__getitem__)), a, p)
            for a, p, what, why in keys
        ]
        if self.more:
            told.append(Unchecked(f"{self.more:,} more things", "there are too many to tell them all"))
        return tuple(told)
