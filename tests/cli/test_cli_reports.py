"""Several reports of one run, the formats' names, and what a GitHub step is given."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.runs import TARGET, command, here
from layercheck.cli import values
from layercheck.report import FORMATS
from support.elf_writer import build_elf
from support.zip_writer import simple_zip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a layer with one error lies: bad.zip in build/."""
    (tmp_path / "build").mkdir()
    files = {"python/x/__init__.py": b"", "python/x/_x.abi3.so": build_elf(machine="aarch64", needed=["libc.so.6"])}
    (tmp_path / "build/bad.zip").write_bytes(simple_zip(dict(files)))
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_command_line_knows_the_formats_of_the_library() -> None:
    assert values.FORMATS == FORMATS


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_ends_with_the_same_code(folder: Path, format: str) -> None:
    run = here("build/bad.zip", *TARGET, "-f", format)
    assert (run.code, run.err) == (1, "")
    assert "LC301" in run.out


def test_several_reports_in_one_run(folder: Path) -> None:
    reports = [
        word for name in ("json", "sarif", "junit", "markdown", "text") for word in ("--report", f"{name}=r.{name}")
    ]
    run = here("build/bad.zip", *TARGET, "-f", "concise", *reports)
    assert run.code == 1
    assert run.out.startswith("build/bad.zip:python/x/_x.abi3.so: LC301 error")
    assert json.loads(Path("r.json").read_bytes())["exit_code"] == 1
    assert json.loads(Path("r.sarif").read_bytes())["version"] == "2.1.0"
    assert ElementTree.parse("r.junit").getroot().attrib["failures"] == "1"
    assert Path("r.markdown").read_text(encoding="utf-8").startswith("## ❌ layercheck: FAILED")
    assert "unzipped size" in Path("r.text").read_text(encoding="utf-8")
    assert sorted(os.listdir(".")) == ["build", "r.json", "r.junit", "r.markdown", "r.sarif", "r.text"]


def test_a_report_in_a_file_is_coloured_only_where_that_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    here("build/bad.zip", *TARGET, "--report", "text=plain")
    here("build/bad.zip", *TARGET, "--report", "text=coloured", "--color", "always")
    assert "\x1b" not in Path("plain").read_text(encoding="utf-8")
    assert "\x1b[1;31m" in Path("coloured").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-f", "sraif"), "unknown format 'sraif': one of text, concise, json, sarif, github, junit, markdown"),
        (("-f", "SARIF"), "did you mean sarif?"),
        (("--report", "makrdown=x"), "did you mean markdown?"),
        (("--report", "json"), "'json' is not FORMAT=FILE"),
        (("--report", "json="), "'json=' is not FORMAT=FILE"),
        (("--report", "json=-"), "standard output is for -f"),
        (("--report", "json=x", "--report", "sarif=./x"), "two reports would be written to ./x"),
        (("--report", "json=x", "-o", "x"), "two reports would be written to x"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_command_line(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    run = here("build/bad.zip", *TARGET, *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err
    assert os.listdir(".") == ["build"]


def test_libs_knows_two_formats(folder: Path) -> None:
    run = here("libs", "build/bad.zip", *TARGET, "-f", "sarif")
    assert run.code == 2
    assert "unknown format 'sarif': one of text, json" in run.err


def test_a_device_takes_several(folder: Path) -> None:
    run = here("build/bad.zip", *TARGET, "--report", f"json={os.devnull}", "--report", f"sarif={os.devnull}")
    assert run.code == 1


def test_what_can_be_written_is_whatever_became_of_the_rest(folder: Path) -> None:
    run = here("build/bad.zip", *TARGET, "-f", "concise", "--report", "json=no/where", "--report", "sarif=r.sarif")
    assert run.code == 3
    assert run.err == "layercheck: cannot write no/where: No such file or directory\n"
    assert "LC301" in run.out
    assert Path("r.sarif").exists()


def test_rules_that_were_not_asked_for_are_no_cases(folder: Path) -> None:
    here("build/bad.zip", *TARGET, "--select", "LC3,unzipped-limit", "--ignore", "LC302", "--report", "junit=x")
    names = {case.attrib["name"].split()[0] for case in ElementTree.parse("x").getroot().iter("testcase")}
    assert {"LC301", "LC303", "LC201"} <= names
    assert all(name == "LC201" or name.startswith("LC3") for name in names)
    assert "LC302" not in names


def test_paths_lead_from_the_root_of_the_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here("build/bad.zip", *TARGET, "-f", "github").out.startswith("::error file=build/bad.zip,")
    monkeypatch.chdir("build")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    assert here("bad.zip", *TARGET, "-f", "github").out.startswith("::error file=build/bad.zip,")
    assert here(str(folder / "build/bad.zip"), *TARGET, "-f", "github").out.startswith("::error file=build/bad.zip,")
    result = json.loads(here("bad.zip", *TARGET, "-f", "sarif").out)["runs"][0]["results"][0]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "build/bad.zip", "uriBaseId": "%SRCROOT%"}


def test_the_step_s_summary_is_added_to_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("summary.md").write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    here("build/bad.zip", *TARGET)
    assert Path("summary.md").read_text(encoding="utf-8") == "before\n"
    here("build/bad.zip", *TARGET, "-f", "github", "--report", "github=commands")
    summary = Path("summary.md").read_text(encoding="utf-8")
    assert summary.startswith("before\n## ❌ layercheck: FAILED")
    assert summary.count("layercheck: FAILED") == 1


def test_a_summary_that_cannot_be_written_changes_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder))
    run = here("build/bad.zip", *TARGET, "-f", "github")
    assert (run.code, run.err) == (1, "layercheck: cannot write the step's summary: Is a directory\n")


def test_the_same_bytes_in_another_terminal_time_and_language(folder: Path) -> None:
    told = [
        command("build/bad.zip", *TARGET, "-f", format, env=env, cwd=folder).out
        for format in ("sarif", "github", "junit", "markdown")
        for env in ({}, {"COLUMNS": "40", "FORCE_COLOR": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"})
    ]
    assert all(told)
    assert told[::2] == told[1::2]
