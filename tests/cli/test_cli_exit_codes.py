"""0 passed, 1 findings, 2 wrong command line, 3 could not check; and never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from check.made import link, module
from cli.runs import TARGET, Run, command, here
from support.zip_writer import simple_zip

GOOD = simple_zip({"python/_m.abi3.so": module()})
BAD = simple_zip({"python/_m.abi3.so": module(machine="aarch64")})
MILD = simple_zip({"python/a.py": b"1", "lib/l": link("gone")})
OPEN = simple_zip({"python/_m.abi3.so": module("libnone.so.1")})
ALTERED = simple_zip(
    {
        "python/pkg.py": b"x = 2",
        "python/pkg-1.0.dist-info/METADATA": b"Name: pkg\nVersion: 1.0\n",
        "python/pkg-1.0.dist-info/RECORD": b"pkg.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n",
    }
)
ARN = "arn:aws:lambda:eu-west-1:111122223333:layer:more:7"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in {"good": GOOD, "bad": BAD, "mild": MILD, "open": OPEN, "altered": ALTERED}.items():
        (tmp_path / f"{name}.zip").write_bytes(data)
    (tmp_path / "garbage.zip").write_bytes(b"\0garbage")
    monkeypatch.chdir(tmp_path)
    return tmp_path


CODES: Sequence[tuple[int, Sequence[str]]] = (
    (0, ("good.zip", *TARGET)),
    (0, ("check", "good.zip", *TARGET)),
    (0, (*TARGET, "good.zip")),
    (0, ("--runtime=python3.12", "-ax86_64", "good.zip")),
    (0, ("good.zip",)),
    (1, ("bad.zip", *TARGET)),
    (0, ("bad.zip", "-r", "python3.12", "-a", "arm64")),
    (0, ("bad.zip", "-r", "python3.12")),
    (0, ("bad.zip",)),
    (1, ("good.zip", "bad.zip", *TARGET)),
    (1, ("garbage.zip", *TARGET)),
    (1, ("garbage.zip",)),
    (0, ("bad.zip", *TARGET, "--exit-zero")),
    (0, ("bad.zip", *TARGET, "--fail-on", "never")),
    (0, ("bad.zip", *TARGET, "--ignore", "LC301")),
    (0, ("bad.zip", *TARGET, "--ignore", "LC4,wrong-architecture")),
    (0, ("bad.zip", *TARGET, "--select", "LC4")),
    (0, ("mild.zip", *TARGET)),
    (1, ("mild.zip", *TARGET, "--fail-on", "warning")),
    (1, ("mild.zip", *TARGET, "--fail-on", "warning", "--min-severity", "error")),
    (1, ("good.zip", *TARGET, "--max-zip", "10")),
    (0, ("good.zip", *TARGET, "--max-zip", "10", "--exit-zero")),
    (0, ("good.zip", *TARGET, "--max-unzipped", "1.5 MiB")),
    (0, ("open.zip", *TARGET, "--layer", ARN)),
    (0, ("altered.zip", *TARGET, "--fail-on", "warning")),
    (0, ("altered.zip", *TARGET, "--verify-hashes")),
    (1, ("altered.zip", *TARGET, "--verify-hashes", "--fail-on", "warning")),
    (3, ("open.zip", *TARGET, "--layer", ARN, "--strict")),
    (3, ("open.zip", *TARGET, "--layer", ARN, "--strict", "--exit-zero")),
    (3, ("none.zip", *TARGET)),
    (3, ("good.zip", "none.zip", *TARGET)),
    (3, ("none.zip", *TARGET, "--exit-zero")),
    (3, ("good.zip", *TARGET, "--layer", "none.zip")),
    (3, ("good.zip", *TARGET, "-o", "no/such/folder/report.txt")),
    (2, ()),
    (2, ("check",)),
    (2, ("good.zip", "--no-such-option")),
    (2, ("good.zip", "-r", "python3.12x")),
    (2, ("none.zip", "-r", "python3.12x")),
    (2, ("good.zip", "-a", "sparc")),
    (2, ("good.zip", "-r", "python3.8", "-a", "x86_64", "--kind", "cake")),
    (2, ("good.zip", "-f", "yaml")),
    (2, ("good.zip", "--select", "LC999")),
    (2, ("good.zip", "--ignore", "no-such-rule")),
    (2, ("good.zip", "--env", "NOVALUE")),
    (2, ("good.zip", "--max-zip", "much")),
    (2, ("good.zip", "--date", "yesterday")),
    (2, ("good.zip", "--date", "2026-02-30")),
    (2, ("good.zip", "--require-target")),
    (2, ("good.zip", "--require-target", "-r", "python3.12")),
    (0, ("good.zip", "--require-target", *TARGET)),
    (2, ("-", "-")),
    (2, ("explain", "LC999")),
    (2, ("explain",)),
    (2, ("schema", "poem")),
    (0, ("--help",)),
    (0, ("check", "--help")),
    (0, ("--version",)),
    (0, ("rules",)),
    (0, ("runtimes",)),
    (0, ("explain", "LC401")),
    (0, ("explain", "missing-library")),
    (0, ("schema", "report")),
)  # fmt: skip


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("code", "arguments"), CODES, ids=[" ".join(case[1]) or "nothing" for case in CODES])
def test_exit_codes(code: int, arguments: Sequence[str]) -> None:
    run = here(*arguments)
    assert run.code == code, run
    assert "Traceback" not in run.err
    if code in (2, 3) and "--strict" not in arguments:
        assert run.out == ""
        assert run.err.startswith("layercheck: ")


@pytest.mark.parametrize("form", ["text", "concise", "json"])
def test_codes_are_the_same_in_every_format(folder: Path, form: str) -> None:
    codes = [here(f"{name}.zip", *TARGET, "-f", form).code for name in ("good", "bad", "mild", "garbage", "none")]
    assert codes == [0, 1, 0, 1, 3]


def test_the_command_ends_with_the_code_in_a_process_too(folder: Path) -> None:
    for code, name in ((0, "good.zip"), (1, "bad.zip"), (3, "none.zip")):
        run = command(name, *TARGET, cwd=folder)
        assert run.code == code, run


def test_json_says_the_code_itself(folder: Path) -> None:
    for name in ("good", "bad", "garbage"):
        run = here(f"{name}.zip", *TARGET, "-f", "json")
        assert json.loads(run.out)["exit_code"] == run.code


def test_a_missing_file_is_named(folder: Path) -> None:
    run = here("none.zip", *TARGET)
    assert run.err.strip() == "layercheck: none.zip: No such file or directory"


@pytest.mark.parametrize(
    ("given", "near"),
    [("python3.12x", "python3.12"), ("Python3.12", "python3.12"), ("nodejs22", "nodejs22.x"), ("go1.x", "retired")],
)
def test_an_unknown_runtime_brings_the_nearest_names(folder: Path, given: str, near: str) -> None:
    run = here("good.zip", "-r", given)
    assert (run.code, run.out) == (2, "")
    assert near in run.err
    assert repr(given) in run.err


def test_an_unknown_rule_brings_the_nearest_names() -> None:
    assert "missing-library" in here("explain", "missing-libary").err
    assert "LC401" in here("explain", "LC4O1").err


def test_without_a_target_stderr_says_that_it_is_no_gate(folder: Path) -> None:
    run = here("good.zip")
    assert "not a gate" in run.err
    assert "--compatible-runtimes" in run.out
    assert "not a gate" not in here("good.zip", *TARGET).err
    assert json.loads(here("good.zip", "-f", "json").out)


def test_quiet_and_verbose(folder: Path) -> None:
    quiet, plain, loud = (here("mild.zip", "bad.zip", *TARGET, *more).out for more in (("-q",), (), ("-v",)))
    assert "LC301" in quiet
    assert "LC010" not in quiet
    assert "LC010" in plain
    assert len(quiet) < len(plain) <= len(loud)
    assert quiet.strip().splitlines()[-1].startswith("FAILED")


def test_verbose_lists_every_directory_that_was_tried(folder: Path) -> None:
    needy = module("libnone.so.1", rpath=":".join(f"/opt/r{number}" for number in range(9)))
    (folder / "needy.zip").write_bytes(simple_zip({"python/_m.abi3.so": needy}))
    plain, loud = (here("needy.zip", *TARGET, *more).out for more in ((), ("-v",)))
    assert "-v shows all" in plain
    assert "-v shows all" not in loud
    assert loud.count(": absent") == 9 + 8 + 2


def test_explain_prints_all_that_is_documented() -> None:
    from layercheck.rules import all_rules

    for rule in all_rules():
        run = here("explain", rule.id.lower())
        flat = "".join(run.out.split())
        for text in (rule.id, rule.name, rule.what, rule.why, rule.fix, rule.example, *rule.sources):
            assert "".join(text.split()) in flat, (rule.id, text)


def test_lists_as_json() -> None:
    from layercheck.environment import runtimes
    from layercheck.rules import all_rules

    rules = json.loads(here("rules", "-f", "json").out)
    assert [rule["id"] for rule in rules] == [rule.id for rule in all_rules()]
    listed = json.loads(here("runtimes", "-f", "json").out)
    assert len(listed["runtimes"]) == len(runtimes()) == 31
    assert json.loads(here("explain", "LC401", "-f", "json").out)["name"] == "missing-library"


def test_an_unreadable_input_is_not_a_finding(folder: Path) -> None:
    run = command(os.fspath(folder / "good.zip" / "below"), *TARGET)
    assert (run.code, run.out) == (3, "")
    assert isinstance(run, Run)
    assert "Not a directory" in run.err
