"""Every format on good and bad artifacts, byte for byte. ``make golden`` writes the files anew."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from golden.cases import CASES, FOLDER, Case, golden
from golden.pages import PAGE, page
from report.schemas import junit, sarif


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_report_is_the_golden_one(case: Case, tmp_path: Path) -> None:
    for path, text in golden(case, tmp_path).items():
        assert path.read_bytes().decode("utf-8") == text, path.name


def test_the_page_about_formats_shows_golden_files() -> None:
    files = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*/report.*")}
    assert page(files) == PAGE.read_text(encoding="utf-8"), "run 'make golden'"
    assert page(files).count("~~~~") >= 10


def test_no_golden_file_is_left_over_and_all_are_small() -> None:
    found = {path.parent.name for path in FOLDER.glob("*/report.*")}
    assert found == {case.name for case in CASES}
    assert max(path.stat().st_size for path in FOLDER.glob("*/*")) < 30_000


@pytest.mark.registry
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_files_are_what_others_can_read(case: Case) -> None:
    if "sarif" in case.formats:
        sarif().validate(json.loads((FOLDER / case.name / "report.sarif").read_text(encoding="utf-8")))
    junit().validate(ElementTree.parse(FOLDER / case.name / "report.xml").getroot())
