"""The documentation says what the program does: options, keys, rules, links, and the README's own report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layercheck.cli import main
from project.sources import ROOT, text_files

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z])(?![\w-])")
PAGES = [path for path in text_files() if path.suffix == ".md"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def options_of(command: str, capsys: pytest.CaptureFixture[str]) -> frozenset[str]:
    """The options in the help of a command, taken from the lines that begin with them."""
    assert main([command, "--help"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  -")]
    return frozenset(option for line in lines for option in OPTION.findall(re.split(r"\s{2,}", line.strip())[0]))


def test_every_option_of_check_is_documented_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    page = read("docs/command-line.md")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `-")]
    documented = frozenset(option for row in rows for option in OPTION.findall(row)) | {"-h", "--help"}
    options = options_of("check", capsys)
    assert len(options) > 20
    assert documented == options


def test_every_option_that_is_mentioned_anywhere_on_the_page_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = frozenset(
        o for c in ("check", "libs", "capture", "rules", "explain", "runtimes", "schema") for o in options_of(c, capsys)
    )
    mentioned = frozenset(OPTION.findall(re.sub(r"`zip -y`", "", read("docs/command-line.md"))))
    assert mentioned - known - {"--version", "-m"} == set()


def example_commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            match = re.match(r"^(?:\$ |- run: )(?:uvx |pipx run )?layercheck (.*)$", line)
            if match:
                yield page.name, match[1]


def test_the_commands_of_the_pages_use_options_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    known = options_of("check", capsys)
    commands = list(example_commands())
    assert len(commands) >= 5
    assert [(page, c) for page, c in commands if set(OPTION.findall(c)) - known] == []


def schema_keys(schema: dict[str, Any]) -> Iterator[str]:
    """Every key that the schema of the report describes."""
    for key, value in schema.items():
        if key == "properties":
            yield from value
        if isinstance(value, dict):
            yield from schema_keys(value)


def test_every_key_of_the_json_report_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "report"]) == 0
    keys = set(schema_keys(json.loads(capsys.readouterr().out)))
    page = read("docs/json.md")
    # What is below `tool` is told in words.
    assert {key for key in keys if f"`{key}`" not in page} == {"version"}


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run 'make docs'"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], target


def test_the_speed_table_says_when_and_where_it_was_measured() -> None:
    table = read("README.md").partition("<!-- speed table -->")[2].partition("<!-- end of speed table -->")[0]
    assert re.search(r"^\| seed \| zlib [\d.]+ \|", table, re.MULTILINE)
    assert re.search(r"^\| seed \| deflate [\d.]+ \|", table, re.MULTILINE)
    assert re.search(r"\d{4}-\d{2}-\d{2}: CPython 3\.\d+", table)


def test_the_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text(encoding="utf-8"))}
    assert {"demo", "test"} <= named <= targets
