"""The library as others use it: what it takes, what it returns, and that it says nothing."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import layercheck
from check.made import module
from layercheck import check, check_many
from layercheck.check import Input
from layercheck.finding import Report, Severity
from support.zip_writer import simple_zip

GOOD = simple_zip({"python/_m.abi3.so": module()})
BAD = simple_zip({"python/_m.abi3.so": module(machine="aarch64")})


def verdict(report: Report) -> tuple[int, list[str]]:
    return report.exit_code, [finding.rule for finding in report.findings]


def test_paths_bytes_files_and_artifacts_are_the_same_to_it(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(BAD)
    with open(path, "rb") as file, layercheck.open_artifact(BAD) as artifact:
        sources: list[Input] = [path, str(path), BAD, io.BytesIO(BAD), file, artifact]
        reports = [check(source, runtime="python3.12", architecture="x86_64") for source in sources]
    assert {str(verdict(report)) for report in reports} == {"(1, ['LC301'])"}
    assert len({report.artifacts[0].code_sha256 for report in reports}) == 1


def test_a_stream_that_cannot_seek_is_read_to_its_end() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, BAD)
    os.close(theirs)
    with open(ours, "rb") as file:
        assert verdict(check(file, runtime="python3.12", architecture="x86_64")) == (1, ["LC301"])


def test_what_cannot_be_read_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check(tmp_path / "none.zip")
    with pytest.raises(TypeError):
        check(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        check(42)  # type: ignore[arg-type]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    check(BAD, runtime="python3.12")
    check(b"garbage")
    assert tuple(capfd.readouterr()) == ("", "")


def test_many_on_executors() -> None:
    expected = [(0, []), (1, ["LC301"])]
    options: dict[str, Any] = {"runtime": "python3.12", "architecture": "x86_64"}
    assert [verdict(report) for report in check_many([GOOD, BAD], **options)] == expected
    with ThreadPoolExecutor(2) as threads:
        assert [verdict(r) for r in check_many([GOOD, BAD], executor=threads, **options)] == expected
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert [verdict(r) for r in check_many([GOOD, BAD], executor=processes, **options)] == expected


def test_reports_can_be_sent_to_another_process() -> None:
    report = check(BAD, runtime="python3.12", architecture="x86_64")
    assert pickle.loads(pickle.dumps(report)) == report
    assert report.count(Severity.ERROR) == 1
    assert not report.passed


def test_two_runs_say_the_same() -> None:
    assert check(BAD) == check(BAD)


def test_public_names_are_there_and_no_others_are_promised() -> None:
    for name in layercheck.__all__:
        assert getattr(layercheck, name) is not None
    with pytest.raises(AttributeError):
        layercheck.no_such_name  # noqa: B018
    assert (Path(layercheck.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize("first", ["layercheck", "layercheck.check", "layercheck.cli.commands", "layercheck.check.run"])
def test_check_can_be_called_whatever_was_imported_before(first: str) -> None:
    code = f"import {first}\nfrom layercheck import check\nassert callable(check), check"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, layercheck\nprint(sorted(m for m in sys.modules if m.startswith('layercheck')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['layercheck', 'layercheck._version', 'layercheck.named_tuple']"
    heavy = "{'rich', 'elftools', 'wheel_inspect', 'packaging', 'yaml', 'asyncio', 'xml', 'urllib.request'}"
    code = (
        f"import sys, layercheck\nlayercheck.check({GOOD!r}, runtime='python3.12')\nprint({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
