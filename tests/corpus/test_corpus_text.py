"""What a person sees of each case: at most one screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.cells import cell_len

from layercheck import check
from layercheck.report import render
from support.recipes import Case, build, load_cases

LINES, COLUMNS = 50, 100


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.group}/{case.id}")
def test_the_report_fits_on_one_screen(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(case, tmp_path)
    # Where the test happens to run must not decide: paths as short as a person types them.
    monkeypatch.chdir(tmp_path)
    report = check(
        built.artifact,
        runtime=case.runtime,
        architecture=case.architecture,
        layers=[os.path.relpath(layer) for layer in built.layers],
        kind=case.artifact.kind,
        handler=case.handler,
        env=dict(case.env),
        upload=case.upload,
        name=case.id,
    )
    lines = render(report, "text", width=COLUMNS, verbose=False, quiet=False).splitlines()
    # Commands stand on one line, so that they can be pasted; a terminal breaks those that are wider.
    rows = sum([max(1, -(-cell_len(line) // COLUMNS)) for line in lines])
    assert rows <= LINES, "\n".join(lines)
