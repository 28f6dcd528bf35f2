"""``layercheck completion``: what bash, zsh and fish offer, asked of the real shells."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.runs import here
from cli.shells import ask_bash, ask_fish, ask_zsh
from layercheck.cli.completion import SHELLS
from layercheck.cli.completion_words import commands
from layercheck.cli.parser import _TAKES_VALUE, build, command_names

COMMANDS = {"check", "libs", "size", "diff", "capture", "rules", "explain", "runtimes", "schema", "completion"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in SHELLS:
        run = here("completion", name)
        assert (run.code, run.err) == (0, "")
        (tmp_path / f"completion.{name}").write_text(run.out, encoding="utf-8")
    (tmp_path / "my layer.zip").write_bytes(b"")
    (tmp_path / "other.whl").write_bytes(b"")
    return tmp_path


CASES: dict[str, tuple[str, set[str]]] = {
    "a command": ("layercheck si", {"size"}),
    "options of a command": ("layercheck size --t", {"--top"}),
    "options of a check": ("layercheck --max-", {"--max-unzipped", "--max-zip"}),
    "an option's value": ("layercheck size -f ", {"text", "json"}),
    "the same option of another command": ("layercheck diff a b -f ", {"text", "json", "markdown"}),
    "runtimes": ("layercheck x.zip -r python3.1", {f"python3.{minor}" for minor in range(10, 16)}),
    "architectures": ("layercheck x.zip -a ", {"x86_64", "arm64"}),
    "rules": ("layercheck explain LC40", {"LC401", "LC402", "LC403", "LC404", "LC405", "LC406", "LC407"}),
    "schemas": ("layercheck schema ", {"report", "config", "size", "diff"}),
    "after an option with a value": ("layercheck -r python3.12 exp", {"explain"}),
    "a value that is not known": ("layercheck x.zip --handler LC", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_bash(folder: Path, name: str) -> None:
    line, expected = CASES[name]
    assert set(ask_bash(folder / "completion.bash", line.split(" "), folder)) == expected


def test_bash_offers_commands_and_files_first_and_then_leaves_files_to_readline(folder: Path) -> None:
    offered = set(ask_bash(folder / "completion.bash", ["layercheck", ""], folder))
    assert offered >= COMMANDS | {"my layer.zip", "other.whl"}
    assert ask_bash(folder / "completion.bash", ["layercheck", "size", "my"], folder) == []
    assert ask_bash(folder / "completion.bash", ["layercheck", "size", "-o", ""], folder) == []


def test_bash_takes_an_equals_sign_as_a_word(folder: Path) -> None:
    words = ["layercheck", "--format", "=", "js"]
    assert ask_bash(folder / "completion.bash", words, folder) == ["json"]
    assert "text" in ask_bash(folder / "completion.bash", ["layercheck", "--format", "="], folder)
    words = ["layercheck", "--format", "=", "json", "si"]
    assert ask_bash(folder / "completion.bash", words, folder) == ["size"]


@pytest.mark.parametrize("name", CASES)
def test_fish(folder: Path, name: str) -> None:
    line, expected = CASES[name]
    offered = set(ask_fish(folder / "completion.fish", line, folder))
    assert {word for word in offered if "." not in word or word.startswith("python")} == expected


def test_fish_offers_files_where_there_may_be_some(folder: Path) -> None:
    assert "other.whl" in ask_fish(folder / "completion.fish", "layercheck size oth", folder)
    assert "other.whl" in ask_fish(folder / "completion.fish", "layercheck size --layer oth", folder)
    assert ask_fish(folder / "completion.fish", "layercheck schema oth", folder) == []


def test_zsh(folder: Path) -> None:
    lines = {
        "layercheck si": "size",
        "layercheck size --adv": "size --advise",
        "layercheck size x.zip -f js": "size x.zip -f json",
        "layercheck diff a b --format=mark": "diff a b --format=markdown",
        "layercheck x.zip --max-z": "x.zip --max-zip",
        "layercheck x.zip -r python3.9": "x.zip -r python3.9",
        "layercheck x.zip -a arm": "x.zip -a arm64",
        "layercheck schema si": "schema size",
        "layercheck explain wrong-arch": "explain wrong-architecture",
        "layercheck -r python3.12 exp": "-r python3.12 explain",
        "layercheck my": "my layer.zip",
        "layercheck size oth": "size other.whl",
    }
    found = ask_zsh(folder / "completion.zsh", list(lines), folder)
    assert dict(zip(lines, found, strict=True)) == lines


def test_all_commands_and_all_options_with_a_value_are_known() -> None:
    found = commands(build())
    assert [command.name for command in found] == command_names()
    assert set(command_names()) >= COMMANDS
    valued = {name for item in found for option in item.options if option.value is not None for name in option.names}
    assert valued == set(_TAKES_VALUE), "the parser finds the command by these before it is made"


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_is_the_same_each_time_and_ascii(name: str) -> None:
    first, second = here("completion", name).out, here("completion", name).out
    assert first == second
    assert first.isascii()
    assert "@" not in first.replace('"${', "").replace('"$@"', "").replace("[@]", "")


def test_another_shell_is_a_wrong_command_line() -> None:
    run = here("completion", "bahs")
    assert (run.code, run.out) == (2, "")
    assert "did you mean bash?" in run.err
