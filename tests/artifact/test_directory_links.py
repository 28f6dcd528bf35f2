"""Links out of a directory, where what zips it stores what they lead to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layercheck import check
from layercheck.artifact import Artifact, directory_scan, open_artifact


def opened(folder: Path, *, follow: bool = True) -> Artifact:
    return open_artifact(str(folder), follow=follow)


def kinds(artifact: Artifact) -> dict[str, str]:
    return {entry.path: entry.kind for entry in artifact.entries}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace whose function links to a package beside it."""
    (tmp_path / "common/deep").mkdir(parents=True)
    (tmp_path / "common/deep/util.py").write_text("NAME = 1\n")
    (tmp_path / "common/one.py").write_text("ONE = 1\n")
    made = tmp_path / "function"
    made.mkdir()
    (made / "index.py").write_text("import common.one\n\n\ndef handler(event, context): ...\n")
    (made / "common").symlink_to("../common")
    (made / "again.py").symlink_to("index.py")
    return made


def test_what_they_lead_to_is_packed(folder: Path) -> None:
    found = opened(folder)
    assert kinds(found) == {
        "again.py": "symlink",
        "index.py": "file",
        "common": "directory",
        "common/deep": "directory",
        "common/deep/util.py": "file",
        "common/one.py": "file",
    }
    (entry,) = [entry for entry in found.entries if entry.path == "common/one.py"]
    assert found.read(entry, 100) == b"ONE = 1\n"
    assert kinds(opened(folder, follow=False))["common"] == "symlink"


def test_a_link_of_what_was_linked_is_followed_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text("x = 1\n")
    (tmp_path / "common/far.py").symlink_to("../far.py")
    assert kinds(opened(folder))["common/far.py"] == "file"


@pytest.mark.parametrize("target", ["/", "..", "nowhere", "/dev/zero", "/proc/self/status", "loop"])
def test_what_leads_round_or_to_nothing_of_a_file_stays_a_link(folder: Path, target: str) -> None:
    (folder / "loop").symlink_to(target)
    assert kinds(opened(folder))["loop"] == "symlink"


def test_links_that_lead_to_one_another_end(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"common/{name}").symlink_to("../common")
        (tmp_path / f"common/deep/{name}").symlink_to("..")
    found = kinds(opened(folder))
    assert found["common/a"] == found["common/b"] == found["common/deep/a"] == "symlink"
    assert len(found) == 10


def test_a_maze_of_links_is_bounded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each directory leads to the next one several times: 5 ** 9 ways."""
    monkeypatch.setattr(directory_scan, "MAX_FOLLOWED", 500)
    for level in range(9):
        here = tmp_path / f"level{level}"
        here.mkdir()
        for name in "abcde":
            (here / name).symlink_to(f"../level{level + 1}")
    (tmp_path / "level9").mkdir()
    (folder / "maze").symlink_to("../level0")
    found = opened(folder)
    assert any(defect.kind == "left-out" for defect in found.defects)
    assert len(found.entries) < 510


def test_a_pipe_outside_is_not_read(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (folder / "pipe").symlink_to("../pipe")
    assert kinds(opened(folder))["pipe"] == "other"


def test_many_files_outside_are_left_out(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_scan, "MAX_FOLLOWED", 3)
    for number in range(9):
        (tmp_path / f"common/x{number}.py").touch()
    found = opened(folder)
    assert len([path for path in kinds(found) if path.startswith("common")]) == 3
    assert [(d.kind, d.detail) for d in found.defects] == [
        ("left-out", "more than 3 files are reached through links out of the directory")
    ]


@pytest.mark.parametrize(("packager", "rules"), [("cdk", []), ("sam", []), ("zip", []), ("zip-y", ["LC011", "LC512"])])
def test_the_packager_decides(folder: Path, packager: str, rules: list[str]) -> None:
    from layercheck.check import Options, run

    options = Options(runtimes=("python3.13",), architectures=("x86_64",), handler="index.handler", packager=packager)
    assert [f.rule for f in run([str(folder)], options).findings] == rules
    assert check(str(folder), runtime="python3.13", architecture="x86_64").exit_code == 1
