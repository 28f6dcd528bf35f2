"""What the figures of the benchmarks are made of: rounds, ratios, and the meter that measures a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from costs import Cost, Failure, Step, by_turns, environment, measure, ratio, times_cheaper

PYTHON = (sys.executable, "-I", "-S", "-c")


def costs(*seconds: float) -> list[Cost]:
    return [Cost(one, 10.0) for one in seconds]


def test_the_figure_is_the_median_of_the_ratios_of_each_round_not_the_ratio_of_the_medians() -> None:
    # The machine was busy in the last two rounds: both took longer, and the ratio stayed.
    found = ratio(costs(1, 1, 9), costs(2, 4, 18))
    assert (found.ratio, found.low, found.high) == (0.5, 0.25, 0.5)
    assert (found.seconds, found.memory, found.rounds) == (1, 10, 3)


def test_ratios_need_a_unit_for_each_round() -> None:
    with pytest.raises(ValueError):
        ratio(costs(1, 2), costs(1))
    with pytest.raises(ValueError):
        ratio([], [])


def test_times_cheaper_is_theirs_over_ours() -> None:
    assert times_cheaper(costs(6, 8, 10), costs(2, 2, 2)) == 4


def test_all_run_by_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    def run(steps: Sequence[Step], believe: bool) -> Cost | Failure:
        order.append(steps[0].command[0])
        assert believe == (len(order) > 2)
        return Cost(float(len(order)), 0.0)

    found = by_turns({"a": [Step(("a",))], "b": [Step(("b",))]}, 2, run)
    assert order == ["a", "b"] * 3
    assert found == {"a": [Cost(3, 0), Cost(5, 0)], "b": [Cost(4, 0), Cost(6, 0)]}


def test_what_fails_is_kept_as_failure_and_not_tried_again() -> None:
    calls: list[str] = []

    def run(steps: Sequence[Step], believe: bool) -> Cost | Failure:
        calls.append(steps[0].command[0])
        return Failure("b", 3) if calls[-1] == "b" and calls.count("b") == 2 else Cost(1.0, 1.0)

    found = by_turns({"a": [Step(("a",))], "b": [Step(("b",))]}, 3, run)
    assert found == {"a": [Cost(1, 1)] * 3, "b": Failure("b", 3)}
    assert calls.count("b") == 2


def test_no_round_gives_no_figure() -> None:
    with pytest.raises(ValueError, match="one round"):
        by_turns({}, 0)


def test_only_what_would_compile_the_checkout_each_time_is_taken_from_the_environment() -> None:
    assert environment({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/h"}) == {"HOME": "/h"}


pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="the meter needs posix_spawn")


def test_the_meter_adds_the_steps_and_counts_their_children(tmp_path: Path) -> None:
    burn = "t = __import__('time'); e = t.process_time() + 0.1\nwhile t.process_time() < e: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-S', '-c', {burn!r}])"
    found = measure([Step((*PYTHON, burn)), Step((*PYTHON, child))])
    assert isinstance(found, Cost)
    assert found.seconds >= 0.2


def test_the_meter_counts_the_peak_of_the_largest_process_and_nothing_of_its_own_parent() -> None:
    held = bytes(200 << 20)
    small = measure([Step((*PYTHON, "pass"))])
    large = measure([Step((*PYTHON, "b'x' * (60 << 20)")), Step((*PYTHON, "pass"))])
    assert len(held)
    assert isinstance(small, Cost)
    assert isinstance(large, Cost)
    assert small.memory < 40
    assert 60 < large.memory < 120


def test_a_step_reads_its_file(tmp_path: Path) -> None:
    source = tmp_path / "names"
    source.write_bytes(b"three")
    program = "import sys; sys.exit(len(sys.stdin.read()))"
    assert isinstance(measure([Step((*PYTHON, program), (5,), str(source))]), Cost)
    assert isinstance(measure([Step((*PYTHON, program), (0,))]), Cost)


@pytest.mark.parametrize(
    ("code", "accepted", "status"), [("3", (0,), 3), ("0", (1,), 0), ("__import__('os').kill(0, 9)", (0,), None)]
)
def test_another_exit_status_ends_the_measurement(code: str, accepted: tuple[int, ...], status: int | None) -> None:
    if status is None:
        found = measure([Step((*PYTHON, "import os; os.kill(os.getpid(), 9)"), accepted), Step(("true",))])
        assert isinstance(found, Failure)
        assert found.status == -9
        return
    found = measure([Step((*PYTHON, f"import sys; sys.exit({code})"), accepted), Step(("true",))])
    assert isinstance(found, Failure)
    assert found.status == status
    assert found.command.endswith(f"sys.exit({code})")


def test_a_program_that_is_not_there_is_a_failure() -> None:
    assert measure([Step(("no-program-is-called-so",))]) == Failure("no-program-is-called-so", 127)


def test_a_step_that_is_not_believed_must_print() -> None:
    dumb, loud = Step((*PYTHON, "pass"), least=1), Step((*PYTHON, "print('a' * 10)"), least=10)
    assert measure([loud, dumb], believe=False) == Failure(" ".join(dumb.command), None)
    assert isinstance(measure([loud], believe=False), Cost)
    assert isinstance(measure([dumb]), Cost)
