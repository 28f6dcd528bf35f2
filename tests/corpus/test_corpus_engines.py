"""Whichever engine inflates, the report has the same bytes: over every artifact of the corpus, the hostile ones too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from layercheck import check
from layercheck.report import render
from support.hostile import cases as hostile
from support.recipes import Case, build, load_cases

pytestmark = pytest.mark.slow


def reports(artifact: object, **options: Any) -> list[str]:
    """The JSON report by each engine."""
    return [
        render(check(artifact, engine=engine, name="artifact", **options), "json")  # type: ignore[arg-type]
        for engine in ("zlib", "deflate")
    ]


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.group}/{case.id}")
def test_on_what_was_reported(case: Case, tmp_path: Path) -> None:
    built = build(case, tmp_path)
    by_zlib, by_deflate = reports(
        built.artifact,
        runtime=case.runtime,
        architecture=case.architecture,
        layers=built.layers,
        kind=case.artifact.kind,
        handler=case.handler,
        env=dict(case.env),
        upload=case.upload,
        verify_hashes=True,
    )
    assert by_zlib == by_deflate


@pytest.mark.parametrize("case", [case for case in hostile.load() if not case.slow], ids=lambda c: f"{c.group}/{c.id}")
def test_on_what_is_hostile(case: hostile.Hostile, tmp_path: Path) -> None:
    by_zlib, by_deflate = reports(
        str(hostile.build(case, tmp_path)), runtime="python3.12", architecture="x86_64", kind="layer"
    )
    assert by_zlib == by_deflate
