"""Each input of corpus/hostile ends in a report: soon, in little memory, and with nothing written anywhere."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from support.hostile.cases import INPUT, PEAK, SECONDS, Hostile, Took, build, disagreements, load, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures processes as Linux tells of them")
ALL = load()
QUICK, SLOW = [case for case in ALL if not case.slow], [case for case in ALL if case.slow]
TARGET = ("-r", "python3.12", "-a", "x86_64")
FORMS = (("text", "-v"), ("concise",))


def name_of(case: Hostile) -> str:
    return f"{case.group}/{case.id}"


def built(case: Hostile, folder: Path) -> Path:
    path = build(case, folder)
    assert path.stat().st_size <= INPUT
    return path


def judged(took: Took) -> None:
    """The allowed outcomes: a report, within the bounds."""
    assert took.code in (0, 1), took.err
    assert "Traceback" not in took.err
    assert took.seconds < SECONDS, f"{took.seconds:.1f} s"
    assert took.peak < PEAK, f"{took.peak >> 20} MiB"


def shown(out: bytes) -> str:
    """The text of a report, in which nothing that a terminal or a log obeys may be left."""
    text = out.decode("utf-8")
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert not [line for line in text.splitlines() if line.startswith("::")]
    return text


def verdict(case: Hostile, folder: Path) -> None:
    took = run(folder, str(built(case, folder)), *TARGET, "-f", "json")
    judged(took)
    assert took.out.isascii()
    report = json.loads(took.out)
    complaints = disagreements(case, report)
    assert not complaints, "\n".join([name_of(case), case.says, *complaints])
    assert took.code == report["exit_code"]


@pytest.mark.parametrize("case", QUICK, ids=name_of)
def test_the_verdict_is_the_expected_one(case: Hostile, tmp_path: Path) -> None:
    verdict(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW, ids=name_of)
def test_the_verdict_on_a_large_one_is_the_expected_one(case: Hostile, tmp_path: Path) -> None:
    verdict(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL, ids=name_of)
def test_what_a_person_sees_is_escaped_and_soon_there(case: Hostile, tmp_path: Path) -> None:
    path = built(case, tmp_path)
    for form, *more in FORMS:
        took = run(tmp_path, str(path), *TARGET, "-f", form, *more)
        judged(took)
        assert took.code == case.exit_code
        assert shown(took.out)


@pytest.mark.slow
@pytest.mark.parametrize("case", QUICK, ids=name_of)
def test_all_targets_are_judged_within_the_bounds(case: Hostile, tmp_path: Path) -> None:
    took = run(tmp_path, str(built(case, tmp_path)), "-f", "text", "-v")
    judged(took)
    assert shown(took.out)


def test_the_collection_is_as_large_as_it_should_be() -> None:
    assert len(ALL) >= 80
    assert [name for name, count in Counter(case.id for case in ALL).items() if count > 1] == []
    # Whatever is wrong with it is told, or the case says that nothing is.
    assert [case.id for case in ALL if case.exit_code and not case.expect] == []


def test_a_process_that_writes_is_caught(tmp_path: Path) -> None:
    """The guard must be able to fail."""
    path = tmp_path / "layer.zip"
    path.write_bytes(b"")
    took = run(tmp_path, str(path), "-o", str(tmp_path / "cwd" / "report"))
    assert took.code == 99
    assert "open" in took.err
