"""A folder with artifacts and a configuration, and what the reader says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from check.made import module
from cli.runs import Run, here
from layercheck.config import ConfigError, configuration
from layercheck.config.read import Configuration
from support.zip_writer import simple_zip

TARGET = '\nruntimes = "python3.12"\narchitectures = "x86_64"\n'
LACKING = simple_zip({"python/a/_a.abi3.so": module("libnone.so.1"), "python/b/_b.abi3.so": module("libnone.so.1")})
GOOD = simple_zip({"python/_m.abi3.so": module()})


def write(folder: Path, text: str, name: str = "layercheck.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str) -> Configuration:
    """What a layercheck.toml of this text says."""
    found = configuration(str(write(folder, text)))
    assert found is not None
    return found


def fault(folder: Path, text: str) -> str:
    """What is said of a wrong layercheck.toml, from the file's name on."""
    try:
        read(folder, text)
    except ConfigError as error:
        return str(error)[str(error).index("layercheck.toml") :]
    raise AssertionError("it was taken")


def report(*arguments: str) -> dict[str, Any]:
    """The JSON report of a run in this folder."""
    run = here(*arguments, "-f", "json")
    assert run.out, run.err
    found: dict[str, Any] = json.loads(run.out)
    return found


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The rules and places of the findings."""
    return [(finding["rule"], finding["path"]) for finding in document["findings"]]


def taken(document: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """The rules of what is suppressed, by what, and why."""
    return [(item["rule"], item["by"], item["reason"]) for item in document["suppressed"]]


def kinds(document: dict[str, Any]) -> list[str]:
    return [remark["kind"] for remark in document["remarks"]]


def run(*arguments: str) -> Run:
    return here(*arguments)
