"""The JSON Schema says the same as the reader."""

from __future__ import annotations

import importlib
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from config.made import read
from config.test_config_reader import WRONG
from layercheck.cli.configured import SETTABLE
from layercheck.cli.parser import parse
from layercheck.config import ConfigError
from layercheck.config.keys import TOP_KEYS
from layercheck.config.schema import schema
from project.sources import ROOT

tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
VALIDATOR = jsonschema.Draft202012Validator(schema())
GOOD = (
    "",
    "select = []\nignore = 'LC1'\nfail-on = 'warning'",
    "max-zip = 5\nmax-unzipped = '200 MiB'\nstrict = true\ndate = 2026-01-01",
    "runtime = 'python3.12'\narchitecture = ['arm64']\nenv = {A = ''}",
    "severity = {LC4 = 'off'}\nper-path-ignores = {'a/**' = ['LC4']}",
    "[[artifact]]\npath = 'dist/*.zip'\nlayers = ['x.zip']\n[[artifact]]\npath = 'b'",
    "[[exception]]\nrule = 'LC4'\nreason = 'r'\nexpires = '2026-01-01'",
    "[[exceptions]]\nrules = ['LC4']\nreason = 'r'\npath = 'a.zip:b'",
)
BY_DATA = ("LC9", "LX", "mising-library", "pyton3.12", "'x86'", "2026-02-30", "dist/**", "\\u0000", "' '", "rule = []")
"""Faults that the schema does not know: names of rules and runtimes, days that a month lacks, what a pattern takes."""


def plain(value: Any) -> Any:
    """A document of TOML as one of JSON: dates as texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    json.dumps(schema())


@pytest.mark.parametrize("text", GOOD)
def test_what_the_reader_takes_is_valid(tmp_path: Path, text: str) -> None:
    read(tmp_path, text)
    VALIDATOR.validate(plain(tomllib.loads(text)))


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:40])
def test_what_the_reader_refuses_is_not(tmp_path: Path, text: str) -> None:
    try:
        document = plain(tomllib.loads(text))
    except (ValueError, RecursionError):
        with pytest.raises(ConfigError):
            read(tmp_path, text)
        return
    assert VALIDATOR.is_valid(document) == any(word in text for word in BY_DATA)


def test_the_page_shows_a_valid_configuration(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    document = tomllib.loads(text)["tool"]["layercheck"]
    VALIDATOR.validate(plain(document))
    assert len(document) >= 8
    found = read(tmp_path, text.replace("tool.layercheck.", "").replace("[tool.layercheck]", ""))
    assert len(found.artifacts) == 2


def test_every_option_that_can_be_kept_has_a_key_and_no_other() -> None:
    assert sorted(key.option for key in TOP_KEYS if key.option) == sorted(SETTABLE)
    options = vars(parse(["x.zip"]))
    kept_out = {"inputs", "set", "jobs", "config", "no_config", "unset", "command", "write_baseline", "exit_zero"}
    assert set(options) - set(SETTABLE) == kept_out | {"output", "color", "no_progress", "quiet", "verbose"}
