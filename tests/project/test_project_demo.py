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


def without_zipped_sizes(text: str) -> str:
    """The size of the zip, and in each row what its files take in it, depend on the zlib; so do the columns."""
    text = re.sub(r"[\d.]+ MB zipped", "N MB zipped", text)
    text = re.sub(r"(% +[█▌]+ +)[\d.,]+ (?:[kM]B|bytes)", r"\1N", text)
    return re.sub(r" +", " ", text).strip()


@pytest.mark.registry
def test_the_pages_show_what_size_prints() -> None:
    built_layer()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "size-and-diff.md").read_text(encoding="utf-8")
    shown = readme.partition("<!-- size report -->")[2].partition("<!-- end of size report -->")[0]
    blocks = [shown.strip(), next(b for b in re.findall(r"```console\n.*?```", page, re.DOTALL) if " --advise" in b)]
    for block in blocks:
        command, _, report = block.removeprefix("```console\n$ ").removesuffix("```").partition("\n")
        run = [sys.executable, "-m", "layercheck", *command.removeprefix("layercheck ").split()]
        printed = subprocess.run(run, cwd=LAYER.parent, capture_output=True, text=True, encoding="utf-8")
        assert printed.returncode == 0
        whole = without_zipped_sizes(printed.stdout)
        for part in report.split("…\n"):
            part = re.sub(r"(for a direct upload) [\d,]+", r"\1 N", without_zipped_sizes(part))
            assert part in re.sub(r"(for a direct upload) [\d,]+", r"\1 N", whole)
