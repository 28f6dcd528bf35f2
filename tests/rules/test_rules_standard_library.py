"""LC508: what hides a module of the standard library, and what is never looked at."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import layercheck.rules
from check.made import Files, judge, of
from layercheck.artifact.distributions import normalise
from layercheck.environment import runtimes
from layercheck.rules.requirement import satisfies

FILE = Path(layercheck.rules.__file__).parent / "data" / "standard-library.json"
TABLE: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PYTHONS = [runtime.identifier for runtime in runtimes() if runtime.language == "python"]
APP = {"app.py": b"def handler(event, context):\n    return {}\n"}
CONFIDENCE = ("measured", "high", "medium")


def dist(name: str, version: str, *files: str, root: str = "") -> dict[str, bytes]:
    info = f"{root}{name.replace('-', '_')}-{version}.dist-info"
    record = "".join(f"{file},,\n" for file in files)
    return {
        **{root + file: b"x = 1\n" for file in files},
        f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n".encode(),
        f"{info}/RECORD": record.encode(),
    }


def told(files: Files, runtime: str = "python3.12", **options: Any) -> list[tuple[str, str, str | None]]:
    return [
        (finding.severity.value, finding.confidence.value, finding.path)
        for finding in of(judge(files, runtime, **options), "LC508")
    ]


def names(key: str) -> list[str]:
    found: list[str] = TABLE[key]["names"].split()
    return found


def test_the_table_is_sound() -> None:
    assert set(TABLE) == {"why", "modules", "built_in", "frozen", "loaded", "imported", "backports"}
    for key in ("modules", "built_in", "frozen", "loaded", "imported"):
        assert names(key) == sorted(set(names(key)))
        assert TABLE[key]["source"]
        assert TABLE[key]["confidence"] in CONFIDENCE
        assert set(names(key)) <= set(names("modules")), key
    for row in TABLE["backports"]:
        assert set(row) == {"module", "package", "versions", "python", "fails", "source", "confidence"}
        assert row["package"] == normalise(row["package"])
        assert row["module"] in names("modules")
        assert satisfies("1.0", row["versions"]) is not None
        assert satisfies("3.12", row["python"]) is not None
        assert row["source"]
        assert row["confidence"] in CONFIDENCE
        assert row["fails"] is None or re.match(r"[A-Z]\w+Error", row["fails"])


def test_the_names_are_those_of_the_running_python() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    added = [name for name, since in TABLE["modules"]["since"].items() if satisfies(version, f">={since}")]
    assert {*names("modules"), *added} <= sys.stdlib_module_names
    assert set(names("built_in")) <= set(sys.builtin_module_names)


@pytest.mark.parametrize("row", TABLE["backports"], ids=lambda row: f"{row['package']} {row['versions']}")
def test_each_backport_gets_its_verdict(row: Mapping[str, Any]) -> None:
    bounds = re.findall(r"\d[\d.]*", row["versions"])
    version = bounds[0] if row["versions"].startswith(">=") else "0.1"
    for python in PYTHONS:
        found = of(judge(APP | dist(row["package"], version, f"{row['module']}.py"), python), "LC508")
        holds = satisfies(python.removeprefix("python"), row["python"])
        loaded = row["module"] in (*names("loaded"), *names("built_in"))
        assert len(found) == 1, python
        if row["fails"] and holds and not loaded:
            assert (found[0].severity.value, found[0].confidence.value) == ("error", "certain")
            assert row["fails"] in found[0].message
        elif not row["fails"] or loaded:
            assert found[0].severity.value == "info"
        assert f"rm -r {row['module']}.py {row['package']}-{version}.dist-info" in (found[0].fix or "")


def test_a_backport_in_a_layer_and_a_package() -> None:
    files = dist("asyncio", "3.4.3", "asyncio/__init__.py", root="python/lib/python3.12/site-packages/")
    place = "python/lib/python3.12/site-packages/asyncio"
    assert told(files) == [("error", "certain", f"{place}/__init__.py")]
    assert f"rm -r {place} " in (of(judge(files), "LC508")[0].fix or "")
    # Another Python does not search there.
    assert told(files, "python3.11") == []
    assert told(files, "nodejs22.x") == []


def test_what_is_loaded_already_is_never_imported() -> None:
    files = dist("enum34", "1.1.10", "enum/__init__.py", root="python/")
    (finding,) = of(judge(files), "LC508")
    assert finding.severity.value == "info"
    assert "never imported: python3.12 has loaded its own enum" in finding.message
    # A PYTHONPATH counts from the first moment on.
    (finding,) = of(judge(files, env={"PYTHONPATH": "/opt/python"}), "LC508")
    assert (finding.severity.value, "IntFlag" in finding.message) == ("error", True)


def test_files_of_ones_own() -> None:
    own = APP | {"queue.py": b"1", "types.py": b"1", "statistics.py": b"1", "email/__init__.py": b"", "time.py": b"1"}
    assert told(own) == [
        ("warning", "likely", "email/__init__.py"),
        ("warning", "likely", "queue.py"),
        ("warning", "likely", "time.py"),
        ("warning", "likely", "types.py"),
        ("info", "likely", "statistics.py"),
    ]
    fixes = {finding.path: finding.fix or "" for finding in of(judge(own), "LC508")}
    assert "mv email my_email" in fixes["email/__init__.py"]
    assert "mv queue.py my_queue.py" in fixes["queue.py"]
    # In a layer nobody's handler lies there; what is dead there is only weight.
    layer = {f"python/{name}": b"1" for name in ("queue.py", "types.py")}
    assert told(layer) == [("warning", "likely", "python/queue.py"), ("info", "likely", "python/types.py")]


@pytest.mark.parametrize(
    "path", ["json/orders.json", "src/json.py", "random.txt", "email/utils.txt", "typing.pyi", "my_queue.py", "cgi.py",
             "distutils/__init__.py", "test/__init__.py"]
)  # fmt: skip
def test_what_hides_nothing(path: str) -> None:
    assert told(APP | {path: b"1"}) == []


def test_the_first_on_the_path_counts_once() -> None:
    both = {"python/queue.py": b"1", "python/lib/python3.12/site-packages/queue.py": b"1"}
    assert told(both) == [("warning", "likely", "python/lib/python3.12/site-packages/queue.py")]


def test_modules_that_came_later() -> None:
    assert told(APP | {"tomllib.py": b"1"}, "python3.10") == []
    assert told(APP | {"tomllib.py": b"1"}, "python3.11") == [("info", "likely", "tomllib.py")]


@pytest.mark.parametrize(
    ("name", "runtime", "severity"),
    [
        ("json", "python3.12", "error"),
        ("json", "python3.9", "error"),
        ("json", "python3.8", "warning"),  # its bootstrap.py looks for the file itself
        ("time", "python3.8", "error"),  # Cannot use built-in module time as a handler module
        ("queue", "python3.12", "warning"),
    ],
)
def test_a_handler_of_a_taken_name(name: str, runtime: str, severity: str) -> None:
    files = {f"{name}.py": b"def handler(event, context):\n    return {}\n"}
    assert [item[0] for item in told(files, runtime, handler=f"{name}.handler", kind="function")] == [severity]


def test_hostile_names_and_metadata() -> None:
    files = {"typing.py": b"\0", "typing-\n.dist-info/METADATA": b"Name: typing\nVersion: \xff\n",
             "typing-\n.dist-info/RECORD": b"typing.py,,\n", "enum/__init__.py": b""}  # fmt: skip
    for python in PYTHONS:
        assert {path for _, _, path in told(files, python, kind="function")} == {"typing.py", "enum/__init__.py"}
