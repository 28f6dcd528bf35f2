"""Judging batches of jobs, here or in other processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..named_tuple import TYPE_CHECKING
from .job import names_of
from .options import Options
from .part import Part
from .plan import Batch, plan
from .run import Judgement, judge_batch, judge_here

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from .job import Job


class WorkerLost(OSError):
    """A process that judged a part of the jobs was killed, or could not be started."""


def judge_all(jobs: Sequence[Job], options: Options, *, workers: int, executor: Executor | None) -> list[Part]:
    """Judge every job in ``workers`` processes or through ``executor``. The parts are in the order of the jobs.

    Of several jobs that cannot be judged the first one's error is raised, as if they were judged one by one.
    """
    batches = plan(jobs, max(workers, 2))
    if executor is not None:
        return _spread(jobs, options, batches, executor)
    remote = sum([not batch.local for batch in batches])
    if len(batches) > 1 and remote:
        with processes(min(workers, remote)) as pool:
            return _spread(jobs, options, batches, pool)
    return judge_here(jobs, options)


def _spread(jobs: Sequence[Job], options: Options, batches: Sequence[Batch], executor: Executor) -> list[Part]:
    from concurrent.futures import BrokenExecutor, as_completed

    names = names_of(jobs)
    # Numbers are keys of what only this process has.
    called: dict[str | int, str] = {key: name for key, name in names.items() if isinstance(key, str)}

    # A callback stays here: it cannot be sent, and what it shows is no other process's.
    quiet = options._replace(progress=None)
    total, spent = sum([batch.cost for batch in batches]), 0
    parts: dict[int, Part] = {}
    errors: dict[int, Exception] = {}

    def take(batch: Batch, done: Judgement) -> None:
        parts.update(zip(batch.jobs, done.parts, strict=False))
        if done.error is not None:
            errors[batch.jobs[len(done.parts)]] = done.error

    futures: dict[Future[Judgement], Batch] = {}
    try:
        for number, batch in enumerate(batches):
            if not batch.local:
                mine = [_sendable(jobs[place]) for place in batch.jobs]
                futures[executor.submit(judge_batch, number, mine, quiet, called)] = batch
        for number, batch in enumerate(batches):
            if batch.local:
                take(batch, judge_batch(number, [jobs[place] for place in batch.jobs], options, names))
        for future in as_completed(futures):
            if future.cancelled():
                continue
            take(futures[future], future.result())
            spent += futures[future].cost
            if options.progress is not None:
                options.progress(spent, total)
            if errors:
                # What comes later than an error is told by nobody.
                for other, batch in futures.items():
                    if batch.jobs[0] > min(errors):
                        other.cancel()
    except BrokenExecutor:
        raise WorkerLost("a process that was checking has been ended (killed, or out of memory)") from None
    finally:
        for future in futures:
            future.cancel()
    if errors:
        raise errors[min(errors)]
    return [parts[place] for place in range(len(jobs))]


def _sendable(job: Job) -> Job:
    return job if job.options.progress is None else job._replace(options=job.options._replace(progress=None))


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """A pool of processes, none of which outlives the block, however it ends."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    others = set(active_children())
    pool = ProcessPoolExecutor(count, mp_context=get_context(_start_method()), initializer=_begin)
    try:
        yield pool
    except BaseException:
        # An error has been found, or Ctrl-C: nobody waits for what they are doing.
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_method() -> str:
    """A copy of this process knows everything at once; but a copy of one with threads may hang, and not all have it."""
    import sys
    import threading

    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _begin() -> None:
    """In a new process: leave Ctrl-C to the parent, and end when it has ended."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import os
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
