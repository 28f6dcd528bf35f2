"""The same input gives the same bytes of report: on every run, whatever the hash seed, and on every Python found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from check.made import link, module
from support.hostile.cases import ROOT, build, load
from support.recipes import build as build_case
from support.recipes import load_cases
from support.zip_writer import simple_zip

MINORS = range(10, 15)
FORMS = (("text", "-v"), ("concise",), ("json",))
TARGETS: tuple[tuple[str, ...], ...] = (("-r", "python3.12", "-a", "x86_64"), ())
CORPUS = ("go-bootstrap", "opencv-headless", "weasyprint-layer", "java-of-many-releases", "php-extensions")
HOSTILE = ("random", "markup", "right-to-left", "invalid-utf-8", "settings", "nested-code", "nested-json", "circle")
_TELLS = "import sys; print(sys.version_info[:2] >= (3, 10), sys.implementation.name, '%d.%d' % sys.version_info[:2])"


@cache
def interpreters() -> dict[str, str]:
    """One interpreter for each release of Python that this machine has: by its release, the program."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for path in _candidates():
        done = subprocess.run([path, "-I", "-c", _TELLS], capture_output=True, text=True)
        fits, name, release = (done.stdout.split() or ["False", "", ""]) if done.returncode == 0 else ["False", "", ""]
        if fits == "True" and name == "cpython":
            found.setdefault(release, path)
    return found


def _candidates() -> Iterator[str]:
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in MINORS:
        for path in sorted(versions.glob(f"3.{minor}.*/bin/python")):
            yield str(path)
        on_path = shutil.which(f"python3.{minor}")
        if on_path is not None:
            yield on_path
    yield from (path for path in ("/usr/bin/python3",) if os.path.exists(path))


def inputs(folder: Path) -> dict[str, Path]:
    """Artifacts of many kinds, by their names."""
    found = {}
    for case in load_cases():
        if case.id in CORPUS:
            found[case.id] = build_case(case, folder / case.id).artifact
    for hostile in load():
        if hostile.id in HOSTILE:
            (folder / hostile.id).mkdir()
            found[hostile.id] = build(hostile, folder / hostile.id)
    members: dict[str, bytes | tuple[bytes, int]] = {
        f"python/p{n}/_m{n}.abi3.so": module(f"libn{n % 3}.so.1") for n in range(30)
    }
    members |= {f"lib/l{n}.so": link(f"gone{n}") for n in range(9)}
    # Characters that Unicode took in after 13.0, the version of Python 3.10.
    members |= {f"python/{name}.abi3.so": module(machine="aarch64") for name in ("\U0001fae8", "\u0870", "é", "Ꟁ", "ꟁ")}
    found["mixed"] = folder / "mixed.zip"
    found["mixed"].write_bytes(simple_zip(members))
    found["text"] = folder / "text.zip"
    found["text"].write_text("é \U0001fae8 \u0870 of a page", "utf-8")
    assert len(found) == len(CORPUS) + len(HOSTILE) + 2
    return found


def reported(program: str, path: Path, arguments: tuple[str, ...], seed: str = "0") -> tuple[int, str]:
    """What one interpreter says, with this one's pure Python packages (rich, packaging …)."""
    packages = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C",
    }
    command = [program, "-s", "-W", "ignore", "-m", "layercheck", path.name, *arguments]
    done = subprocess.run(command, cwd=path.parent, env=env, capture_output=True, stdin=subprocess.DEVNULL)
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
@pytest.mark.parametrize("target", TARGETS, ids=["gate", "table"])
def test_every_python_says_the_same(tmp_path: Path, form: tuple[str, ...], target: tuple[str, ...]) -> None:
    programs = interpreters()
    print("compared:", ", ".join(f"{release} ({path})" for release, path in sorted(programs.items())))
    if os.environ.get("LAYERCHECK_REQUIRE_PYTHONS"):
        assert len(programs) > 1, "no other Python was found to compare with"
    for name, path in inputs(tmp_path).items():
        said = {release: reported(program, path, (*target, "-f", *form)) for release, program in programs.items()}
        ours = said.pop(f"{sys.version_info.major}.{sys.version_info.minor}")
        assert ours[1], name
        assert dict.fromkeys(said, ours) == said, name


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
def test_every_run_says_the_same(tmp_path: Path, form: tuple[str, ...]) -> None:
    for name, path in inputs(tmp_path).items():
        if name in ("mixed", "random", "weasyprint-layer"):
            said = {reported(sys.executable, path, ("-f", *form), seed) for seed in ("0", "1", "4294967295", "random")}
            assert len(said) == 1, name
