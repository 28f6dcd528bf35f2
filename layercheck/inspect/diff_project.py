"""``layercheck diff`` of two builds of a project: each function and each layer by itself."""

from __future__ import annotations

from collections.abc import Sequence

from ..check import Job
from ..finding import Source, Unchecked
from ..named_tuple import NamedTuple
from .deployments import Part, compared, not_at_hand
from .diff import Diff, diff

CHANGES = ("added", "removed", "different", "unknown", "same")


class PartDiff(NamedTuple):
    """A function or layer. ``change`` is one of ``CHANGES``; ``diff`` None: it is on one side only, as ``origin``."""

    name: str
    change: str
    origin: Source | None
    diff: Diff | None


class ProjectDiff(NamedTuple):
    """All functions and layers, in the order of their templates; ``unchecked``: code that is not at hand."""

    parts: tuple[PartDiff, ...]
    unchecked: tuple[Unchecked, ...]

    @property
    def exit_code(self) -> int:
        """0 the same content, 1 different, 3 where that cannot be told."""
        if any(part.change in ("added", "removed", "different") for part in self.parts):
            return 1
        same = all(part.change == "same" for part in self.parts)
        return 0 if self.parts and same and not self.unchecked else 3

    def count(self, change: str) -> int:
        """How many functions and layers are of this change."""
        return sum([part.change == change for part in self.parts])


def diff_projects(old: Sequence[Job], new: Sequence[Job], folders: tuple[str, str]) -> ProjectDiff:
    """Compare the deployments of two builds that lie in ``folders``.

    Raises OSError for an artifact that cannot be read, ValueError for a wrong option.
    """
    before, after = compared(old, folders[0]), compared(new, folders[1])
    keys = dict.fromkeys([*after, *before])
    parts = tuple([_part(before.get(key), after.get(key)) for key in keys])
    return ProjectDiff(parts, (*not_at_hand(old, "old"), *not_at_hand(new, "new")))


def _part(old: Part | None, new: Part | None) -> PartDiff:
    if old is None or new is None:
        only = new or old
        assert only is not None
        return PartDiff(only.name, "removed" if new is None else "added", only.origin, None)
    assert old.job.source is not None
    assert new.job.source is not None
    found = diff(old.job.source, new.job.source, new.job.options, before=old.job.options)
    change = {0: "same", 1: "different", 3: "unknown"}[found.exit_code]
    return PartDiff(new.name, change, new.origin, found)
