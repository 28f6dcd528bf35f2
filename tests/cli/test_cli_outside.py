"""Faults from outside, in real processes: inputs that change, closed streams, full disks, Ctrl-C."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from check.made import module
from cli.runs import TARGET, Run, environment
from support.zip_writer import Member, build_zip, deflated_zeros, simple_zip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, pipes and file modes")
BAD = simple_zip({"python/_m.abi3.so": module(machine="aarch64")})
COMMAND = (sys.executable, "-m", "layercheck")
SLOW = build_zip(
    Member(f"python/zeros{number}", payload=zeros, size=60 << 20, crc=0)
    for zeros in [deflated_zeros(60 << 20)]
    for number in range(16)
)
"""Takes a good second to read."""


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.zip"
    path.write_bytes(BAD)
    return str(path)


def ran(arguments: Sequence[str], **more: Any) -> Run:
    done = subprocess.run(
        [*COMMAND, *arguments],
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        env=environment(),
        timeout=60,
    )
    out, err = done.stdout or b"", done.stderr or b""
    assert b"Traceback" not in err, err
    return Run(done.returncode, out.decode(), err.decode())


def started(arguments: Sequence[str], *, wait: float = 0.0, **more: Any) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        env=environment(),
    )
    time.sleep(wait)
    return process


def reads(process: subprocess.Popen[bytes], path: Path) -> bool:
    """Wait until ``process`` has ``path`` open; False when it ended before."""
    folder = Path(f"/proc/{process.pid}/fd")
    while process.poll() is None:
        try:
            if any(os.readlink(item) == str(path) for item in folder.iterdir()):
                return True
        except OSError:
            continue
    return False


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize("change", ["shrinks", "grows", "is written to"])
def test_an_input_that_changes_while_it_is_read_is_not_judged(tmp_path: Path, change: str) -> None:
    path, report = tmp_path / "layer.zip", tmp_path / "report.txt"
    path.write_bytes(SLOW)
    process = started([str(path), *TARGET, "-o", str(report)])
    assert reads(process, path)
    if change == "shrinks":
        os.truncate(path, 100)
    else:
        with path.open("r+b") as file:
            file.seek(0, os.SEEK_END if change == "grows" else os.SEEK_SET)
            file.write(b"new")
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.decode()) == (3, f"layercheck: {path}: it changed while it was read\n")
    assert not report.exists()


@needs_proc
def test_an_input_that_vanishes_while_it_is_read_is_judged_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(SLOW)
    process = started([str(path), *TARGET, "-f", "json"])
    assert reads(process, path)
    path.unlink()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "LC201" in {finding["rule"] for finding in json.loads(out)["findings"]}


def test_a_directory_that_vanishes_while_it_is_read_is_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    (folder / "python").mkdir(parents=True)
    for number in range(3000):
        (folder / "python" / f"m{number}.py").write_bytes(b"x" * 5000)
    process = started([str(folder), *TARGET])
    shutil.rmtree(folder)
    out, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    # Gone before it was opened, empty, or with files that could no longer be read.
    assert process.returncode in (0, 1, 3), out


def test_an_input_that_is_gone_or_no_file(tmp_path: Path) -> None:
    gone = tmp_path / "gone.zip"
    assert ran([str(gone), *TARGET]) == Run(3, "", f"layercheck: {gone}: No such file or directory\n")
    (tmp_path / "loop.zip").symlink_to("loop.zip")
    run = ran([str(tmp_path / "loop.zip"), *TARGET])
    assert (run.code, run.out) == (3, "")
    assert "loop.zip: Too many levels of symbolic links" in run.err


def without_privileges() -> None:
    """Make root obey file modes as everybody does (capabilities(7): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


OBEDIENT: dict[str, Any] = {"preexec_fn": without_privileges} if sys.platform == "linux" and os.getuid() == 0 else {}


def test_an_unreadable_input_is_told(tmp_path: Path, bad: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (folder, Path(bad)):
        path.chmod(0)
        assert ran([str(path), *TARGET], **OBEDIENT) == Run(3, "", f"layercheck: {path}: Permission denied\n")
        path.chmod(0o755)


def test_what_cannot_be_read_in_a_directory_is_not_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    (folder / "python" / "closed").mkdir(parents=True)
    (folder / "python" / "closed" / "a.py").write_text("x = 1\n")
    (folder / "python" / "closed").chmod(0)
    arguments = [str(folder), *TARGET, "-f", "json"]
    run, strict = ran(arguments, **OBEDIENT), ran([*arguments, "--strict"], **OBEDIENT)
    (folder / "python" / "closed").chmod(0o755)
    unchecked = json.loads(run.out)["unchecked"]
    assert [(item["path"], item["what"], item["why"]) for item in unchecked] == [
        ("python/closed", "its content", "cannot be read here: Permission denied")
    ]
    # Nothing is known of its files: to call it empty would be a guess.
    assert "LC008" not in run.out
    assert (run.code, strict.code) == (0, 3)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_disk_that_fills_up_leaves_the_old_report(tmp_path: Path, bad: str, form: str) -> None:
    report = tmp_path / "report.txt"
    report.write_text("old")
    limit = (200, 200)  # bytes: less than a report takes
    run = ran([bad, *TARGET, "-f", form, "-o", str(report)], preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, limit))  # fmt: skip
    assert (run.code, run.out) == (3, "")
    assert run.err == f"layercheck: cannot write {report}: File too large\n"
    assert report.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["bad.zip", "report.txt"]


def _can_mount() -> bool:
    tools = shutil.which("unshare") and shutil.which("mount")
    return bool(tools) and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _can_mount(), reason="needs a mount of its own (root)")
def test_a_full_file_system(tmp_path: Path, bad: str) -> None:
    small = tmp_path / "small"
    small.mkdir()
    script = (
        'mount -t tmpfs -o size=8k none "$1" && echo old >"$1/report" && head -c 4096 /dev/zero >"$1/filling"\n'
        'shift; "$@"; echo "code $?"; cd "$SMALL" && ls && cat report'
    )
    command = [*COMMAND, bad, *TARGET, "-v", "-o", str(small / "report")]
    env = {**environment(), "SMALL": str(small)}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(small), *command], env=env, capture_output=True, text=True
    )
    assert done.stdout == "code 3\nfilling\nreport\nold\n", done
    assert done.stderr == f"layercheck: cannot write {small / 'report'}: No space left on device\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_a_reader_that_stops_reading(
    tmp_path: Path, form: str, unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    path = tmp_path / "many.zip"
    path.write_bytes(simple_zip({f"../{number:0240}": b"1" for number in range(5000)}))  # more than any pipe holds
    process = started([str(path), *TARGET, "-f", form, "-v"])
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait(60) == 3


CLOSED: list[tuple[int, Sequence[str], int, str]] = [
    (1, ("bad", *TARGET), 3, "layercheck: cannot write to standard output: it is closed\n"),
    (1, ("bad", *TARGET, "-o", "report"), 1, ""),
    (1, ("rules",), 3, "layercheck: cannot write to standard output: it is closed\n"),
    (2, ("bad", *TARGET), 1, ""),
    (2, ("bad",), 0, ""),
    (2, ("gone.zip", *TARGET), 3, ""),
    (2, ("bad", "-r", "cobol"), 2, ""),
    (0, ("-", *TARGET), 3, "layercheck: standard input is closed\n"),
    (0, ("bad", *TARGET), 1, ""),
    (0, ("capture", "-"), 3, "layercheck: standard input is closed\n"),
]


@pytest.mark.parametrize(("stream", "arguments", "code", "words"), CLOSED)
def test_closed_streams(tmp_path: Path, bad: str, stream: int, arguments: Sequence[str], code: int, words: str) -> None:
    given = [{"bad": bad, "report": str(tmp_path / "report")}.get(word, word) for word in arguments]
    names = {0: "stdin", 1: "stdout", 2: "stderr"}

    def close() -> None:
        os.close(stream)

    run = ran(given, **{names[stream]: None}, preexec_fn=close)
    assert (run.code, run.err) == (code, words)
    # A remark must not come out where the report belongs.
    assert stream == 1 or code in (2, 3) or "layercheck:" not in run.out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_remarks_that_cannot_be_written_change_nothing(bad: str) -> None:
    with open("/dev/full", "wb") as full:
        for arguments, code in (([bad, *TARGET], 1), ([bad], 0), (["gone.zip"], 3), ([bad, "-r", "cobol"], 2)):
            assert ran(arguments, stderr=full).code == code, arguments


def _interrupted(arguments: Sequence[str], ready: Callable[[subprocess.Popen[bytes]], Any]) -> Run:
    process = started(arguments)
    ready(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Run(process.returncode, out.decode(), err.decode())


@needs_proc
def test_an_interrupt_while_an_input_is_read(tmp_path: Path) -> None:
    path, report = tmp_path / "layer.zip", tmp_path / "report.txt"
    path.write_bytes(SLOW)
    report.write_text("old")
    run = _interrupted([str(path), *TARGET, "-o", str(report)], lambda process: reads(process, path))
    assert run == Run(130, "", "layercheck: interrupted\n")
    assert report.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["layer.zip", "report.txt"]


def test_an_interrupt_while_standard_input_is_awaited() -> None:
    process = started(["-", *TARGET], stdin=subprocess.PIPE, wait=1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"layercheck: interrupted\n")


@needs_proc
def test_an_interrupt_at_any_time_leaves_a_whole_report_or_none(tmp_path: Path, bad: str) -> None:
    """From the first import of the command on: before that it is Python itself that is interrupted."""
    report = tmp_path / "report.json"
    code = (
        "import os; from layercheck.cli import entry\n"
        "try: os.write(1, b'.'); entry()\nexcept KeyboardInterrupt: os._exit(130)"
    )
    ends = set()
    for place in range(12):
        report.write_text("old")
        process = subprocess.Popen(
            [sys.executable, "-c", code, bad, *TARGET, "-f", "json", "-o", str(report)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.read(1) == b"."
        time.sleep(0.02 * place)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err, err
        ends.add(process.returncode)
        text = report.read_text()
        assert text == "old" or json.loads(text)["exit_code"] == 1
        assert sorted(os.listdir(tmp_path)) == ["bad.zip", "report.json"]
    assert ends <= {1, 130}
    assert 130 in ends


def test_a_pipe_that_ends_too_soon_is_a_truncated_archive(tmp_path: Path) -> None:
    pipe = tmp_path / "layer.zip"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(BAD[: len(BAD) // 2],), daemon=True)
    writer.start()
    run = ran([str(pipe), *TARGET])
    writer.join(10)
    assert run.code == 1
    assert "LC002" in run.out
