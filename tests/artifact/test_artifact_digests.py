"""content_sha256 changes with the content and with nothing else; code_sha256 is the one that AWS shows."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import open_artifact
from layercheck.artifact.hashed_source import HashedSource
from layercheck.artifact.source import BytesSource
from support.zip_writer import STORED, Member, build_zip

FILES = (
    Member("python/a.py", b"import os\n" * 50),
    Member("python/tool", b"#!/bin/sh\n", mode=0o755),
    Member("python/link", b"a.py", kind="symlink"),
)


def _content(members: tuple[Member, ...] | list[Member], order: list[int] | None = None) -> str:
    with open_artifact(build_zip(members, order=order)) as artifact:
        assert artifact.defects == ()
        assert len(artifact.content_sha256) == 64
        assert int(artifact.content_sha256, 16) >= 0
        return artifact.content_sha256


@pytest.mark.parametrize(
    "members",
    [
        [replace(member, time=(2024, 5, 6, 7, 8, 10)) for member in FILES],
        [replace(member, level=1) for member in FILES],
        [replace(member, method=STORED) for member in FILES],
        [replace(member, data_descriptor=True, zip64=True) for member in FILES],
        [replace(member, comment=b"c", extra=b"UT\x05\x00\x01\x00\x00\x00\x00") for member in FILES],
        list(reversed(FILES)),
    ],
    ids=["times", "level", "stored", "descriptors", "extras", "order"],
)
def test_the_same_content_built_otherwise(members: list[Member]) -> None:
    assert _content(members) == _content(FILES)


def test_the_order_of_the_central_directory() -> None:
    assert _content(FILES, order=[2, 1, 0]) == _content(FILES)


CHANGED = {
    "bytes": [replace(FILES[0], data=FILES[0].data + b"\n"), *FILES[1:]],
    "path": [replace(FILES[0], name="python/b.py"), *FILES[1:]],
    "mode": [FILES[0], replace(FILES[1], mode=0o644), FILES[2]],
    "link target": [*FILES[:2], replace(FILES[2], data=b"tool")],
    "file instead of link": [*FILES[:2], replace(FILES[2], kind="file", mode=0o777)],
    "one fewer": list(FILES[:2]),
    "one more, empty": [*FILES, Member("python/empty", b"")],
    "bytes moved between files": [
        Member("python/a.py", FILES[0].data[:-1]),
        replace(FILES[1], data=FILES[0].data[-1:] + FILES[1].data),
        FILES[2],
    ],
    "bytes moved into the name": [replace(FILES[0], name="python/a.pyi", data=FILES[0].data[1:]), *FILES[1:]],
}


@pytest.mark.parametrize("change", CHANGED)
def test_other_content(change: str) -> None:
    assert _content(CHANGED[change]) != _content(FILES)


def test_all_changes_differ_from_one_another() -> None:
    digests = [_content(members) for members in CHANGED.values()]
    assert len(set(digests)) == len(digests)


def test_code_sha256_is_base64_of_the_archives_digest(tmp_path: Path) -> None:
    data = build_zip(FILES)
    path = tmp_path / "layer.zip"
    path.write_bytes(data)
    expected = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    for source in (path, data):
        with open_artifact(source) as artifact:
            assert artifact.code_sha256 == expected


def test_code_sha256_sees_what_content_sha256_does_not() -> None:
    one, other = build_zip(FILES), build_zip([replace(member, time=(2024, 1, 1, 0, 0, 0)) for member in FILES])
    with open_artifact(one) as first, open_artifact(other) as second:
        assert first.code_sha256 != second.code_sha256
        assert first.content_sha256 == second.content_sha256


@given(st.binary(max_size=400), st.lists(st.tuples(st.integers(0, 450), st.integers(0, 200)), max_size=12))
def test_the_digest_does_not_depend_on_the_order_of_reading(data: bytes, reads: list[tuple[int, int]]) -> None:
    source = HashedSource(BytesSource(data))
    for offset, length in reads:
        assert source.read_at(offset, length) == data[offset : offset + length]
    assert source.sha256() == hashlib.sha256(data).digest()
    assert source.size == len(data)
