"""How a directory becomes a zip decides which size counts where there are links."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layercheck.check import Options, check, run_jobs
from layercheck.check.job import Job

BIG = 150 << 20


@pytest.fixture
def linked(tmp_path: Path) -> str:
    """A layer of one sparse file and a link to it: half the limit with the link kept, over it with a copy."""
    library = tmp_path / "lib" / "model.bin"
    library.parent.mkdir()
    with open(library, "wb") as file:
        os.truncate(file.fileno(), BIG)
    (tmp_path / "lib" / "same.bin").symlink_to("model.bin")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("packager", "severity", "confidence"),
    [(None, "warning", "likely"), ("zip-y", None, None), ("zip", "error", "certain"), ("sam", "error", "certain")],
)
def test_the_packager_decides(linked: str, packager: str | None, severity: str | None, confidence: str | None) -> None:
    options = Options(runtimes=("python3.13",), architectures=("arm64",), kind="layer", packager=packager)
    report = run_jobs([Job(linked, options)], options)
    found = [(f.severity.value, f.confidence.value) for f in report.findings if f.rule == "LC201"]
    assert found == ([] if severity is None else [(severity, confidence)])


def test_an_unknown_packager_is_refused() -> None:
    with pytest.raises(ValueError, match="packager is zip or zip-y or sam or cdk, not 'tar'"):
        Options(packager="tar").validate()


def test_code_for_another_language_fails_alone_and_not_beside_a_function(tmp_path: Path) -> None:
    (tmp_path / "layer/python").mkdir(parents=True)
    (tmp_path / "layer/python/deps.py").write_text("X = 1\n")
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn/index.js").write_text("exports.handler = async () => 1;\n")
    layer, runtime, arm = str(tmp_path / "layer"), "nodejs22.x", "arm64"
    alone = check(layer, kind="layer", runtime=runtime, architecture=arm)
    function = str(tmp_path / "fn")
    beside = check(function, layers=[layer], handler="index.handler", runtime=runtime, architecture=arm)
    assert [(f.rule, f.severity.value) for f in alone.findings if f.rule == "LC101"] == [("LC101", "error")]
    assert [(f.rule, f.severity.value) for f in beside.findings if f.rule == "LC101"] == [("LC101", "warning")]
    assert (alone.exit_code, beside.exit_code) == (1, 0)
