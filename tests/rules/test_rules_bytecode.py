"""LC507: bytecode without its source."""

from __future__ import annotations

import importlib.util
import itertools
import json
import py_compile
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from check.made import Files, judge, link, of
from layercheck.artifact import open_artifact
from layercheck.rules.bytecode import is_taken, made_by
from support.zip_writer import simple_zip

DATA = Path(__file__).resolve().parents[2] / "layercheck" / "rules" / "data" / "bytecode.json"
VERSIONS = json.loads(DATA.read_text("utf-8"))["versions"]


def pyc(magic: int, flags: int = 0) -> bytes:
    return magic.to_bytes(2, "little") + b"\r\n" + flags.to_bytes(4, "little") + bytes(8) + b"\xe3" + bytes(8)


OLD, RIGHT, NEW = pyc(3413), pyc(3531), pyc(3571)
PY2 = b"\x03\xf3\r\n" + bytes(4) + b"c" + bytes(12)
ALONE: dict[str, Any] = {"kind": "function"}

# (what, files, options, (severity, path) of the finding)
CASES: Sequence[tuple[str, Files, dict[str, Any], tuple[str, str] | None]] = (
    ("a module of Python 2", {"app.pyc": PY2}, ALONE, ("error", "app.pyc")),
    ("a module of an older Python", {"app.pyc": OLD}, ALONE, ("error", "app.pyc")),
    ("a module of a newer Python", {"app.pyc": NEW}, ALONE, ("error", "app.pyc")),
    ("of the target", {"app.pyc": RIGHT}, ALONE, None),
    ("of the target, checked by a hash or by nothing", {"app.pyc": pyc(3531, 1), "b.pyc": pyc(3531, 3)}, ALONE, None),
    ("of an alpha of the target", {"app.pyc": pyc(3510)}, ALONE, ("error", "app.pyc")),
    ("cut off", {"app.pyc": OLD[:15]}, ALONE, ("error", "app.pyc")),
    ("empty", {"app.pyc": b"", "a.py": b"1"}, ALONE, ("error", "app.pyc")),
    ("converted as text", {"app.pyc": RIGHT.replace(b"\r\n", b"\n")}, ALONE, ("error", "app.pyc")),
    ("a package of a layer", {"python/p/__init__.pyc": OLD}, {}, ("error", "python/p/__init__.pyc")),
    ("a package of site-packages", {"python/lib/python3.12/site-packages/p/__init__.pyc": OLD}, {},
     ("error", "python/lib/python3.12/site-packages/p/__init__.pyc")),
    ("the source is there", {"python/p/__init__.pyc": OLD, "python/p/__init__.py": b""}, {}, None),
    ("an extension is there", {"python/p/x.pyc": OLD, "python/p/x.abi3.so": b"\x7fELF", "python/p/__init__.py": b""},
     {}, None),
    ("a package of the same name is there", {"app.pyc": OLD, "app/__init__.py": b""}, ALONE, None),
    ("a folder without __init__ is none", {"app.pyc": OLD, "app/data.py": b"1"}, ALONE, ("error", "app.pyc")),
    ("cached", {"python/p/__init__.py": b"", "python/p/__pycache__/__init__.cpython-38.pyc": OLD}, {}, None),
    ("cached, and unchecked", {"p/__init__.py": b"", "p/__pycache__/__init__.cpython-312.pyc": pyc(3413, 1)}, ALONE,
     None),
    ("with -O in its name", {"p/__init__.py": b"", "p/a.opt-2.pyc": OLD, "p/b.cpython-38.pyc": OLD}, ALONE, None),
    ("of Python 2, with -O", {"p/__init__.py": b"", "p/a.pyo": PY2}, ALONE, None),
    ("left over among sources", {"p/__init__.py": b"", "p/a.pyc": OLD, "p/b.py": b""}, ALONE, ("warning", "p/a.pyc")),
    ("a package left over", {"p/__init__.py": b"", "p/q/__init__.pyc": OLD}, ALONE, ("warning", "p/q/__init__.pyc")),
    ("a package without its __init__", {"p/__init__.py": b"", "p/q/__init__.pyc": OLD, "p/q/a.py": b""}, ALONE,
     ("error", "p/q/__init__.pyc")),
    ("tests", {"p/__init__.py": b"", "p/tests/a.pyc": OLD}, ALONE, None),
    ("not on the path", {"share/x/a.pyc": OLD, "python/a.py": b""}, {}, None),
    ("of another Python's directory", {"python/lib/python3.8/site-packages/a.pyc": OLD, "python/a.py": b""}, {}, None),
    ("hidden by the function's", {"python/a.pyc": OLD, "python/b.py": b""}, {"layers": [{"python/a.py": b""}]}, None),
    ("a link to a source", {"a.pyc": OLD, "a.py": link("b.py"), "b.py": b""}, ALONE, None),
    ("for Node.js", {"app.pyc": OLD, "index.js": b""}, {**ALONE, "runtime": "nodejs22.x"}, None),
    ("bad names", {"my-app.pyc": OLD, "1.pyc": OLD, "a.py": b""}, ALONE, None),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: tuple[str, str] | None) -> None:
    options = {**options, "layers": [simple_zip(layer) for layer in options.get("layers", ())]}
    found = of(judge(files, **options), "LC507")
    assert [(f.severity.value, f.path) for f in found] == ([] if expected is None else [expected])


def test_one_finding_for_a_package_names_its_first_file_and_counts() -> None:
    files = {f"python/p/{name}.pyc": OLD for name in ("__init__", "a", "b")}
    (finding,) = of(judge(files), "LC507")
    assert "Python 3.8" in finding.message
    assert "2 more files" in finding.message
    assert finding.details["modules"] == ["p", "p.a", "p.b"]


def test_no_guess_where_the_number_of_the_releases_is_not_known() -> None:
    report = judge({"app.pyc": pyc(3655)}, "python3.15", **ALONE)
    assert of(report, "LC507") == []
    assert [item.path for item in report.unchecked if "bytecode" in item.what] == ["app.pyc"]
    assert [f.path for f in of(judge({"app.pyc": OLD}, "python3.15", **ALONE), "LC507")] == ["app.pyc"]


def test_the_table_agrees_with_the_python_that_runs(tmp_path: Path) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    magic = int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")
    assert made_by(magic) == version
    assert is_taken(magic, version) in (True, None)
    source = tmp_path / "app.py"
    source.write_text("x = 1\n")
    py_compile.compile(str(source), cfile=str(tmp_path / "app.pyc"))
    source.unlink()
    with open_artifact(tmp_path) as artifact:
        assert artifact.facts["app.pyc"].bytecode == magic


def test_the_table_is_in_order() -> None:
    for record in VERSIONS:
        assert record["source"]
        assert record["confidence"] in ("measured", "high", "medium", "low")
        assert record["first"] <= (record["final"] or record["first"]) <= record["last"]
    threes = [record for record in VERSIONS if record["version"].startswith("3")]
    assert all(a["last"] < b["first"] for a, b in itertools.pairwise(threes))
