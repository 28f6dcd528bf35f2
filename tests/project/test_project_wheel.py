"""What is shipped: the wheel holds every module and every data file, and the version is told once."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import layercheck
from project.sources import ROOT, built_wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_the_package_whole(wheel: Path) -> None:
    package = ROOT / "layercheck"
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"layercheck/py.typed", "layercheck/environment/data/runtimes.json"} <= expected
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_the_wheel_is_pure_and_says_what_it_is(wheel: Path) -> None:
    assert wheel.name == f"layercheck-{layercheck.__version__}-py3-none-any.whl"
    info = f"layercheck-{layercheck.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        scripts = archive.read(f"{info}/entry_points.txt").decode()
        licence = archive.read(f"{info}/licenses/LICENSE")
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert "layercheck = layercheck.cli:entry" in scripts
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_the_command_works_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    # -I: neither the working directory nor PYTHONPATH; the wheel comes before an installed layercheck.
    probe = f"import sys; sys.path.insert(0, {str(wheel)!r}); import layercheck; print(layercheck.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith(str(wheel))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    run = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); from layercheck.cli import entry; entry()"
    command = [sys.executable, "-I", "-c", run, "runtimes"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert "python3.12" in listing


def test_the_changelog_knows_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == layercheck.__version__
