"""The bounds one by one: what is beyond them is told as unchecked, and what is within is not touched."""

from __future__ import annotations

import pytest

from check.made import judge, link, module, of
from layercheck.artifact import open_artifact
from layercheck.artifact.names import MAX_DEPTH, Trees
from layercheck.artifact.room import MAX_LISTINGS, MAX_TARGETS, Room
from layercheck.artifact.zip_directory import Member
from layercheck.check import collect, judging
from layercheck.check.judge import fingerprint
from layercheck.check.notes import Notes
from layercheck.elf import ElfImage, read_elf
from layercheck.environment import load
from layercheck.filesystem import MAX_STEPS, TOO_MANY, Filesystem, Miss, Mount, Overlay
from layercheck.finding import Defect, Report
from layercheck.linker.work import TooMuch, Work
from layercheck.report import render
from layercheck.report.escape import MAX_SHOWN, visible
from support.elf_writer import build_elf
from support.hostile import elves, names
from support.zip_writer import simple_zip


def unchecked(report: Report) -> list[tuple[str, str]]:
    return [(item.what, item.why) for item in report.unchecked]


def test_names_too_deep_are_unchecked_and_their_bytes_count() -> None:
    fits, deeper = "/".join("d" * (MAX_DEPTH + 1)), "/".join("d" * (MAX_DEPTH + 2))
    report = judge({fits: b"12", deeper + "x" * 100: b"345", "python/a.py": b"6"})
    assert (report.artifacts[0].unzipped_bytes, report.artifacts[0].files) == (6, 2)
    assert unchecked(report) == [("1 names", f"it lies more than {MAX_DEPTH} directories deep")]
    assert of(report, "LC003") == of(report, "LC008") == []


def test_many_directories_of_ordinary_depth_have_room() -> None:
    real = [f"python/package{n % 300}/sub{n % 7}/module{n}.py".encode() for n in range(60_000)]
    trees = Trees([Member(raw, 3, 0, 0, 0, 0, 0, 0, 0, 0) for raw in real])
    assert not trees.large
    assert not any(map(trees.problem, real[:1000]))


def test_directories_without_end_have_none() -> None:
    with open_artifact(names.deep(3000, 60, "directory")) as artifact:
        told = {defect.kind for defect in artifact.defects}
        assert told == {"left-out"}
        assert 100 < len(artifact.entries) < 3000


def test_room_for_links_and_lists() -> None:
    room = Room()
    assert room.for_target(MAX_TARGETS)
    assert not room.for_target(1)
    assert room.for_listing(MAX_LISTINGS)
    assert not room.for_listing(1)
    assert room.unread == {"symlinks": 1, "files that list others": 1}


def test_room_for_elf_files() -> None:
    room = Room()
    data = build_elf(needed=["libz.so.1"])
    assert all(isinstance(room.for_image(lambda: read_elf(data)), ElfImage) for _ in range(10_000))
    large = build_elf(needed=[f"lib{n}.so" for n in range(4000)])
    image = read_elf(large)
    found = [room.for_image(lambda: image) for _ in range(200)]
    assert isinstance(found[0], ElfImage)
    assert isinstance(found[-1], Defect)
    assert room.unread["ELF files"] > 10


def test_what_found_no_room_is_told_and_is_no_fault() -> None:
    report = judge(elves.needing(4000, files=200))
    assert ("ELF files", "there are more than are read in one artifact") in [
        (what.split(" ", 1)[1], why) for what, why in unchecked(report)
    ]
    assert of(report, "LC303") == []


def test_work_ends() -> None:
    work = Work(3)
    work.spend(2)
    work.spend(1)
    for _ in range(2):
        with pytest.raises(TooMuch):
            work.spend(1)


def test_what_is_not_linked_is_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "Work", lambda: Work(7))
    report = judge({f"python/_m{n}.abi3.so": module() for n in range(9)})
    ((what, why),) = unchecked(report)
    assert what == "the libraries of 7 files"
    assert "_m2.abi3.so is the first" in why


def test_links_that_are_not_followed_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layercheck.filesystem.MAX_STEPS", 6)
    report = judge(
        {"lib/a": b"x", "lib/b": link("a"), "lib/c": link("a"), "lib/d": link("gone"), "lib/e": link("gone")}
    )
    assert ("where its symlinks lead", "they lead to one another too often to follow them all") in unchecked(report)
    assert len(of(report, "LC010")) < 2


def test_a_lookup_says_that_it_gave_up() -> None:
    with open_artifact(simple_zip({"a": b"x", "b": link("a")})) as artifact:
        overlay = Overlay([Mount(artifact, "/opt")])
        assert overlay.may_follow(MAX_STEPS)
        found = Filesystem(overlay, load("python3.12", "x86_64")).lookup("/opt/b")
        assert found == Miss(TOO_MANY)


def test_each_rule_tells_so_many_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_FAULTS", 5)
    report = judge({**{f"../x{n}": b"1" for n in range(9)}, "python/a.py": b"1"})
    assert len(of(report, "LC003")) == 5
    assert unchecked(report) == [("4 more errors LC003", "there are too many to tell them all")]
    assert report.exit_code == 1


def test_no_target_goes_without_a_finding_because_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_FAULTS_IN_ALL", 3)
    monkeypatch.setattr(collect, "ALWAYS_KEPT", 1)
    monkeypatch.setattr(collect, "ENOUGH", 10)
    files = {f"python/_m{n}.abi3.so": module(f"libgone{n}.so.1") for n in range(4)}
    report = judge(files, runtime=["python3.9", "python3.11", "python3.12", "python3.13"])
    assert {target for finding in of(report, "LC401") for target in finding.targets} == {"t1", "t2", "t3", "t4"}
    assert all(not target.passed for target in report.targets)
    whys = {why for _, why in unchecked(report)}
    assert whys == {"there are too many to tell them all", "there are too many to look for them all"}


def test_a_fingerprint_of_many_digits_is_soon_made() -> None:
    assert len(fingerprint("LC003", "1" * 65_000, "its name is longer than Linux allows (65000 bytes)")) == 16
    told = [fingerprint("LC205", "a", f"{count} bytes in 3 files") for count in ("1,234,567", "9", "12345.75")]
    assert len(set(told)) == 1


def test_long_names_are_cut_where_a_person_reads() -> None:
    assert visible("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert visible("x" * 20_000 + "\n") == "x" * MAX_SHOWN + "… (20,001 characters)"


def test_verbose_text_ends_too() -> None:
    report = judge({f"../x{n}": b"1" for n in range(1200)})
    text = render(report, "text", width=100, verbose=True, quiet=False)
    assert "… and 200 more (JSON has all)" in text
    files = {f"python/_m{n}.abi3.so": module(f"libgone{n}.so.1") for n in range(350)}
    text = render(judge(files), "text", width=100, verbose=True, quiet=False)
    assert "… and 50 more errors LC401 with other facts or on other targets (JSON has all)" in text


def test_notes_are_told_once_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layercheck.check.notes.MAX_NOTES", 2)
    notes = Notes()
    assert not notes
    for target, what in (("t2", "b"), ("t1", "b"), (None, "a"), ("t1", "c"), ("t2", "c")):
        notes.add(what, "why", target, "a1", None)
    told = [(item.what, item.targets) for item in notes.all({"t1": 0, "t2": 1})]
    assert told == [("a", ()), ("b", ("t1", "t2")), ("2 more things", ())]
