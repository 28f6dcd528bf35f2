"""Which jobs are judged together, and whether several processes are worth their start.

Jobs that share artifacts stay together, or in as many batches as there are workers: each opens the artifact once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from ..artifact import Artifact
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .options import key_of

if TYPE_CHECKING:
    from .job import Job
    from .options import Input

_JOB = 300 << 10
"""What a job costs beside its artifacts, in bytes of an archive that take as long to read."""
_ANEW = 0.1
"""What it costs to link and judge an artifact once more, as a part of what it costs to read it."""
_ENTRIES = 2_000
"""Files of a directory whose sizes are added up; more are as good as a large archive."""
_INFLATED = 3
"""How often a byte of an archive becomes one of a directory."""
_WORTH_IT = 12 << 20
"""What several processes must have to do, as above, before they end sooner than one (benchmarks/README.md)."""
_GAIN = 0.8
"""What remains of the time when jobs that share artifacts are split, at most: else the second copy is not worth it."""


class Batch(NamedTuple):
    """Numbers of jobs, in order; what they cost, in bytes; ``local``: they hold what only this process can read."""

    jobs: tuple[int, ...]
    cost: int
    local: bool


def processors() -> int:
    """How many processes can run at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worthwhile(jobs: Sequence[Job]) -> int:
    """How many processes end soonest: as many as there are processors, and one for little work."""
    most = min(processors(), len(jobs))
    if most < 2:
        return 1
    sizes = _sizes(jobs)
    return most if sum(sizes.values()) + _JOB * len(jobs) >= _WORTH_IT else 1


def plan(jobs: Sequence[Job], workers: int) -> list[Batch]:
    """All jobs in batches, the costliest first."""
    sizes = _sizes(jobs)
    keys = [[key_of(source) for source in job.sources()] for job in jobs]
    local = [any(_is_local(source) for source in job.sources()) for job in jobs]
    made: list[Batch] = []
    for group in _groups(keys):
        parts = [group]
        shared = {key for number in group for key in keys[number]}
        if len(group) > 1 and not any(local[number] for number in group) and all(isinstance(k, str) for k in shared):
            parts = _split(group, keys, sizes, workers)
        for part in parts:
            made.append(Batch(tuple(part), _cost(part, keys, sizes), any(local[number] for number in part)))
    return sorted(made, key=lambda batch: (-batch.cost, batch.jobs))


def _groups(keys: Sequence[Sequence[str | int]]) -> list[list[int]]:
    """The numbers of jobs, together where they share a key."""
    leaders = list(range(len(keys)))

    def leader(number: int) -> int:
        while leaders[number] != number:
            leaders[number] = leaders[leaders[number]]
            number = leaders[number]
        return number

    owners: dict[str | int, int] = {}
    for number, mine in enumerate(keys):
        for key in mine:
            first = leader(owners.setdefault(key, number))
            second = leader(number)
            leaders[max(first, second)] = min(first, second)
    groups: dict[int, list[int]] = {}
    for number in range(len(keys)):
        groups.setdefault(leader(number), []).append(number)
    return list(groups.values())


def _split(
    group: list[int], keys: Sequence[Sequence[str | int]], sizes: Mapping[str | int, int], workers: int
) -> list[list[int]]:
    """In parts of about the same cost, if that ends sooner though each opens again what they share."""
    count = min(workers, len(group))
    seen: set[str | int] = set()
    costs: list[int] = []
    for number in group:
        costs.append(_cost([number], keys, {key: sizes[key] if key not in seen else 0 for key in keys[number]}))
        seen.update(keys[number])
    parts: list[list[int]] = [[] for _ in range(count)]
    spent = 0
    for number, cost in zip(group, costs, strict=True):
        parts[min(count - 1, spent * count // sum(costs))].append(number)
        spent += cost
    parts = [part for part in parts if part]
    longest = max(_cost(part, keys, sizes) for part in parts)
    return parts if longest <= _GAIN * _cost(group, keys, sizes) else [group]


def _cost(group: Iterable[int], keys: Sequence[Sequence[str | int]], sizes: Mapping[str | int, int]) -> int:
    mine = list(group)
    read = sum([sizes[key] for key in {key for number in mine for key in keys[number]}])
    anew = sum([sizes[key] for number in mine for key in keys[number]])
    return read + int(_ANEW * anew) + _JOB * len(mine)


def _is_local(source: Input) -> bool:
    """Whether only this process can read it: an open file, an artifact, or what is no regular file (a pipe)."""
    if isinstance(source, Artifact) or hasattr(source, "read"):
        return True
    if isinstance(source, (str, os.PathLike)):
        return os.path.exists(source) and not os.path.isfile(source) and not os.path.isdir(source)
    return False


def _sizes(jobs: Iterable[Job]) -> dict[str | int, int]:
    """About the bytes of each artifact as an archive, by key."""
    sizes: dict[str | int, int] = {}
    for job in jobs:
        for source in job.sources():
            key = key_of(source)
            if key not in sizes:
                sizes[key] = _size(source)
    return sizes


def _size(source: Input) -> int:
    if isinstance(source, (str, os.PathLike)):
        try:
            return _directory(os.fspath(source)) if os.path.isdir(source) else os.stat(source).st_size
        except OSError:
            # Told when it is opened.
            return 0
    return len(source) if isinstance(source, bytes) else 0


def _directory(path: str) -> int:
    total, seen = 0, 0
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > _ENTRIES:
                    return max(total // _INFLATED, _WORTH_IT)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total // _INFLATED
