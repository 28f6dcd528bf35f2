"""What the aws-cdk-lib of today writes: the committed output is that, and its own large layers are judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdk.synth import COMMITTED, files, synthesise, tidy
from layercheck.check import Options, run_jobs
from layercheck.finding import Report
from layercheck.project import find

pytestmark = [pytest.mark.slow, pytest.mark.registry]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cdk")


@pytest.fixture(scope="module")
def big(folder: Path) -> Iterator[tuple[Path, Report]]:
    out = folder / "cdk.out"
    synthesise(out, "big")
    before = os.getcwd()
    os.chdir(folder)
    try:
        project = find("cdk.out")
        assert project is not None
        assert (project.troubles, project.unchecked) == ((), ())
        yield out, run_jobs(project.jobs(Options()), Options())
    finally:
        os.chdir(before)


def test_the_committed_output_is_what_cdk_writes(folder: Path) -> None:
    out = folder / "small"
    synthesise(out)
    tidy(out)
    assert files(out) == files(COMMITTED)


def test_every_function_and_layer_is_judged_or_named(big: tuple[Path, Report]) -> None:
    _, report = big
    named = [note.what for note in report.unchecked if "cdk.out/Shop.template.json" in note.what]
    assert [what.rpartition(" ")[2] for what in sorted(named)] == ["Shop/Inline", "Shop/Bucket", "Shop/Image"]
    placed = {f.source.resource for f in report.findings if f.source is not None and "Shop.t" in f.source.file}
    assert {"ArmB02581E4", "OrdersA9B65338"} <= {name for name in placed if name is not None}


def test_a_function_loads_the_layers_that_cdk_brings(big: tuple[Path, Report]) -> None:
    _, report = big
    paths = {artifact.id: artifact for artifact in report.artifacts}
    (target,) = [t for t in report.targets if len(t.layers) == 5 and t.architecture == "x86_64" and t.runtime][:1]
    sizes = [paths[layer].zip_bytes for layer in target.layers]
    assert [size is not None and size > 1_000_000 for size in sizes] == [False, False, True, True, True]


def test_no_error_but_those_that_the_app_makes(big: tuple[Path, Report]) -> None:
    _, report = big
    errors = {(f.rule, f.path) for f in report.findings if f.severity.value == "error"}
    assert errors == {("LC571", "main.py")}
