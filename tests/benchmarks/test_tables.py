"""From costs to Markdown: the table, the aims, and the README's section."""

from __future__ import annotations

from pathlib import Path

import pytest
from costs import Cost, Failure
from ratio_table import cheaper, circumstances, document, memory, ratio_of, ratios, start, table
from readme_table import BEGIN, END, README, replaced, section
from results import Results, outcome, restore, save, version_in
from targets import TARGETS, aims, target_table
from tools import TOOLS, UNIT


def costs(*seconds: float, mebibytes: float = 20.0) -> list[Cost]:
    return [Cost(one, mebibytes) for one in seconds]


RESULTS = Results(
    date="2026-11-23",
    python="CPython 3.11.7",
    machine="A processor, 2 cores, Linux",
    load=(0.5, 1.25),
    rounds=3,
    versions={"zlib": "1.2.13", "deflate": "0.9.0", "isal": "1.9.1", "lief": "1.0.0", "readelf": "2.40-2"},
    absent={"elfdeps": "elfdeps is not in the peers' environment"},
    layers={
        "seed": {
            UNIT: costs(1.0, 2.0, 1.0, mebibytes=10),
            "layercheck, zlib": costs(0.6, 1.0, 0.7),
            "layercheck, deflate": costs(0.3, 0.6, 0.4, mebibytes=121),
            "layercheck, isal": costs(0.5, 0.9, 0.5),
            "LIEF, lean": costs(0.6, 1.8, 1.6),
        },
        "botocore": {
            UNIT: costs(0.1, 0.1, 0.1),
            "layercheck, deflate": costs(0.05, 0.05, 0.05),
            "LIEF, lean": "no ELF file",
            "auditwheel show": "ended with 1",
        },
    },
    start={"python": costs(0.010, 0.012), "layercheck": costs(0.030, 0.034)},
)


def test_a_row_for_each_tool_and_a_column_for_each_layer() -> None:
    assert ratios(RESULTS).splitlines() == [
        "| CPU relative to `unzip -tqq` | seed | botocore | times layercheck with deflate |",
        "| --- | ---: | ---: | ---: |",
        "| `unzip -tqq`, CPU seconds | 1.000 | 0.100 | **2.7** |",
        "| **layercheck, zlib 1.2.13** | 0.60 (0.50 to 0.70) |  |  |",
        "| **layercheck, deflate 0.9.0** | 0.30 (0.30 to 0.40) | 0.50 (0.50 to 0.50) |  |",
        "| **layercheck, isal 1.9.1** | 0.50 (0.45 to 0.50) |  |  |",
        "| LIEF, lean | 0.90 (0.60 to 1.60) | no ELF file | **3.0** |",
        "| auditwheel show |  | ended with 1 |  |",
    ]


def test_how_many_times_cheaper_is_the_median_over_the_layers_that_have_both() -> None:
    assert cheaper(RESULTS, "LIEF, lean") == 3.0
    assert cheaper(RESULTS, UNIT) == pytest.approx((10 / 3 + 2) / 2)
    assert cheaper(RESULTS, "auditwheel show") is None


def test_memory_is_told_of_what_ran() -> None:
    lines = memory(RESULTS).splitlines()
    assert lines[2] == "| unzip -tqq | 10 | 20 |"
    assert lines[-2:] == ["| LIEF, lean | 20 |  |", "| auditwheel show |  |  |"]


def test_the_figures_say_what_they_hold_for_and_what_is_absent() -> None:
    said = circumstances(RESULTS)
    assert said.startswith("2026-11-23: CPython 3.11.7, zlib 1.2.13, deflate 0.9.0, isal 1.9.1, lief 1.0.0. A ")
    assert "load 0.5 at the start, 1.2 at the end. Median of 3 rounds." in said
    assert said.endswith("\nNot measured here: elfdeps (elfdeps is not in the peers' environment).")
    assert "Not measured" not in circumstances(RESULTS._replace(absent={}))


def test_the_start_is_told_apart() -> None:
    assert start(RESULTS) == "Start: `--help` takes 32 ms of CPU, bare Python 11 ms; 21 ms are added."


def test_the_document_has_all_of_it() -> None:
    assert all(part(RESULTS) in document(RESULTS) for part in (ratios, memory, start, circumstances))


def test_results_survive_the_disk(tmp_path: Path) -> None:
    save(RESULTS, tmp_path / "deep" / "results.json")
    assert restore(tmp_path / "deep" / "results.json") == RESULTS


def test_a_failure_is_kept_with_its_status() -> None:
    assert outcome(Failure("auditwheel", 2)) == "ended with 2"
    assert outcome(Failure("lddtree", None)) == "printed too little"
    assert outcome(costs(1)) == costs(1)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("UnZip 6.00 of 20 April 2009, by Debian.", "6.00"),
        ("GNU readelf (GNU Binutils for Debian) 2.40\nmore 3.1", "2.40"),
        ("lddtree-1.26, pax-utils", "?"),
        ("2.40-2", "2.40-2"),
        ("", "?"),
    ],
)
def test_a_version_is_found_in_what_a_program_says(said: str, version: str) -> None:
    assert version_in(said) == version


def test_aims_are_held_against_what_was_found() -> None:
    found = {aim.what: (aim.found, aim.reached) for aim in aims(RESULTS)}
    assert found == {
        "layercheck, deflate on seed": (0.3, True),
        "layercheck, zlib on seed": (0.6, True),
        "layercheck, deflate, cheaper than LIEF, lean": (3.0, True),
        "peak of layercheck, zlib on seed": (20.0, True),
        "peak of layercheck, deflate on seed": (121.0, False),
        "peak of layercheck, isal on seed": (20.0, True),
    }
    assert "| peak of layercheck, deflate on seed | 120 MiB | 121.00 | **missed** |" in target_table(RESULTS)


def test_aims_name_tools_that_there_are() -> None:
    names = {tool.name for tool in TOOLS}
    assert {rule["tool"] for rule in TARGETS["at_most"]} | set(TARGETS["cheaper_than"]) <= names


def test_the_readme_shows_no_engine_that_was_not_taken() -> None:
    text = section(RESULTS)
    assert "isal" not in text
    assert "| **layercheck, deflate 0.9.0** | 0.30 (0.30 to 0.40) | 0.50 (0.50 to 0.50) |  |" in text
    assert text.count("LIEF, lean") == 1


def test_only_what_is_between_the_markers_is_replaced() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replaced(page, "new") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert replaced(replaced(page, "x"), "new") == replaced(page, "new")


@pytest.mark.parametrize("page", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {END} {END}", f"{BEGIN} {BEGIN} {END}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="once"):
        replaced(page, "new")


def test_the_readme_has_the_markers() -> None:
    assert "new" in replaced(README.read_text(encoding="utf-8"), "new")


def test_a_table_is_set_right_but_for_its_first_column() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_a_tool_without_a_unit_has_no_ratio() -> None:
    assert ratio_of(RESULTS, "seed", "python -m zipfile -t") is None
