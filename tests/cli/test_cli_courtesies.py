"""Help that fits, suggestions for what is mistyped, and what is told when no input is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.made import module
from cli.runs import TARGET, here
from layercheck.cli.around import look_around
from layercheck.cli.help import about
from layercheck.cli.hints import nearest
from layercheck.cli.parser import command_names
from support.zip_writer import simple_zip

LAYER = simple_zip({"python/_m.abi3.so": module()})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def test_the_overview_fits_a_screen_and_names_every_command() -> None:
    lines = here("--help").out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    for name in command_names():
        assert any(line.startswith(f"  {name} ") for line in lines)


@pytest.mark.parametrize("name", command_names())
def test_the_help_of_a_command_fits_the_columns_and_shows_examples(name: str) -> None:
    run = here(name, "--help")
    assert run.code == 0
    assert max(map(len, run.out.splitlines())) <= 80
    assert run.out.startswith(f"usage: layercheck {name}")
    assert f"examples:\n{about(name)['epilog'].partition(chr(10))[2]}" in run.out


@pytest.mark.parametrize("name", ["capture", "rules", "explain", "runtimes", "schema", "completion"])
def test_the_help_of_a_small_command_fits_a_screen(name: str) -> None:
    assert len(here(name, "--help").out.splitlines()) <= 24


MISTYPED = {
    ("x.zip", "--runtme", "python3.12"): "did you mean --runtime",
    ("x.zip", "--selct=LC3"): "did you mean --select",
    ("size", "x.zip", "--advice"): "did you mean --advise",
    ("x.zip", "--kind", "layr"): "did you mean layer?",
    ("x.zip", "-f", "jsn"): "did you mean json?",
    ("x.zip", "--select", "LC40l"): "did you mean 'LC40",
    ("x.zip", "--ignore", "mising-library"): "did you mean 'missing-library",
    ("x.zip", "-r", "pyton3.12"): "did you mean python3.12",
    ("explain", "wrong-arhitecture"): "did you mean wrong-architecture",
    ("schema", "repot"): "did you mean report?",
}


@pytest.mark.parametrize("arguments", MISTYPED)
def test_a_mistyped_word_is_answered_with_the_nearest(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "x.zip").write_bytes(LAYER)
    run = here(*arguments)
    assert (run.code, run.out) == (2, "")
    assert MISTYPED[arguments] in run.err


def test_a_word_that_is_like_none_is_answered_without_a_guess(folder: Path) -> None:
    (folder / "x.zip").write_bytes(LAYER)
    assert "did you mean" not in here("x.zip", "--qqqqqq").err
    assert nearest("qqqqqq", ["check", "size"]) == ""


@pytest.mark.parametrize(
    ("word", "meant"), [("chek", "check"), ("explian", "explain"), ("dif", "diff"), ("sizes", "size")]
)
def test_a_mistyped_command_is_told_as_one(word: str, meant: str) -> None:
    run = here(word, "LC401")
    assert (run.code, run.out) == (3, "")
    assert f"did you mean the command {meant}" in run.err


def test_a_mistyped_file_is_told_by_its_neighbours(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "layer.zip").write_bytes(LAYER)
    run = here("dist/layr.zip", *TARGET)
    assert run.code == 3
    assert "did you mean layer.zip?" in run.err
    assert "did you mean" not in here("nowhere/at/all.zip", *TARGET).err


@pytest.mark.parametrize("arguments", [(), ("check",), TARGET, ("-f", "json")])
def test_without_an_input_it_says_what_it_looked_for(arguments: tuple[str, ...]) -> None:
    run = here(*arguments)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("layercheck: no INPUT")
    for word in ("*.zip", "template.yaml", "cdk.out", "python/", "--help"):
        assert word in run.err


def test_without_an_input_it_says_what_is_near_and_how_to_check_it(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist" / "my layer.zip").write_bytes(LAYER)
    err = here().err
    assert "Found near:\n  dist/my layer.zip  zip, " in err
    assert f"{len(LAYER):,} bytes" in err
    assert "layercheck 'dist/my layer.zip'" in err


def test_projects_come_first_and_the_folder_itself_last(folder: Path) -> None:
    (folder / "python").mkdir()
    (folder / "x.zip").write_bytes(LAYER)
    (folder / "cdk.out").mkdir()
    (folder / "cdk.out" / "manifest.json").write_text("{}")
    (folder / ".aws-sam" / "build").mkdir(parents=True)
    (folder / ".aws-sam" / "build" / "template.yaml").write_text("Transform: AWS::Serverless-2016-10-31\n")
    (folder / "template.yaml").write_text("Resources:\n  F:\n    Type: AWS::Lambda::Function\n")
    (folder / "template.json").write_text("{}")
    found = [line.split()[0] for line in look_around() if line.startswith("  ")]
    assert found[:-1] == [".aws-sam/build", "cdk.out", "template.yaml", "x.zip", "."]


def test_many_artifacts_make_no_long_list(folder: Path) -> None:
    for number in range(30):
        (folder / f"layer{number:02}.zip").write_bytes(LAYER)
    lines = look_around()
    assert len(lines) < 15
    assert "  … and 22 more" in lines


def test_names_are_made_safe_to_show(folder: Path) -> None:
    (folder / "a\x1b[2J\n.zip").write_bytes(LAYER)
    err = here().err
    assert "\x1b" not in err
    assert "\n.zip" not in err
