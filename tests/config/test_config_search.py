"""Which file is taken, from where, and what is no configuration."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.made import write
from layercheck.config import ConfigError, configuration, find

TABLE = "[project]\nname = 'x'\n[tool.layercheck]\nstrict = true\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder deep in it, which is the working directory."""
    (tmp_path / "project" / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "a" / "b")
    return tmp_path / "project"


def path(explicit: str | None = None) -> str | None:
    found = find(explicit)
    return None if found is None else found.path


def test_none_is_found_where_none_is(folder: Path) -> None:
    assert path() is None
    assert configuration() is None


def test_it_is_found_upwards_and_the_nearest_holds(folder: Path) -> None:
    write(folder, "strict = true")
    assert path() == "../../layercheck.toml"
    write(folder / "a", TABLE, "pyproject.toml")
    assert path() == "../pyproject.toml"
    write(folder / "a" / "b", "")
    assert path() == "layercheck.toml"


def test_in_one_folder_ones_own_file_comes_first(folder: Path) -> None:
    write(folder, "strict = true")
    write(folder, TABLE, "pyproject.toml")
    assert path() == "../../layercheck.toml"


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\n",
        "[project]\ndependencies = ['layercheck>=1', \"layercheck\"]\n",
        "[tool.poetry.dependencies]\nlayercheck = '*'\n",
        "[tool.ruff]\nline-length = 120\n[x]\nlayercheck.y = 1\n",
        "this names layercheck >= 1 and is not TOML at all",
    ],
)
def test_a_pyproject_without_the_table_is_passed_over(folder: Path, text: str) -> None:
    write(folder / "a", text, "pyproject.toml")
    write(folder, "strict = true")
    assert path() == "../../layercheck.toml"


@pytest.mark.parametrize(
    "text",
    [
        "[tool.layercheck]\nstrict = true",
        "[ tool . 'layercheck' ]\nstrict = true",
        "tool.layercheck.strict = true",
        'tool."layercheck" . strict = true',
        "[tool]\nlayercheck = { strict = true }",
        "tool = {layercheck={strict = true}}",
        "tool = { layercheck . strict = true }",
    ],
)
def test_the_table_may_be_written_in_every_way_of_toml(folder: Path, text: str) -> None:
    write(folder, text, "pyproject.toml")
    found = configuration()
    assert found is not None
    assert found.values == {"strict": True}


def test_an_empty_table_is_a_configuration(folder: Path) -> None:
    write(folder, "[tool.layercheck]", "pyproject.toml")
    assert path() == "../../pyproject.toml"


def test_a_table_that_is_none_is_an_error(folder: Path) -> None:
    write(folder, "[tool]\nlayercheck = 1", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"^\.\./\.\./pyproject\.toml: tool\.layercheck is a table$"):
        find()


def test_lines_in_a_pyproject(folder: Path) -> None:
    write(folder, TABLE + "\n[[tool.layercheck.artifact]]\npath = 'x'\nkinds = 1\n", "pyproject.toml")
    with pytest.raises(ConfigError, match=re.escape("../../pyproject.toml:8: artifact[1].kinds: unknown key")):
        configuration()


def test_a_file_given_is_taken_alone(folder: Path) -> None:
    write(folder, "broken =")
    other = write(folder / "ci", "strict = true", "gate.toml")
    assert path("../../ci/gate.toml") == "../../ci/gate.toml"
    assert path(str(other)) == other.as_posix()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.toml", "nowhere.toml: No such file or directory"),
        ("..", "..: is a directory, not a configuration"),
        ("a\0b", "a\0b: embedded null byte"),
        ("../pyproject.toml", "../pyproject.toml: has no table [tool.layercheck]"),
    ],
)
def test_a_file_given_that_is_none_is_an_error(folder: Path, given: str, said: str) -> None:
    write(folder / "a", "[project]\nname = 'layercheck'\n", "pyproject.toml")
    with pytest.raises(ConfigError) as error:
        find(given)
    assert str(error.value).replace("lstat: ", "").replace("stat: ", "") == said


def test_a_directory_or_a_pipe_of_that_name_is_an_error_and_never_opened(folder: Path) -> None:
    (folder / "layercheck.toml").mkdir()
    with pytest.raises(ConfigError, match=r"is not a regular file \(--no-config leaves it out\)"):
        find()
    (folder / "layercheck.toml").rmdir()
    os.mkfifo(folder / "layercheck.toml")
    with pytest.raises(ConfigError, match="is not a regular file"):
        find()


def test_a_directory_or_a_pipe_called_pyproject_is_passed_over(folder: Path) -> None:
    write(folder, "strict = true")
    (folder / "a" / "pyproject.toml").mkdir()
    os.mkfifo(folder / "a" / "b" / "pyproject.toml")
    assert path() == "../../layercheck.toml"


def test_a_link_to_nowhere_or_to_itself_is_not_passed_over(folder: Path) -> None:
    (folder / "a" / "pyproject.toml").symlink_to("nowhere")
    (folder / "layercheck.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"layercheck\.toml: No such file"):
        find()
    (folder / "layercheck.toml").unlink()
    (folder / "layercheck.toml").symlink_to("layercheck.toml")
    with pytest.raises(ConfigError, match=r"layercheck\.toml: Too many levels of symbolic links"):
        find()


def test_a_working_directory_behind_links_in_a_circle_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a" / "loop").symlink_to(folder)
    monkeypatch.chdir(folder / "a" / "loop" / "a" / "loop" / "a")
    assert path() is None


def test_an_unreadable_file_is_an_error() -> None:
    # Root may read everything; a file of another kind that cannot be read stands for it.
    with pytest.raises(ConfigError, match=r"^/proc/self/mem: "):
        find("/proc/self/mem")


def test_a_removed_working_directory_has_none(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    probe = "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1])\n"
    probe += "from layercheck.config import find; print(find())"
    done = subprocess.run([sys.executable, "-c", probe, str(gone)], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


def test_searching_loads_no_parser(folder: Path) -> None:
    write(folder / "a", "[project]\nname = 'x'\ndependencies = ['layercheck']", "pyproject.toml")
    probe = "import sys; from layercheck.config import configuration; print(configuration()); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    none, loaded = done.stdout.splitlines()
    assert none == "None"
    assert {"tomllib", "tomli", "pathlib", "layercheck.config.read", "difflib"} & set(loaded.split()) == set()
