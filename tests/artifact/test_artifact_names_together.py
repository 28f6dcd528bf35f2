"""All names of an archive looked at together must amount to what each of them does by itself."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from layercheck.artifact.entry import decode_name
from layercheck.artifact.names import MAX_DEPTH, Trees, name_defect, ordinary_paths, plain_path
from layercheck.artifact.zip_directory import Member

PARTS = st.sampled_from([b"a", b"b", b".", b"..", b"/", b"//", b"\n", b"\\", b"\0", b":", b"\xc3\xa9", b" ", b"a.b"])
NAMES = st.lists(st.lists(PARTS, max_size=6).map(b"".join), max_size=5)


@given(NAMES)
@example([b""])
@example([b"a/", b"a"])
@example([b"."])
@example([b"a/" * (MAX_DEPTH + 1) + b"b"])
@example([b"x" * 256])
@example([b"a\n", b"b"])
def test_the_same_paths_as_one_by_one(names: list[bytes]) -> None:
    paths = ordinary_paths(names)
    if paths is None:
        return
    trees = Trees([Member(name, 3, 0, 0, 0, 0, 0, 0, 0, 0) for name in names])
    assert paths == [plain_path(decode_name(name)) for name in names]
    assert [name_defect(name) or trees.problem(name) for name in names] == [None] * len(names)
    assert len(set(paths)) == len(paths)


ORDINARY = st.from_regex(rb"([a-z_]{1,8}/){0,4}[a-z_.]{1,2}[a-z]{1,8}/?", fullmatch=True)


@given(st.lists(ORDINARY, unique=True, max_size=8))
def test_ordinary_names_are_told(names: list[bytes]) -> None:
    plain = [plain_path(decode_name(name)) for name in names]
    odd = any(b".." in name or b"/./" in name or name.startswith(b"./") for name in names)
    expected = None if odd or len(set(plain)) < len(plain) else plain
    assert ordinary_paths(names) == expected
