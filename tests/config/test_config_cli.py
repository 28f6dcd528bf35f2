"""The command with a configuration: which artifacts it checks, with what, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.runs import command
from config.made import GOOD, LACKING, TARGET, kinds, report, run, taken, told, write

ENTRY = "[[artifact]]\npath = '{}'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in {"a-layer": LACKING, "b-layer": GOOD}.items():
        (tmp_path / "dist").mkdir(exist_ok=True)
        (tmp_path / "dist" / f"{name}.zip").write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def targets(*arguments: str) -> list[tuple[str, str]]:
    return [(t["runtime"], t["architecture"]) for t in report(*arguments)["targets"]]


def test_without_input_the_listed_artifacts_are_checked(folder: Path) -> None:
    write(folder, TARGET + ENTRY.format("dist/*.zip"))
    found = report()
    assert [a["path"] for a in found["artifacts"]] == ["dist/a-layer.zip", "dist/b-layer.zip"]
    assert found["exit_code"] == 1
    assert run("check").code == 1


def test_they_are_found_from_a_folder_below_and_named_from_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, TARGET + ENTRY.format("dist/b-layer.zip"))
    monkeypatch.chdir(folder / "dist")
    assert [Path(a["path"]).resolve() for a in report()["artifacts"]] == [folder / "dist" / "b-layer.zip"]
    assert report()["artifacts"][0]["path"] == "b-layer.zip"


def test_each_entry_has_its_own_target(folder: Path) -> None:
    text = ENTRY.format("dist/a-layer.zip") + TARGET + ENTRY.format("dist/b-layer.zip")
    write(folder, text + "runtimes = ['python3.13', 'python3.12']\narchitectures = 'arm64'")
    assert targets() == [("python3.12", "x86_64"), ("python3.13", "arm64"), ("python3.12", "arm64")]
    assert targets("dist/b-layer.zip") == [("python3.13", "arm64"), ("python3.12", "arm64")]
    assert targets(str(folder / "dist/b-layer.zip"), "-r", "python3.10") == [("python3.10", "arm64")]


def test_an_entry_for_one_artifact_beats_a_pattern_and_two_entries_are_two_deployments(folder: Path) -> None:
    general = ENTRY.format("dist/*-layer.zip") + TARGET
    write(folder, general + ENTRY.format("dist/b-layer.zip") + "runtimes = 'python3.13'\narchitectures = 'x86_64'")
    assert targets("dist/b-layer.zip") == [("python3.13", "x86_64")]
    assert targets("dist/a-layer.zip") == [("python3.12", "x86_64")]
    assert sorted(targets()) == [("python3.12", "x86_64"), ("python3.13", "x86_64")]
    write(folder, general + ENTRY.format("dist/b-*.zip") + "runtimes = 'python3.13'\narchitectures = 'x86_64'")
    assert targets("dist/b-layer.zip") == [("python3.12", "x86_64"), ("python3.13", "x86_64")]


def test_an_input_that_no_entry_names_has_the_target_of_the_top(folder: Path) -> None:
    (folder / "other.zip").write_bytes(GOOD)
    write(folder, TARGET + ENTRY.format("dist/*.zip") + "runtimes = 'python3.13'")
    assert targets("other.zip") == [("python3.12", "x86_64")]
    assert targets("dist/b-layer.zip") == [("python3.13", "x86_64")]


def test_layers_and_variables_are_taken_and_merged(folder: Path) -> None:
    (folder / "fn.zip").write_bytes(GOOD)
    text = TARGET + "env = {A = 'top', B = 'top'}\n" + ENTRY.format("fn.zip")
    write(folder, text + "kind = 'function'\nlayers = ['dist/b-layer.zip', 'arn:aws:lambda:eu-west-1:1:layer:x:1']\n")
    found = report("fn.zip")
    assert [(t["function"], t["layers"], t["open"]) for t in found["targets"]] == [
        ("a1", ["a2"], ["arn:aws:lambda:eu-west-1:1:layer:x:1"])
    ]
    found = report("fn.zip", "--layer", "dist/a-layer.zip")
    assert [a["path"] for a in found["artifacts"]] == ["fn.zip", "dist/a-layer.zip"]


def test_a_budget_of_one_entry_is_not_that_of_another(folder: Path) -> None:
    write(folder, TARGET + ENTRY.format("dist/a-layer.zip") + ENTRY.format("dist/b-layer.zip") + "max-zip = 10")
    assert [(f["rule"], f["artifact"]) for f in report("--select", "LC206")["findings"]] == [("LC206", "a2")]
    assert told(report("--select", "LC206", "--max-zip", "1MB")) == []


def test_a_target_may_be_required_of_every_entry(folder: Path) -> None:
    write(folder, "require-target = true\n" + ENTRY.format("dist/a-layer.zip") + TARGET + ENTRY.format("dist/b-*"))
    assert run("dist/a-layer.zip").code == 1
    assert (run().code, run("dist/b-layer.zip").code) == (2, 2)
    assert run("dist/b-layer.zip", "--no-require-target").code == 0


def test_flags_are_turned_off_by_the_command_line(folder: Path) -> None:
    arn = "arn:aws:lambda:eu-west-1:1:layer:x:1"
    write(folder, TARGET + f"strict = true\nlayers = '{arn}'\nfail-on = 'never'")
    assert run("dist/a-layer.zip").code == 3
    assert run("dist/a-layer.zip", "--no-strict").code == 0
    assert run("dist/a-layer.zip", "--no-config", "--layer", arn, "--fail-on", "never", "--strict").code == 3


def test_the_format_is_kept_too(folder: Path) -> None:
    write(folder, TARGET + "format = 'json'")
    assert json.loads(run("dist/b-layer.zip").out)["exit_code"] == 0
    assert run("dist/b-layer.zip", "-f", "concise").out == "no errors\n"


@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        (None, (), 2, "no INPUT: give artifacts, or list them as [[artifact]] in a layercheck.toml"),
        ("strict = true", (), 2, "no INPUT, and layercheck.toml lists no [[artifact]]"),
        (ENTRY.format("build/*.zip"), (), 3, "layercheck.toml:1: nothing fits build/*.zip"),
        (ENTRY.format("build/a.zip"), (), 3, "build/a.zip: No such file or directory"),
        ("strct = true", ("dist/a-layer.zip",), 2, "layercheck.toml:1: strct: unknown key; did you mean 'strict'?"),
        ("strict = true", ("x.zip", "--config", "nowhere"), 2, "nowhere: No such file or directory"),
        (
            "",
            ("x.zip", "--config", "layercheck.toml", "--no-config"),
            2,
            "--config and --no-config exclude one another",
        ),
        ("baseline = 'gone.json'", ("dist/a-layer.zip",), 2, "gone.json: there is no such baseline"),
        ("environment = 'gone.json'", ("dist/a-layer.zip",), 2, "gone.json: No such file or directory"),
        (ENTRY.format("dist/*.zip") + "layers = 'gone.zip'", (), 3, "gone.zip: No such file or directory"),
    ],
)
def test_what_is_wrong_is_told(
    folder: Path, text: str | None, arguments: tuple[str, ...], code: int, said: str
) -> None:
    if text is not None:
        write(folder, text)
    done = run(*arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_no_config_takes_none(folder: Path) -> None:
    write(folder, "broken =")
    assert run("dist/b-layer.zip").code == 2
    assert run("dist/b-layer.zip", "--no-config").code == 0


def test_other_commands_take_no_configuration(folder: Path) -> None:
    write(folder, "broken =")
    assert run("rules").code == 0
    assert run("libs", "dist/b-layer.zip", "-r", "python3.12", "-a", "x86_64").code == 0


def test_names_with_control_characters_never_reach_the_terminal(folder: Path) -> None:
    write(folder, '"\\u001b[31m" = 1')
    done = run("dist/b-layer.zip")
    assert done.code == 2
    assert "\x1b" not in done.err


def test_it_works_in_a_process_of_its_own(folder: Path) -> None:
    write(folder, "[tool.layercheck]" + TARGET + "[[tool.layercheck.artifact]]\npath='dist/*.zip'", "pyproject.toml")
    done = command("-f", "concise", cwd=folder)
    assert done.code == 1
    assert done.out.splitlines()[-1] == "2 errors"


def test_a_baseline_is_written_and_holds(folder: Path) -> None:
    write(folder, TARGET)
    done = run("dist/a-layer.zip", "--write-baseline", "base.json")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("PASSED: no errors, 2 suppressed")
    text = (folder / "base.json").read_text()
    assert [sorted(entry) for entry in json.loads(text)["findings"]] == [
        ["artifact", "fact", "fingerprint", "path", "rule"]
    ] * 2
    found = report("dist/a-layer.zip", "--baseline", "base.json")
    assert (found["exit_code"], told(found)) == (0, [])
    assert taken(found) == [("LC401", "baseline", "base.json")] * 2
    run("dist/a-layer.zip", "--baseline", "base.json", "--write-baseline", "again.json")
    assert (folder / "again.json").read_text() == text
    (folder / "dist" / "moved.zip").write_bytes(LACKING)
    assert report("dist/moved.zip", "--baseline", "base.json")["exit_code"] == 1


def test_a_baseline_is_the_same_from_every_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, TARGET + "baseline = 'base.json'")
    run("dist/a-layer.zip", "--write-baseline", "base.json")
    text = (folder / "base.json").read_text()
    monkeypatch.chdir(folder / "dist")
    assert told(report("a-layer.zip")) == []
    run(str(folder / "dist" / "a-layer.zip"), "--write-baseline", "../base.json")
    assert (folder / "base.json").read_text() == text


def test_what_is_hidden_is_in_the_baseline_and_what_is_ignored_is_not(folder: Path) -> None:
    write(folder, TARGET + "[per-path-ignores]\n'python/a/**' = 'LC4'\n[severity]\nLC401 = 'info'")
    run("dist/a-layer.zip", "--min-severity", "error", "--write-baseline", "base.json")
    entries = json.loads((folder / "base.json").read_text())["findings"]
    assert [entry["path"] for entry in entries] == ["python/b/_b.abi3.so"]


def test_a_baseline_can_shrink(folder: Path) -> None:
    write(folder, TARGET + "baseline = 'base.json'")
    run("dist/a-layer.zip", "--write-baseline", "base.json")
    (folder / "dist" / "a-layer.zip").write_bytes(GOOD)
    found = report("dist/a-layer.zip")
    assert (kinds(found), found["exit_code"]) == (["gone-from-baseline"], 0)
    assert found["remarks"][0]["message"].startswith("2 findings are gone that the baseline accepts: LC401 python/a")
    # What this run did not look at is not gone.
    assert kinds(report("dist/b-layer.zip")) == []
    assert kinds(report("dist/a-layer.zip", "--select", "LC3")) == []
    run("dist/a-layer.zip", "--write-baseline", "base.json")
    assert (folder / "base.json").read_text() == '{\n"schema_version": "1.0",\n"findings": []\n}\n'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not JSON"),
        (b"[" * 100_000, "is n"),
        (b"\xff", "is not JSON"),
        (b"[]", "is no baseline: it has no list 'findings'"),
        (b'{"findings": []}', "schema_version is not 1.0"),
        (b'{"schema_version": "1.0", "findings": [1]}', "findings[1]: expected an object"),
        (b'{"schema_version": "1.0", "findings": [{"rule": "LC1"}]}', "findings[1]: fingerprint is not a text"),
    ],
)
def test_a_wrong_baseline_is_an_error(folder: Path, data: bytes, said: str) -> None:
    (folder / "base.json").write_bytes(data)
    done = run("dist/b-layer.zip", "--baseline", "base.json")
    assert done.code == 2
    assert f"base.json: {said}" in done.err


def test_a_baseline_that_cannot_be_written_is_told(folder: Path) -> None:
    done = run("dist/b-layer.zip", "--write-baseline", "no/such/folder.json")
    assert done.code == 3
    assert "cannot write no/such/folder.json" in done.err
