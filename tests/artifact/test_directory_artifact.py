"""A directory is judged as the zip that would be made of it."""

from __future__ import annotations

import builtins
import io
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact.observed import observed
from layercheck.artifact import Artifact, open_artifact
from support.zip_writer import Member, build_zip

Tree = dict[str, tuple[str, int, bytes]]  # path: kind, permission bits, bytes or link target

SAMPLE: Tree = {
    "bin": ("directory", 0o755, b""),
    "bin/tool": ("file", 0o755, b"#!/bin/sh\necho hello\n"),
    "bin/alias": ("symlink", 0o777, b"tool"),
    "python": ("directory", 0o750, b""),
    "python/a.py": ("file", 0o644, b"import os\n" * 100),
    "python/empty.py": ("file", 0o600, b""),
    "python/library.so": ("file", 0o444, b"\x7fELF damaged"),
    "python/away": ("symlink", 0o777, b"/nowhere/at/all"),
    "python/up": ("symlink", 0o777, b"../bin"),
    "python/é x.py": ("file", 0o4755, b"flat"),
}


def _write(root: Path, tree: Tree) -> None:
    for path, (kind, mode, data) in sorted(tree.items()):
        place = root / path
        if kind == "directory":
            place.mkdir()
        elif kind == "symlink":
            place.symlink_to(os.fsdecode(data))
        else:
            place.write_bytes(data)
        if kind != "symlink":
            place.chmod(mode)


def _zip(tree: Tree) -> bytes:
    members = []
    for path, (kind, mode, data) in sorted(tree.items()):
        members.append(Member(path + "/" if kind == "directory" else path, data, mode=mode, kind=kind))
    return build_zip(members)


def _described(artifact: Artifact) -> dict[str, tuple[str, int | None, int]]:
    return {entry.path: (entry.kind, entry.mode, entry.size) for entry in artifact.entries}


def _same(root: Path, tree: Tree) -> None:
    with open_artifact(root) as folder, open_artifact(_zip(tree)) as archive:
        assert _described(folder) == _described(archive)
        assert folder.defects == archive.defects == ()
        assert dict(folder.facts) == dict(archive.facts)
        assert folder.content_sha256 == archive.content_sha256
        assert folder.unzipped_bytes == archive.unzipped_bytes
        assert (folder.form, folder.zip_bytes, folder.code_sha256) == ("directory", None, None)
        paths = [entry.path for entry in folder.entries]
        assert paths == sorted(paths, key=lambda path: path.split("/"))
        for entry in folder.entries:
            if entry.kind == "file":
                assert folder.read(entry, 1 << 20) == tree[entry.path][2]
                assert folder.read(entry, 3) == tree[entry.path][2][:3]
            assert entry.time == 0


def test_a_directory_is_as_its_zip(tmp_path: Path) -> None:
    _write(tmp_path, SAMPLE)
    _same(tmp_path, SAMPLE)


_names = st.text(st.characters(whitelist_categories=("Ll", "Nd"), max_codepoint=0x17F), min_size=1, max_size=6)


@given(
    files=st.dictionaries(_names, st.tuples(st.binary(max_size=400), st.sampled_from([0o644, 0o755, 0o600, 0o4511])))
    , folder=_names, links=st.dictionaries(_names, _names, max_size=3)
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_any_directory_is_as_its_zip(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes, int]], folder: str, links: dict[str, str]
) -> None:
    tree: Tree = {folder: ("directory", 0o755, b""), folder + "/one": ("file", 0o644, b"1")}
    for name, target in links.items():
        tree[f"{folder}/{name}"] = ("symlink", 0o777, target.encode())
    for name, (data, mode) in files.items():
        if name != folder:
            tree[name] = ("file", mode, data)
    root = tmp_path_factory.mktemp("tree")
    _write(root, tree)
    _same(root, tree)


def test_a_path_as_text_or_with_a_slash_is_the_same(tmp_path: Path) -> None:
    _write(tmp_path, SAMPLE)
    with open_artifact(tmp_path) as one, open_artifact(str(tmp_path) + "/") as other:
        assert observed(one) == observed(other)


def test_links_are_kept_not_followed(tmp_path: Path) -> None:
    """A link to its own directory would never end."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_bytes(b"outside")
    (root / "loop").symlink_to(".")
    (root / "self").symlink_to("self")
    (root / "outside").symlink_to(tmp_path / "secret")
    with open_artifact(root) as artifact:
        assert [(entry.path, entry.kind) for entry in artifact.entries] == [
            ("loop", "symlink"),
            ("outside", "symlink"),
            ("self", "symlink"),
        ]
        assert artifact.facts["loop"].link_target == "."


def test_a_link_reads_as_its_target(tmp_path: Path) -> None:
    """As in a zip, where the target is the member's content."""
    _write(tmp_path, SAMPLE)
    with open_artifact(tmp_path) as folder, open_artifact(_zip(SAMPLE)) as archive:
        for artifact in (folder, archive):
            link = next(entry for entry in artifact.entries if entry.path == "bin/alias")
            assert artifact.read(link, 100) == b"tool"
            assert artifact.read(link, 2) == b"to"


def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To open a fifo waits for a writer for ever."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("a.py").write_bytes(b"1")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        found: list[Artifact] = []
        reader = threading.Thread(target=lambda: found.append(open_artifact(".")), daemon=True)
        reader.start()
        reader.join(timeout=10)
    assert not reader.is_alive()
    with found[0] as artifact:
        assert {entry.path: entry.kind for entry in artifact.entries} == {
            "a.py": "file",
            "fifo": "other",
            "socket": "other",
        }
        for entry in artifact.entries:
            if entry.kind == "other":
                assert artifact.read(entry, 10) == b""


def _refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make every way of opening a file of this name fail, since the permission bits do not bind root."""

    def refusing(original: Any) -> Any:
        def opener(file: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(file, int) and os.fsdecode(file).endswith(name):
                raise PermissionError(13, "Permission denied", os.fsdecode(file))
            return original(file, *args, **kwargs)

        return opener

    monkeypatch.setattr(builtins, "open", refusing(builtins.open))
    monkeypatch.setattr(io, "open", refusing(io.open))
    monkeypatch.setattr(os, "open", refusing(os.open))


def test_an_unreadable_file_is_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, {"locked.py": ("file", 0o000, b"secret"), "open.py": ("file", 0o644, b"1")})
    _refuse(monkeypatch, "locked.py")
    with open_artifact(tmp_path) as artifact:
        assert [defect.entry for defect in artifact.defects] == ["locked.py"]
        locked, readable = artifact.entries
        assert (locked.path, locked.size, locked.mode) == ("locked.py", -1, stat.S_IFREG)
        assert (readable.path, readable.size) == ("open.py", 1)
        assert artifact.read(locked, 10) == b""


def test_an_unreadable_inner_directory_is_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, {"inner": ("directory", 0o755, b""), "open.py": ("file", 0o644, b"1")})
    _refuse_listing(monkeypatch, "inner")
    with open_artifact(tmp_path) as artifact:
        assert [defect.entry for defect in artifact.defects] == ["inner"]
        assert [entry.path for entry in artifact.entries] == ["inner", "open.py"]


def test_an_unreadable_directory_is_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse_listing(monkeypatch, tmp_path.name)
    with pytest.raises(PermissionError):
        open_artifact(tmp_path)


def _refuse_listing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refusing(original: Any) -> Any:
        def lister(path: Any = ".") -> Any:
            if not isinstance(path, int) and os.fsdecode(path).endswith(name):
                raise PermissionError(13, "Permission denied", os.fsdecode(path))
            return original(path)

        return lister

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(os, "listdir", refusing(os.listdir))


def test_an_empty_directory_is_empty(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    with open_artifact(tmp_path) as artifact:
        assert [(defect.kind, defect.entry) for defect in artifact.defects] == [("empty", None)]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Linux takes any bytes; the path keeps them."""
    with open(os.path.join(os.fsencode(tmp_path), b"\xff.py"), "wb") as file:
        file.write(b"1")
    with open_artifact(tmp_path) as artifact:
        assert [entry.path.encode("utf-8", "surrogateescape") for entry in artifact.entries] == [b"\xff.py"]


def test_a_file_that_is_no_zip_is_not_taken_for_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    path.write_bytes(b"text\n")
    with open_artifact(path) as artifact:
        assert artifact.form == "zip"
        assert artifact.defects[0].kind == "not-a-zip"
