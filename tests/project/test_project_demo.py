"""`make demo` shows what it promises, and the README's report is what the program prints."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from project.sources import ROOT

LAYER = ROOT / ".cache" / "demo" / "image-processing.zip"


def built_layer() -> None:
    """Build it exactly as the Makefile does, unless it is there."""
    if not LAYER.exists():
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        match = re.search(r"benchmarks/build_layer\.py \$@ (.+)$", makefile, re.MULTILINE)
        assert match is not None
        subprocess.run(
            [sys.executable, "benchmarks/build_layer.py", str(LAYER), *match[1].split()], cwd=ROOT, check=True
        )


def without_archive_size(text: str) -> str:
    """The size of the zip depends on the zlib that compressed it; the rest does not."""
    return re.sub(r"[\d.]+ MB zipped", "N MB zipped", text).strip()


@pytest.mark.registry
def test_the_demo_comes_out_as_it_must_and_the_readme_shows_its_report() -> None:
    built_layer()
    demo = [sys.executable, "benchmarks/demo.py", str(LAYER.relative_to(ROOT))]
    done = subprocess.run(demo, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^exit code (\d)", done.stdout, re.MULTILINE) == ["0", "1", "1"]
    assert "LC301" in done.stdout
    assert "LC501" in done.stdout

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- demo report -->")[2].partition("<!-- end of demo report -->")[0]
    command, _, report = shown.strip().removeprefix("```console\n$ ").removesuffix("```").partition("\n")
    arguments = command.removeprefix("layercheck ").split()
    run = [sys.executable, "-m", "layercheck", *arguments]
    printed = subprocess.run(run, cwd=LAYER.parent, capture_output=True, text=True, encoding="utf-8")
    assert printed.returncode == 1
    assert without_archive_size(report) == without_archive_size(printed.stdout)
