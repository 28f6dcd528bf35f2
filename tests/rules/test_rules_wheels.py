"""Wheels as input: judged as installed in a layer, and held against their own RECORD."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from check.made import SUFFIX, judge, module, of, told
from layercheck.artifact import open_artifact
from layercheck.artifact.wheel_record import wheel_defects
from layercheck.finding import Report
from support.zip_writer import simple_zip

NAME = "pkg-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
INFO = "pkg-1.0.dist-info"


def row(path: str, data: bytes, algorithm: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).decode().rstrip("=")
    return f"{path},{algorithm}={digest},{len(data)}"


def files(**more: bytes) -> dict[str, bytes]:
    """A whole and sound wheel, with ``more`` in the package."""
    made = {
        "pkg/__init__.py": b"from . import _x\n",
        f"pkg/_x{SUFFIX}": module(),
        **{f"pkg/{name}": data for name, data in more.items()},
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_17_x86_64\n",
    }
    rows = [row(path, data) for path, data in made.items()]
    return {**made, f"{INFO}/RECORD": "".join([f"{line}\n" for line in [*rows, f"{INFO}/RECORD,,"]]).encode()}


def edited(record: dict[str, str] | None = None, **changed: bytes) -> dict[str, bytes]:
    """The same with other bytes in files of the package, and other words in RECORD."""
    made = files() | {f"pkg/{name.replace('__py', '.py')}": data for name, data in changed.items()}
    text = made[f"{INFO}/RECORD"].decode()
    for old, new in (record or {}).items():
        assert old in text
        text = text.replace(old, new)
    return made | {f"{INFO}/RECORD": text.encode()}


def wheel(made: dict[str, bytes], **options: Any) -> Report:
    return judge(simple_zip(made), name=NAME, **options)


def test_a_sound_wheel_is_judged_as_installed() -> None:
    report = wheel(files(data=b"x" * 100_000))
    assert told(report) == []
    assert (report.artifacts[0].form, report.artifacts[0].kind) == ("wheel", "layer")
    assert told(wheel(files(), runtime="python3.11")) == [("LC501", "error", f"pkg/_x{SUFFIX}")]
    assert told(wheel(files(), architecture="arm64")) == [("LC301", "error", f"pkg/_x{SUFFIX}")]


SAME = "from . import _y\n"
EDITED = (
    ("other bytes of the same length", edited(__init____py=SAME.encode()),
     ("warning", "pkg/__init__.py", "another sha256 than in RECORD")),
    ("more bytes", edited(__init____py=b"#" * 100), ("warning", "pkg/__init__.py", "100 bytes, and 17 by RECORD")),
    ("a file without a row", edited(new=b"1"), ("info", "pkg/new", "RECORD does not list it")),
    ("an unknown digest", edited({"pkg/__init__.py,sha256": "pkg/__init__.py,sha0"}),
     ("info", "pkg/__init__.py", "no sound digest")),
    ("a digest without a fixed length", edited({"pkg/__init__.py,sha256": "pkg/__init__.py,shake_128"}),
     ("info", "pkg/__init__.py", "no sound digest")),
    ("no digest", edited({row("pkg/__init__.py", b"from . import _x\n"): "pkg/__init__.py,,"}),
     ("info", "pkg/__init__.py", "no sound digest")),
    ("a digest without its name", edited({"pkg/__init__.py,sha256=": "pkg/__init__.py,"}),
     ("info", "pkg/__init__.py", "no sound digest")),
)  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), [case[1:] for case in EDITED], ids=[case[0] for case in EDITED])
def test_a_wheel_that_is_not_as_it_was_built(made: dict[str, bytes], expected: tuple[str, str, str]) -> None:
    report = wheel(made)
    (finding,) = of(report, "LC002")
    assert (finding.severity.value, finding.path) == expected[:2]
    assert expected[2] in finding.fact
    assert len(report.findings) == 1


def test_many_files_are_one_finding() -> None:
    made = {
        path: data + b"#" if path.startswith("pkg/d") else data for path, data in files(d1=b"", d2=b"", d3=b"").items()
    }
    (finding,) = wheel(made).findings
    assert "and so 2 more files" in finding.fact
    assert finding.details["files"] == ["pkg/d1", "pkg/d2", "pkg/d3"]


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "RECORD"])
def test_what_pip_refuses(name: str) -> None:
    made = files()
    del made[f"{INFO}/{name}"]
    (finding,) = of(wheel(made), "LC002")
    assert (finding.severity.value, finding.path) == ("error", f"{INFO}/{name}")


def test_no_dist_info_or_two() -> None:
    (finding,) = of(wheel({"pkg/__init__.py": b""}), "LC002")
    assert "no .dist-info" in finding.fact
    (finding,) = of(wheel({**files(), "x-1.dist-info/METADATA": b"Name: x\n"}), "LC002")
    assert f"2 .dist-info directories ({INFO}, x-1.dist-info)" in finding.fact


def test_only_wheels_are_held_against_record(tmp_path: Path) -> None:
    made = edited(__init____py=b"#")
    assert told(judge({f"python/{path}": data for path, data in made.items()})) == []
    for path, data in made.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    with open_artifact(tmp_path) as artifact:
        assert wheel_defects(artifact) == ()
        by_path = {entry.path: entry for entry in artifact.entries}
        assert b"".join(artifact.pieces(by_path["pkg/__init__.py"])) == b"#"


def test_what_is_no_archive_is_not_judged_as_a_wheel() -> None:
    assert [finding.rule for finding in judge(b"<html>", name=NAME).findings] == ["LC001"]


def test_modes_are_those_that_pip_sets() -> None:
    made: dict[str, tuple[bytes, int]] = {path: (data, 0o600) for path, data in files().items()}
    made["pkg-1.0.data/scripts/run"] = (b"#!python\n", 0o600)
    made["pkg/tool"] = (b"#!/bin/sh\n", 0o700)
    made["pkg/lib.so"] = (module(), 0o644)
    with open_artifact(simple_zip(made), name=NAME) as artifact:
        modes = {entry.path: entry.mode for entry in artifact.entries}
    assert {path for path, mode in modes.items() if mode == 0o100755} == {"pkg-1.0.data/scripts/run", "pkg/tool"}
    assert set(modes.values()) == {0o100755, 0o100644}
    assert not of(judge(simple_zip(made), name=NAME), "LC110")
