"""What whole processes cost: CPU seconds and peak memory, by turns, as ratios of one of them in the same round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

METER = Path(__file__).with_name("meter.py")
LEAST_ROUNDS = 5


class Step(NamedTuple):
    """One command of a measurement; ``source`` is a file for its standard input. Other exit statuses are failures.

    ``least``: bytes that it must print to be believed, where its exit status does not tell.
    """

    command: tuple[str, ...]
    accepted: tuple[int, ...] = (0,)
    source: str | None = None
    least: int = 0


class Cost(NamedTuple):
    """Of all steps together: user and system seconds, peak memory in MiB (of the largest process)."""

    seconds: float
    memory: float


class Failure(NamedTuple):
    """A step ended as it should not have; ``status`` is None when it printed too little."""

    command: str
    status: int | None


class Ratio(NamedTuple):
    """Medians over the rounds: seconds, seconds divided by those of the unit, MiB; and the ratios' extremes."""

    seconds: float
    ratio: float
    low: float
    high: float
    memory: float
    rounds: int


def measure(steps: Sequence[Step], believe: bool = True) -> Cost | Failure:
    """Run the steps in order, from a meter of their own; unless they are believed, look at what they print."""
    for step in steps if not believe and any(step.least for step in steps) else ():
        with open(step.source or os.devnull, "rb") as source:
            said = subprocess.run(step.command, stdin=source, capture_output=True, check=False).stdout
        if len(said) < step.least:
            return Failure(" ".join(step.command), None)
    order = {
        "steps": [{"command": step.command, "accepted": step.accepted, "input": step.source} for step in steps],
        "environment": environment(os.environ),
    }
    meter = [sys.executable, "-I", "-S", str(METER)]
    done = subprocess.run(meter, input=json.dumps(order), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found["failed"] is not None:
        index, status = found["failed"]
        return Failure(" ".join(steps[index].command), status)
    return Cost(sum(found["seconds"]), found["memory"] / 1024)


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of what is measured.

    An installed package has its bytecode; where writing it is switched off, a checkout would be compiled each time.
    """
    return {name: value for name, value in outer.items() if name != "PYTHONDONTWRITEBYTECODE"}


def by_turns(
    work: Mapping[str, Sequence[Step]],
    rounds: int,
    run: Callable[[Sequence[Step], bool], Cost | Failure] = measure,
) -> dict[str, list[Cost] | Failure]:
    """The costs of each in ``rounds`` rounds A B C A B C, after one that is not counted.

    The first round warms the page cache, writes bytecode and looks at what is printed; what fails is not tried again.
    Raises ValueError for less than one round.
    """
    if rounds < 1:
        raise ValueError("at least one round is counted")
    found: dict[str, list[Cost] | Failure] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, steps in work.items():
            costs = found[name]
            if isinstance(costs, Failure):
                continue
            cost = run(steps, number > 0)
            if isinstance(cost, Failure):
                found[name] = cost
            elif number:
                costs.append(cost)
    return found


def ratio(costs: Sequence[Cost], unit: Sequence[Cost]) -> Ratio:
    """Both lists hold one cost a round. Raises ValueError when they do not match, or are empty."""
    ratios = [ours.seconds / theirs.seconds for ours, theirs in zip(costs, unit, strict=True)]
    return Ratio(
        median([cost.seconds for cost in costs]),
        median(ratios),
        min(ratios),
        max(ratios),
        median([cost.memory for cost in costs]),
        len(ratios),
    )


def times_cheaper(theirs: Sequence[Cost], ours: Sequence[Cost]) -> float:
    """How many times the CPU of ours theirs took: the median over the rounds."""
    return ratio(theirs, ours).ratio
