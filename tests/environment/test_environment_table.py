from __future__ import annotations

import json

import pytest

from layercheck.environment.table import runtime_rows, source_texts


def test_rows_say_what_holds_on_the_date() -> None:
    rows = {row["identifier"]: row for row in runtime_rows("2026-11-23")}
    assert len(rows) == 31
    assert rows["python3.13"]["state"] == "supported"
    assert rows["dotnet8"]["state"] == "deprecated"
    assert rows["nodejs26.x"]["state"] == "preview"
    assert rows["python3.11"]["glibc"] == "2.26"
    assert rows["python3.12"]["glibc"] == "2.34"
    assert rows["python3.12"]["architectures"] == ["x86_64", "arm64"]
    assert {row["identifier"]: row["state"] for row in runtime_rows("2027-03-03")}["dotnet8"] == "blocked"


def test_every_fact_of_a_row_has_a_source_that_is_explained() -> None:
    explained = source_texts()
    for row in runtime_rows("2026-11-23"):
        assert {"dates", "os", "search", "system_libraries", "runtime_libraries"} <= set(row["origins"])
        for origin in row["origins"].values():
            assert origin["source"] in explained
            assert origin["confidence"] in ("measured", "high", "medium", "low")
    assert json.loads(json.dumps(runtime_rows("2026-11-23"))) == runtime_rows("2026-11-23")


def test_a_wrong_date_is_refused() -> None:
    with pytest.raises(ValueError, match="not a date"):
        runtime_rows("23.11.2026")
