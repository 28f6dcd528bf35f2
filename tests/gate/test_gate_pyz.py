"""layercheck.pyz: one file, which says what the installed command says, on every Python found."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.runs import environment
from gate import layers
from gate.archive import built
from hostile.test_same_everywhere import interpreters
from project.sources import ROOT
from support.recipes import tomllib
from support.zip_writer import simple_zip

pytestmark = [pytest.mark.slow, pytest.mark.registry]

LEFT_OUT = {
    "pyelftools": "nothing of the command imports it",
    "markdown-it-py": "rich's, for Markdown, which layercheck does not draw",
    "pygments": "rich's, for source code, which layercheck does not draw",
    "readme-renderer": "wheel-inspect's, for descriptions; a stand-in has its name",
}
"""Run-time dependencies, and theirs, that the archive does without."""


def run(program: str, *arguments: str, cwd: Path, script: Path | None = None) -> tuple[int, bytes, bytes]:
    """The archive run by an interpreter, which sees no packages of its own (-S -I)."""
    command = [program, "-S", "-I", str(script or built()), *arguments]
    done = subprocess.run(command, capture_output=True, cwd=cwd, env=environment(), timeout=120)
    return done.returncode, done.stdout, done.stderr


def installed(*arguments: str, cwd: Path) -> tuple[int, bytes, bytes]:
    """The same from the sources."""
    command = [sys.executable, "-m", "layercheck", *arguments]
    env = environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(command, capture_output=True, cwd=cwd, env=env, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is checked: layers, a configuration, a project, and a wheel with a wrong RECORD."""
    place = tmp_path_factory.mktemp("with a space")
    layers.good(place / "good.zip")
    layers.bad(place / "bad.zip")
    (place / "configured").mkdir()
    layers.good(place / "configured/layer.zip")
    (place / "configured/layercheck.toml").write_text(
        '[[artifact]]\npath = "layer.zip"\nruntimes = ["python3.12"]\narchitectures = ["arm64"]\n'
    )
    wheel: dict[str, bytes | tuple[bytes, int]] = {
        "x/__init__.py": b"",
        "x-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\n",
        "x-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "x-1.0.dist-info/RECORD": b"x/__init__.py,sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,0\n",
    }
    (place / "x-1.0-py3-none-any.whl").write_bytes(simple_zip(wheel))
    shutil.copytree(ROOT / "tests/templates/built", place / ".aws-sam/build")
    return place


COMMANDS = {
    "version": ("--version",),
    "help": ("--help",),
    "explain": ("explain", "LC401"),
    "runtimes": ("runtimes",),
    "rules": ("rules", "-f", "json"),
    "schema": ("schema", "report"),
    "config schema": ("schema", "config"),
    "handler": ("capture", "--print-handler", "bootstrap"),
    "completion": ("completion", "bash"),
    **{
        f"{form} of a bad layer": ("bad.zip", *layers.TARGET, "-f", form)
        for form in ("text", "concise", "json", "sarif", "github", "junit", "markdown")
    },
    "coloured": ("good.zip", *layers.TARGET, "--color", "always", "-v"),
    "table": ("bad.zip", "-f", "json"),
    "wheel": ("x-1.0-py3-none-any.whl", *layers.TARGET, "-f", "json"),
    "project": (".aws-sam/build", "-f", "json"),
    "libs": ("libs", "bad.zip", *layers.TARGET),
    "size": ("size", "bad.zip", "--advise"),
    "diff": ("diff", "good.zip", "bad.zip"),
    "wrong option": ("bad.zip", "--nonsense"),
    "nothing there": ("absent.zip", *layers.TARGET),
}


@pytest.mark.parametrize("what", COMMANDS)
def test_it_says_what_the_installed_command_says(what: str, folder: Path) -> None:
    assert run(sys.executable, *COMMANDS[what], cwd=folder) == installed(*COMMANDS[what], cwd=folder)


def test_the_commands_do_what_they_are_meant_to(folder: Path) -> None:
    assert run(sys.executable, *COMMANDS["text of a bad layer"], cwd=folder)[0] == 1
    code, out, _ = run(sys.executable, *COMMANDS["wheel"], cwd=folder)
    assert (code, b"another sha256 than in RECORD" in out) == (0, True)
    assert run(sys.executable, *COMMANDS["coloured"], cwd=folder)[:1] == (0,)


def test_every_python_says_the_same(folder: Path) -> None:
    commands = [
        COMMANDS[what] for what in ("json of a bad layer", "text of a bad layer", "wheel", "project", "handler")
    ]
    expected = [run(sys.executable, *command, cwd=folder) for command in commands]
    for release, program in interpreters().items():
        assert [run(program, *command, cwd=folder) for command in commands] == expected, release
        # Only Python 3.10 needs tomli, which lies in the archive.
        assert run(program, "-f", "concise", cwd=folder / "configured") == (0, b"no errors\n", b""), release


def test_it_starts_by_itself_from_any_place(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "my tools" / "layercheck.pyz"
    copy.parent.mkdir()
    shutil.copy(built(), copy)
    assert stat.S_IMODE(built().stat().st_mode) == 0o755
    assert copy.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    env = environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([copy, "--version"], capture_output=True, cwd=folder, env=env)
    assert (done.returncode, done.stdout) == (0, installed("--version", cwd=folder)[1])
    relative = run(sys.executable, "explain", "LC402", cwd=copy.parent, script=Path("layercheck.pyz"))
    assert relative == installed("explain", "LC402", cwd=folder)
    assert sorted(os.listdir(copy.parent)) == ["layercheck.pyz"]


SPAWN = """
import runpy, sys, threading
# A process with threads begins others anew instead of copying itself, as every process does on macOS and Windows.
threading.Thread(target=threading.Event().wait, daemon=True).start()
archive = sys.argv[1]
sys.argv = sys.argv[1:]
sys.path.insert(0, archive)
from layercheck.check import pool
assert pool._start_method() == "spawn", pool._start_method()
from multiprocessing import process
begun = process.BaseProcess.start
def start(self):
    print("started", file=sys.stderr)
    begun(self)
process.BaseProcess.start = start
del sys.path[0]
runpy.run_path(archive, run_name="__main__")
"""


def test_several_processes_check_from_within_it(folder: Path) -> None:
    arguments = ("good.zip", "bad.zip", "x-1.0-py3-none-any.whl", *layers.TARGET, "-f", "json")
    alone = run(sys.executable, *arguments, "-j", "1", cwd=folder)
    assert alone[0] == 1
    assert run(sys.executable, *arguments, "-j", "2", cwd=folder) == alone
    command = [sys.executable, "-I", "-S", "-c", SPAWN, str(built()), *arguments, "-j", "2"]
    done = subprocess.run(command, capture_output=True, cwd=folder, env=environment(), timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (1, alone[1], b"started\nstarted\n")


def test_make_pyz_gives_the_same_bytes_for_the_same_sources(tmp_path: Path) -> None:
    again = tmp_path / "again.pyz"
    env = environment(PYTHONHASHSEED="7", TZ="Asia/Tokyo")
    # Where make runs the tests, it would say which directory it enters.
    command = ["make", "--no-print-directory", "pyz", f"VENV={sys.prefix}", f"PYZ={again}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=env)
    assert done.stdout.endswith(f"again.pyz: {again.stat().st_size:,} bytes\n")
    assert again.read_bytes() == built().read_bytes()


def test_it_holds_the_package_and_nothing_compiled() -> None:
    with zipfile.ZipFile(built()) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert names == sorted(set(names))
    own = {name for name in names if name.startswith("layercheck/")}
    assert own == {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "layercheck").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "py.typed"
    }
    assert {name.rpartition(".")[2] for name in names if ".dist-info/" not in name} == {
        "py",
        "json",
        "js",
        "sh",
        "LICENSE",
    }


def pinned() -> dict[str, str]:
    lines = (ROOT / "release/pyz.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_it_holds_what_layercheck_needs_and_each_licence() -> None:
    with zipfile.ZipFile(built()) as archive:
        metadata = {
            name.partition("/")[0]: archive.read(name).decode()
            for name in archive.namelist()
            if name.endswith("METADATA")
        }
        licensed = {re.sub(r"/.*", "", n) for n in archive.namelist() if re.search(r"dist-info/.*LICEN[CS]E", n)}
        assert archive.read("LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert licensed == metadata.keys()
    held = {canonicalize_name(name.partition("-")[0]) for name in metadata}
    assert held == pinned().keys()
    # What the command needs by its own metadata, and what that needs, is there in a fitting version, or has a reason.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    needs = [
        *project,
        *[
            line.partition(": ")[2]
            for text in metadata.values()
            for line in text.splitlines()
            if line.startswith("Requires-Dist: ")
        ],
    ]
    old = {"python_version": "3.10", "extra": ""}
    for need in map(Requirement, needs):
        if need.marker is not None and not need.marker.evaluate(old):
            continue
        name = canonicalize_name(need.name)
        assert (name in held) != (name in LEFT_OUT), name
        if name in held:
            assert need.specifier.contains(pinned()[name]), need
    assert set(LEFT_OUT) <= {canonicalize_name(Requirement(need).name) for need in needs}


def test_an_old_python_is_told_so(tmp_path: Path) -> None:
    source = (ROOT / "release/pyz_main.py").read_text(encoding="utf-8")
    old = tmp_path / "old.py"
    old.write_text(f"import sys\nsys.version_info = (3, 9, 1, 'final', 0)\n{source}")
    done = subprocess.run([sys.executable, str(old)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("layercheck needs Python 3.10 or newer; this is 3.9 (")
