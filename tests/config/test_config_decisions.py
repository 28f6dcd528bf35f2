"""The order of judgement: severities, selection, exceptions, baseline; and that nothing of it is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from check.made import module
from config.made import GOOD, LACKING, TARGET, kinds, report, run, taken, told, write
from support.zip_writer import simple_zip

A, B = "python/a/_a.abi3.so", "python/b/_b.abi3.so"
MUSL = simple_zip({"python/_m.abi3.so": module("libc.musl-x86_64.so.1"), "python/n.py": b""})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "layer.zip").write_bytes(LACKING)
    (tmp_path / "dist" / "good-layer.zip").write_bytes(GOOD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judged(folder: Path, text: str, *arguments: str) -> dict[str, Any]:
    write(folder, TARGET + text)
    return report("dist/layer.zip", *arguments)


def test_without_decisions_both_findings_count(folder: Path) -> None:
    found = judged(folder, "")
    assert told(found) == [("LC401", A), ("LC401", B)]
    assert (found["exit_code"], found["suppressed"], found["remarks"]) == (1, [], [])


def test_a_severity_is_set_and_the_usual_one_is_kept(folder: Path) -> None:
    found = judged(folder, "[severity]\nLC401 = 'warning'")
    assert (found["exit_code"], found["summary"]) == (0, {"error": 0, "warning": 2, "info": 0})
    assert [f["details"]["usual_severity"] for f in found["findings"]] == ["error", "error"]
    assert judged(folder, "fail-on = 'warning'\n[severity]\nLC401 = 'warning'")["exit_code"] == 1


def test_the_most_exact_word_counts(folder: Path) -> None:
    for text in ("LC4 = 'info'\nmissing-library = 'warning'", "LC401 = 'warning'\nLC40 = 'info'\nLC4 = 'off'"):
        assert judged(folder, f"[severity]\n{text}")["summary"] == {"error": 0, "warning": 2, "info": 0}


def test_off_is_not_silent(folder: Path) -> None:
    found = judged(folder, "[severity]\nLC401 = 'off'")
    assert (found["exit_code"], told(found)) == (0, [])
    assert taken(found) == [("LC401", "severity", "off")] * 2
    assert "2 suppressed" in run("dist/layer.zip").out.splitlines()[-1]


def test_one_set_so_low_that_it_is_hidden_is_not_silent(folder: Path) -> None:
    found = judged(folder, "min-severity = 'error'\n[severity]\nLC401 = 'info'")
    assert (told(found), taken(found)) == ([], [("LC401", "severity", "info")] * 2)


def test_what_min_severity_hides_still_counts(folder: Path) -> None:
    found = judged(folder, "min-severity = 'error'\nfail-on = 'info'\n[severity]\nLC401 = 'info'")
    assert found["exit_code"] == 1


def test_ignored_is_not_silent_and_select_leaves_out(folder: Path) -> None:
    assert taken(judged(folder, "ignore = 'LC4'")) == [("LC401", "ignore", "LC4")] * 2
    found = judged(folder, "select = 'LC3'")
    assert (told(found), taken(found), found["exit_code"]) == ([], [], 0)


def test_the_command_line_beats_the_file(folder: Path) -> None:
    assert told(judged(folder, "ignore = 'LC4'", "--ignore", "LC3")) == [("LC401", A), ("LC401", B)]
    assert judged(folder, "fail-on = 'never'", "--fail-on", "error")["exit_code"] == 1
    found = judged(folder, "", "-r", "python3.13", "-a", "arm64")
    assert [(t["runtime"], t["architecture"]) for t in found["targets"]] == [("python3.13", "arm64")]


def test_rules_are_ignored_at_a_place(folder: Path) -> None:
    found = judged(folder, "[per-path-ignores]\n'python/a/**' = 'LC401'\n'python/b/**' = 'LC402'")
    assert (told(found), taken(found)) == ([("LC401", B)], [("LC401", "path", "python/a/**")])


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("python/a/**", True),
        ("layer.zip:python/a", True),
        ("dist/layer.zip:python/a/_a.abi3.so", True),
        ("./dist/*.zip:_a.abi3.so", True),
        ("other.zip:python/a", False),
        ("layer.zip:python/c", False),
    ],
)
def test_an_exception_holds_at_its_place(folder: Path, place: str, fits: bool) -> None:
    found = judged(folder, f"[[exception]]\nrule = 'LC401'\npath = '{place}'\nreason = 'known'")
    assert told(found) == [("LC401", B)] if fits else [("LC401", A), ("LC401", B)]
    assert taken(found) == ([("LC401", "exception", "known")] if fits else [])


def test_the_place_is_seen_from_the_folder_of_the_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, TARGET + "[[exception]]\nrule = 'LC401'\npath = 'dist/layer.zip:'\nreason = 'known'")
    monkeypatch.chdir(folder / "dist")
    assert told(report("layer.zip")) == []
    assert told(report(str(folder / "dist" / "layer.zip"))) == []


def test_an_expired_exception_is_told_and_its_findings_count_again(folder: Path) -> None:
    text = "date = 2026-06-02\n[[exception]]\nrule = 'LC401'\nreason = 'known'\nexpires = {}"
    found = judged(folder, text.format("2026-06-02"))
    assert (told(found), kinds(found)) == ([], [])
    found = judged(folder, text.format("2026-06-01"))
    assert (told(found), kinds(found)) == ([("LC401", A), ("LC401", B)], ["expired-exception"])
    [remark] = found["remarks"]
    assert remark["source"] == {"file": "layercheck.toml", "line": 5, "resource": None}
    assert "expired on 2026-06-01" in remark["message"]
    assert "known" in remark["message"]
    shown = run("dist/layer.zip")
    assert "warning layercheck.toml:5: the exception for LC401 expired on 2026-06-01" in shown.out
    assert shown.code == 1


def test_an_unused_exception_is_told_where_it_could_have_been_used(folder: Path) -> None:
    exception = "[[exception]]\nrule = 'LC402'\nreason = 'gone'\n"
    found = judged(folder, exception)
    assert (kinds(found), found["exit_code"]) == (["unused-exception"], 1)
    assert kinds(judged(folder, exception, "--select", "LC3")) == []
    assert kinds(judged(folder, exception, "--select", "LC40")) == ["unused-exception"]
    assert kinds(judged(folder, exception + "path = 'good-layer.zip:**'")) == []
    assert kinds(judged(folder, exception + "path = 'layer.zip:**'")) == ["unused-exception"]


def test_an_exception_for_what_is_ignored_anyway_is_used(folder: Path) -> None:
    found = judged(folder, "ignore = 'LC401'\n[[exception]]\nrule = 'LC401'\nreason = 'known'\n")
    assert (kinds(found), taken(found)) == ([], [("LC401", "ignore", "LC401")] * 2)


def test_ignoring_a_cause_ignores_what_follows_from_it(folder: Path) -> None:
    (folder / "dist" / "layer.zip").write_bytes(MUSL)
    assert told(judged(folder, "")) == [("LC305", "python/_m.abi3.so")]
    for decision in ("ignore = 'LC305'", "[severity]\nLC305 = 'off'", "[[exception]]\nrule = 'LC305'\nreason = 'r'"):
        found = judged(folder, decision)
        assert (told(found), found["exit_code"]) == ([], 0)


def test_decisions_do_not_change_what_may_be_declared(folder: Path) -> None:
    (folder / "layercheck.toml").write_text("ignore = 'LC401'\n[severity]\nLC4 = 'info'\n")
    found = report("dist/layer.zip")
    assert (found["exit_code"], found["compatibility"]) == (0, [])
    (folder / "layercheck.toml").write_text("[severity]\nLC0 = 'error'\nLC1 = 'error'\n")
    assert report("dist/good-layer.zip")["compatibility"] != []


def test_likely_findings_can_be_left_out_and_are_counted(folder: Path) -> None:
    files: dict[str, bytes | tuple[bytes, int]] = {
        "python/x/__init__.py": b"",
        "python/x-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\nRequires-Dist: y>=2\n",
        "python/x-1.0.dist-info/RECORD": b"x/__init__.py,,\n",
    }
    (folder / "dist" / "layer.zip").write_bytes(simple_zip(files))
    likely = [f["rule"] for f in judged(folder, "")["findings"] if f["confidence"] == "likely"]
    assert likely
    found = judged(folder, "min-confidence = 'certain'")
    assert [rule for rule, by, _ in taken(found) if by == "confidence"] == likely
    assert {f["confidence"] for f in found["findings"]} <= {"certain"}
    assert judged(folder, "min-confidence = 'certain'", "--min-confidence", "likely")["suppressed"] == []


def test_the_text_lists_what_is_suppressed_when_asked(folder: Path) -> None:
    write(folder, TARGET + "[[exception]]\nrule = 'LC401'\npath = 'python/a/**'\nreason = 'never imported'\n")
    assert "suppressed  1: 1 by an exception" in run("dist/layer.zip").out
    assert f"LC401 dist/layer.zip:{A}: by an exception (never imported)" in run("dist/layer.zip", "-v").out
    assert "suppressed  1:" not in run("dist/layer.zip", "-q").out
    assert run("dist/layer.zip", "-q").out.splitlines()[-1].startswith("FAILED: 1 error, 1 suppressed")
