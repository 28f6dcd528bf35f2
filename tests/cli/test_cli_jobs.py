"""Several processes behind one command: the same report, and a clean end whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from check.fleet import fleet
from cli.runs import TARGET, Run, command, environment, here
from support.zip_writer import Member, build_zip, deflated_zeros

SLOW = build_zip(
    Member(f"python/zeros{number}", payload=zeros, size=60 << 20, crc=0)
    for zeros in [deflated_zeros(60 << 20)]
    for number in range(16)
)
"""Takes a good second to read."""
needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs /proc")


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    found = []
    for number, data in enumerate(fleet(12)):
        found.append(str(tmp_path / f"{number}.zip"))
        Path(found[-1]).write_bytes(data)
    return found


@pytest.mark.parametrize("more", [TARGET, (), ("-r", "nodejs22.x", "--layer", "LAYER", "--strict")])
@pytest.mark.parametrize("form", ["json", "text", "concise"])
def test_the_report_is_the_same(paths: list[str], more: Sequence[str], form: str) -> None:
    arguments = [*paths[:5], paths[0], *[paths[6] if word == "LAYER" else word for word in more], "-f", form]
    one = here(*arguments, "-j", "1")
    assert one.out
    assert here(*arguments, "-j", "3") == one
    assert here(*arguments) == one


def test_from_the_command_line_too(paths: list[str]) -> None:
    runs = {command(*paths, *TARGET, "-f", "json", *more) for more in ((), ("-j1",), ("-j", "2"), ("--jobs=40",))}
    assert len(runs) == 1
    assert runs.pop().code == 1


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "", "٣", "10000"])
def test_what_is_no_number_of_processes(number: str, paths: list[str]) -> None:
    run = here(paths[0], f"--jobs={number}")
    assert (run.code, run.out) == (2, "")
    assert "is not a number of processes" in run.err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_that_cannot_be_read_is_told_and_nothing_else(paths: list[str], jobs: str, tmp_path: Path) -> None:
    report = tmp_path / "report"
    arguments = [paths[0], "gone.zip", *paths[1:], "gone-2.zip", *TARGET, "-j", jobs, "-o", str(report)]
    assert here(*arguments) == Run(3, "", "layercheck: gone.zip: No such file or directory\n")
    assert not report.exists()


def test_standard_input_among_others(paths: list[str]) -> None:
    data = fleet(3)[2]
    for arguments in ((paths[0], "-", paths[1]), (paths[0], paths[1], "--layer", "-")):
        runs = {command(*arguments, *TARGET, "-f", "json", "-j", number, stdin=data) for number in ("1", "3")}
        assert len(runs) == 1
        run = runs.pop()
        assert run.code == 1
        assert run.out.count('"path": "<stdin>"') == 1


def children(process: subprocess.Popen[bytes]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(word) for word in listed.split()]


def opens(pid: int, path: Path) -> bool:
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{name}") == str(path) for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked how."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


@pytest.fixture
def reading(tmp_path: Path) -> Callable[[], tuple[subprocess.Popen[bytes], list[int]]]:
    """Starts a command of two processes, and waits until both read."""
    slow = [tmp_path / "slow1.zip", tmp_path / "slow2.zip"]
    for path in slow:
        path.write_bytes(SLOW)

    def start() -> tuple[subprocess.Popen[bytes], list[int]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "layercheck", *map(str, slow), *TARGET, "-j", "2", "-o", str(tmp_path / "report")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        until(lambda: all(any(opens(pid, path) for pid in children(process)) for path in slow))
        return process, children(process)

    return start


Reading = Callable[[], "tuple[subprocess.Popen[bytes], list[int]]"]


@needs_proc
@pytest.mark.parametrize("whom", ["the command", "all of its group"])
def test_an_interrupt_ends_them_all(reading: Reading, whom: str, tmp_path: Path) -> None:
    process, workers = reading()
    if whom == "the command":
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"layercheck: interrupted\n")
    assert all(map(gone, workers))
    assert not (tmp_path / "report").exists()


@needs_proc
def test_a_worker_that_is_killed_is_told(reading: Reading, tmp_path: Path) -> None:
    process, workers = reading()
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    words = b"layercheck: a process that was checking has been ended (killed, or out of memory)\n"
    assert (process.returncode, out, err) == (3, b"", words)
    assert all(map(gone, workers))
    assert not (tmp_path / "report").exists()


@needs_proc
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_do_not_outlive_the_command(reading: Reading, how: signal.Signals) -> None:
    process, workers = reading()
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == -how
    until(lambda: all(map(gone, workers)))
