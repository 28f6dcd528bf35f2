"""Where a report goes and how it looks there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema
import pytest

from check.made import module
from cli.runs import TARGET, command, environment, here
from layercheck.cli.output import Output
from support.zip_writer import Member, build_zip, simple_zip

GOOD = simple_zip({"python/_m.abi3.so": module()})
BAD = simple_zip({"python/_m.abi3.so": module(machine="aarch64")})
HOSTILE = "python/\x1b[31mred\x07\r\n::error::x\u202e\u2028.abi3.so"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.zip"
    path.write_bytes(BAD)
    return str(path)


def test_standard_input(bad: str) -> None:
    run = command("-", *TARGET, "-f", "json", stdin=BAD)
    assert run.code == 1
    assert [finding["rule"] for finding in json.loads(run.out)["findings"]] == ["LC301"]
    assert command("-", *TARGET, stdin=GOOD).code == 0
    assert command("-", *TARGET, stdin=b"").code == 1
    other = simple_zip({"python/_other.abi3.so": module()})
    assert command(bad, *TARGET, "--layer", "-", stdin=other).code == 1


def test_standard_input_from_a_pipe_and_from_a_file(bad: str) -> None:
    with open(bad, "rb") as file:
        arguments = [sys.executable, "-m", "layercheck", "-", *TARGET, "-f", "json"]
        done = subprocess.run(arguments, stdin=file, capture_output=True, env=environment())
    from_pipe = json.loads(command("-", *TARGET, "-f", "json", stdin=BAD).out)
    assert json.loads(done.stdout)["artifacts"][0]["code_sha256"] == from_pipe["artifacts"][0]["code_sha256"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_input_that_is_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "layer.zip"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(BAD,), daemon=True)
    writer.start()
    run = command(str(pipe), *TARGET)
    writer.join(10)
    assert run.code == 1, run
    assert "LC301" in run.out


def test_json_is_described_by_the_schema(bad: str) -> None:
    schema = json.loads(here("schema", "report").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for arguments in ((bad, *TARGET), (bad,), (bad, "-r", "python3.12"), (bad, bad, *TARGET, "--layer", bad)):
        validator.validate(json.loads(here(*arguments, "-f", "json").out))


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_two_runs_print_the_same_bytes(tmp_path: Path, form: str) -> None:
    members = {f"python/p{n}/_m{n}.abi3.so": module(f"libn{n % 3}.so.1", machine="x86_64") for n in range(12)}
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip({**members, "lib/libz.so.1": module(machine="aarch64"), "python/.DS_Store": b"1"}))
    runs = {command(str(path), "-f", form, env={"PYTHONHASHSEED": seed}).out for seed in ("1", "2")}
    assert len(runs) == 1


def test_output_to_a_file(bad: str, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    run = here(bad, *TARGET, "-f", "json", "-o", str(target))
    assert (run.code, run.out) == (1, "")
    assert json.loads(target.read_text("utf-8"))["exit_code"] == 1
    assert sorted(os.listdir(tmp_path)) == ["bad.zip", "report.json"]
    assert here(bad, *TARGET, "-f", "json").out == target.read_text("utf-8")
    assert "\x1b" not in here(bad, *TARGET, "-o", str(target)).out


def test_an_old_report_stays_when_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old")
    assert here(str(tmp_path / "none.zip"), *TARGET, "-o", str(target)).code == 3
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.txt"]


@pytest.mark.skipif(os.name != "posix", reason="modes and links")
def test_an_old_report_keeps_its_mode_and_a_link_stays_a_link(bad: str, tmp_path: Path) -> None:
    real, target = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    real.chmod(0o640)
    target.symlink_to("real.txt")
    assert here(bad, *TARGET, "-o", str(target)).code == 1
    assert target.is_symlink()
    assert "LC301" in real.read_text("utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="devices")
def test_devices_and_pipes_are_written_in_place(bad: str, tmp_path: Path) -> None:
    before = os.stat("/dev/null")
    assert here(bad, *TARGET, "-o", "/dev/null").code == 1
    after = os.stat("/dev/null")
    assert (before.st_ino, stat.S_ISCHR(after.st_mode)) == (after.st_ino, True)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "layercheck", bad, *TARGET, "-f", "concise", "-o", str(pipe)], env=environment()
    )
    text = pipe.read_text("utf-8")
    assert process.wait(30) == 1
    assert "LC301" in text
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told(bad: str) -> None:
    run = command(bad, *TARGET, "-o", "/dev/full")
    assert run.code == 3
    assert "/dev/full" in run.err
    with open("/dev/full", "wb") as full:
        arguments = [sys.executable, "-m", "layercheck", bad, *TARGET]
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, env=environment())
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="broken pipes")
@pytest.mark.parametrize("arguments", [("rules",), ("runtimes", "-f", "json"), ("schema", "report")])
def test_a_reader_that_has_gone_is_no_traceback(arguments: tuple[str, ...]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "layercheck", *arguments], stdout=theirs, stderr=subprocess.PIPE, env=environment()
    )
    os.close(theirs)
    assert done.returncode == 3
    assert done.stderr == b""


COLOURS = [
    ({}, (), False),
    ({"FORCE_COLOR": "1"}, (), True),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, (), False),
    ({"NO_COLOR": ""}, (), False),
    ({"NO_COLOR": "", "FORCE_COLOR": "1"}, (), True),
    ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
]


@pytest.mark.parametrize(("env", "more", "coloured"), COLOURS)
def test_colours_off_a_terminal(bad: str, env: dict[str, str], more: tuple[str, ...], coloured: bool) -> None:
    assert ("\x1b[" in command(bad, *TARGET, *more, env=env).out) is coloured


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)])
def test_colours_on_a_terminal(bad: str, env: dict[str, str], coloured: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "layercheck", bad, *TARGET], stdout=theirs, stderr=theirs, env=environment(**env)
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(30) == 1
    assert b"LC301" in seen
    assert (b"\x1b[" in seen) is coloured


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_hostile_names_reach_the_terminal_escaped(tmp_path: Path, form: str) -> None:
    path = tmp_path / "bad.zip"
    names = [HOSTILE, "python/\udcff\udcfe.abi3.so"]
    path.write_bytes(build_zip([Member(name, module(machine="aarch64")) for name in names]))
    run = command(str(path), *TARGET, "-f", form, "-v")
    assert run.code == 1
    assert [char for char in run.out if ord(char) < 32 and char != "\n"] == []
    assert not {"\u202e", "\u2028", "\x7f"} & set(run.out)
    assert not [line for line in run.out.splitlines() if line.startswith("::error::")]
    if form == "json":
        paths = {finding["path"] for finding in json.loads(run.out)["findings"]}
        assert len(paths) == 2


def test_hostile_names_of_inputs_are_escaped_on_stderr(tmp_path: Path) -> None:
    run = command(str(tmp_path / "no\x1b[31m\nsuch.zip"), *TARGET)
    assert run.code == 3
    assert "\x1b" not in run.err
    assert len(run.err.splitlines()) == 1


def test_help_does_not_load_the_library() -> None:
    code = (
        "import sys, io\nfrom layercheck.cli import main\nreal, sys.stdout = sys.stdout, io.StringIO()\n"
        "assert main(['--help']) == 0\nassert 'usage' in sys.stdout.getvalue()\nsys.stdout = real\n"
        "print([m for m in sys.modules if m.startswith('layercheck.') and '.cli' not in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['layercheck._version', 'layercheck.named_tuple']"


@pytest.mark.parametrize(("columns", "width"), [(20, 40), (80, 80), (160, 160), (300, 160)])
def test_a_wide_terminal_is_used_up_to_160_columns(monkeypatch: pytest.MonkeyPatch, columns: int, width: int) -> None:
    monkeypatch.setattr(Output, "terminal", lambda self: True)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda number: os.terminal_size((columns, 50)))
    monkeypatch.setattr("sys.stdout", sys.__stdout__)
    assert Output(None).width() == width


@pytest.mark.parametrize(
    ("told", "columns", "width"),
    [
        (None, 0, 100),
        ("", 0, 100),
        ("wide", 0, 100),
        ("0", 80, 80),
        ("120", 0, 120),
        ("132", 80, 132),
        ("9000", 80, 160),
    ],
)
def test_a_terminal_that_tells_no_width_is_not_a_narrow_one(
    monkeypatch: pytest.MonkeyPatch, told: str | None, columns: int, width: int
) -> None:
    # As in a container or under script(1); COLUMNS goes before, as everywhere.
    monkeypatch.setattr(Output, "terminal", lambda self: True)
    monkeypatch.setattr("sys.stdout", sys.__stdout__)
    monkeypatch.setattr("os.get_terminal_size", lambda number: os.terminal_size((columns, 0)))
    monkeypatch.delenv("COLUMNS", raising=False)
    if told is not None:
        monkeypatch.setenv("COLUMNS", told)
    assert Output(None).width() == width
