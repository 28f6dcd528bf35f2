"""Random trees of files, directories and links, on disk and in a layer: every path must lead to the same place."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layercheck.artifact import open_artifact
from layercheck.filesystem import OPT, Filesystem, Hit, Miss, Mount, Overlay
from linker.trees import environment_of
from support.zip_writer import simple_zip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symlinks and '..' follow POSIX rules")

NAMES = st.sampled_from(("a", "b", "c"))
PLACES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PARTS = st.one_of(NAMES, NAMES, st.sampled_from(("..", ".", "")))
TARGETS = st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(lambda text: not text.startswith("/") and text)
ABSOLUTE = st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "@/" + "/".join(parts))
QUESTIONS = st.lists(st.lists(PARTS, min_size=1, max_size=6).map("/".join), min_size=1, max_size=6)
TREES = st.dictionaries(PLACES, st.one_of(st.none(), TARGETS, ABSOLUTE), min_size=1, max_size=7)
REASONS = {errno.ENOENT: "absent", errno.ELOOP: "loop", errno.ENOTDIR: "not a directory"}


def without_clashes(tree: Mapping[str, str | None]) -> dict[str, str | None]:
    """Only leaves, so that no path is a file and a directory at once."""
    return {p: t for p, t in tree.items() if not any(other.startswith(p + "/") for other in tree)}


def on_disk(path: str) -> str:
    """The real path, or in words why the kernel refuses to open it."""
    try:
        os.stat(path)
    except OSError as error:
        return REASONS[error.errno or 0]
    return os.path.realpath(path, strict=True)


@settings(max_examples=150, deadline=None)
@given(tree=TREES, questions=QUESTIONS)
@example(tree={"a/b": "../c", "c/d": None}, questions=["a/b/../c/d", "a/b/d/..", "a/b/d/"])
@example(tree={"a": "b", "b": "a"}, questions=["a", "a/..", "a/x"])
@example(tree={"a": None}, questions=["a/..", "a/.", "a/", "a/../a", "c/../a"])
@example(tree={"a": None, "b": "a/", "c": "a/."}, questions=["b", "c"])
@example(tree={"a/b": "@/c", "c/a": "@/a/b/.."}, questions=["a/b/a", "a/b/a/b"])
def test_lookup_agrees_with_the_real_file_system(tree: dict[str, str | None], questions: list[str]) -> None:
    tree = without_clashes(tree)
    with tempfile.TemporaryDirectory() as base:
        # As deep as /opt, so that '..' beyond the top is the only thing that cannot be compared.
        root = Path(os.path.realpath(base)) / "opt"
        root.mkdir()
        members: dict[str, bytes | tuple[bytes, int]] = {}
        for path, target in tree.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if target is None:
                place.write_bytes(b"x")
                members[path] = b"x"
            else:
                place.symlink_to(target.replace("@", str(root)))
                members[path] = (target.replace("@", OPT).encode(), stat.S_IFLNK | 0o777)
        files = Filesystem(Overlay([Mount(open_artifact(simple_zip(members)), OPT)]), environment_of({}))
        for question in questions:
            wanted = on_disk(f"{root}/{question}")
            got = files.lookup(f"{OPT}/{question}")
            if leaves(wanted, str(root)) or (isinstance(got, Hit) and not (got.real + "/").startswith(OPT + "/")):
                continue
            if isinstance(got, Miss):
                assert got.reason == wanted, (tree, question)
            else:
                assert got.real == OPT + wanted[len(str(root)) :], (tree, question)


def leaves(wanted: str, root: str) -> bool:
    return wanted.startswith("/") and not (wanted + "/").startswith(root + "/")
