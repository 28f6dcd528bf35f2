"""The hostile collection: corpus/hostile/*.toml read strictly, built, and run in processes that are watched."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from support.hostile import elves, folders, names, zips
from support.recipes import RecipeError

tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "corpus" / "hostile"
SECONDS, PEAK, INPUT = 10.0, 400 << 20, 100_000_000
"""What a run may take of processor time and memory (bytes), for an input of at most so many bytes."""
_BUILDERS = {"zips": zips, "names": names, "elves": elves, "folders": folders}
_KEYS = {"id", "says", "make", "with", "exit_code", "expect", "unchecked", "slow"}
_EXPECTED = {"rule", "severity", "path", "words"}


class Hostile(NamedTuple):
    """One input: ``make`` names a builder, ``exit_code`` and ``expect`` hold for python3.12 on x86_64.

    ``unchecked``: words that must occur among what could not be checked. ``slow``: it takes seconds.
    """

    id: str
    group: str
    says: str
    make: str
    fields: Mapping[str, Any]
    exit_code: int
    expect: tuple[Mapping[str, Any], ...]
    unchecked: tuple[str, ...]
    slow: bool


def load() -> list[Hostile]:
    """All cases. Raises RecipeError for what is not understood."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"{path.name}: {error}") from error
        if set(document) != {"case"}:
            raise RecipeError(f"{path.name}: unknown {sorted(set(document) - {'case'})}")
        found += [_case(f"{path.name} {data.get('id')}", path.stem, data) for data in document["case"]]
    return found


def _case(where: str, group: str, data: Mapping[str, Any]) -> Hostile:
    unknown = set(data) - _KEYS
    missing = {"id", "says", "make", "exit_code"} - set(data)
    if unknown or missing:
        raise RecipeError(f"{where}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    for wanted in data.get("expect", ()):
        if set(wanted) - _EXPECTED or not {"rule", "severity"} <= set(wanted):
            raise RecipeError(f"{where}: an expectation with {sorted(wanted)}")
    module, _, builder = data["make"].partition(".")
    if not hasattr(_BUILDERS.get(module), builder):
        raise RecipeError(f"{where}: no builder is called {data['make']}")
    return Hostile(
        data["id"], group, data["says"], data["make"], data.get("with", {}), data["exit_code"],
        tuple(data.get("expect", ())), tuple(data.get("unchecked", ())), data.get("slow", False),
    )  # fmt: skip


def build(case: Hostile, folder: Path) -> Path:
    """Make the input of ``case`` in ``folder``; its path."""
    module, _, builder = case.make.partition(".")
    make = getattr(_BUILDERS[module], builder)
    if module == "folders":
        target = folder / "input"
        target.mkdir()
        make(target, **case.fields)
        return target
    target = folder / f"{case.id}.zip"
    target.write_bytes(make(**case.fields))
    return target


class Took(NamedTuple):
    """How a run ended; ``seconds`` of processor time as on a quiet machine, ``peak`` memory in bytes."""

    code: int
    seconds: float
    peak: int
    out: bytes
    err: str


def run(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Took:
    """``layercheck`` with these arguments, in a fresh process that may write nothing; its output lies in ``folder``."""
    here = Path(__file__).parent
    out, err = folder / "stdout", folder / "stderr"
    nowhere = folder / "cwd"
    nowhere.mkdir(exist_ok=True)
    command = [sys.executable, str(here / "watch.py"), "40", str(out), str(err)]
    command += [sys.executable, str(here / "guarded.py"), *arguments]
    kept = {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "NO_COLOR", "COLUMNS")}
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(nowhere), "HOME": str(nowhere)}
    done = subprocess.run(command, cwd=nowhere, env={**kept, **(env or {})}, capture_output=True, check=True)
    took = json.loads(done.stdout)
    assert list(nowhere.iterdir()) == []
    return Took(
        took["code"],
        took["seconds"] / took["slowness"],
        took["peak"],
        out.read_bytes(),
        err.read_text("utf-8", "replace"),
    )


def disagreements(case: Hostile, report: Mapping[str, Any]) -> list[str]:
    """What of the expectations a JSON report does not meet, a line each."""
    lines = [f"missing: {wanted}" for wanted in case.expect if not _found(wanted, report["findings"])]
    told = " ".join(f"{item['what']} {item['why']}" for item in report["unchecked"])
    lines += [f"not among what was not checked: {words}" for words in case.unchecked if words not in told]
    if report["exit_code"] != case.exit_code:
        lines.append(f"exit code {report['exit_code']}, expected {case.exit_code}")
    expected = {wanted["rule"] for wanted in case.expect}
    errors = {finding["rule"] for finding in report["findings"] if finding["severity"] == "error"}
    lines += [f"not expected: {rule}" for rule in sorted(errors - expected)]
    return lines


def _found(wanted: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        finding["rule"] == wanted["rule"]
        and finding["severity"] == wanted["severity"]
        and wanted.get("path") in (None, finding["path"])
        and all(word in finding["message"] for word in wanted.get("words", ()))
        for finding in findings
    )
