"""Each member is inflated once; what is read again is counted and bounded; large members never stand in memory."""

from __future__ import annotations

import tracemalloc
import zlib
from pathlib import Path

import pytest

from layercheck.artifact import Entry, open_artifact
from layercheck.elf import ElfImage, read_elf
from support.elf_writer import build_elf
from support.zip_writer import STORED, Member, build_zip, deflate, deflated_zeros

MIB = 1 << 20
ENGINES = ("zlib", "deflate")
DATA = bytes(range(256)) * 40


@pytest.mark.parametrize("engine", ENGINES)
def test_each_member_is_inflated_once(engine: str) -> None:
    members = [Member(f"python/{index}.py", DATA) for index in range(20)]
    members.append(Member("python/lib.so", build_elf(needed=["libz.so.1"])))
    with open_artifact(build_zip(members), engine=engine) as artifact:
        assert artifact.inflate_count == 21
        assert len(artifact.content_sha256) == 64
        assert len(artifact.facts) >= 1
        assert artifact.unzipped_bytes > 0
        assert artifact.inflate_count == 21
        artifact.read(artifact.entries[0], 10)
        assert artifact.inflate_count == 22


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("crc", [1, None])
def test_a_faulty_member_is_not_inflated_twice(engine: str, crc: int | None) -> None:
    bad = Member("bad.py", DATA, payload=b"\xff" * 50, crc=crc)
    with open_artifact(build_zip([bad, Member("good.py", DATA)]), engine=engine) as artifact:
        assert artifact.inflate_count == 2


def test_a_stored_member_is_not_inflated_more_often() -> None:
    with open_artifact(build_zip([Member(f"{index}", DATA, method=STORED) for index in range(20)])) as artifact:
        assert artifact.inflate_count <= 20


def _large_elf() -> bytes:
    return build_elf(soname="libbig.so.1", needed=["libz.so.1", "libc.so.6"], runpath="$ORIGIN", pad_to=70 * MIB)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("method", [STORED, 8])
def test_a_large_elf_file_is_read_in_pieces(tmp_path: Path, engine: str, method: int) -> None:
    path = tmp_path / "layer.zip"
    data = _large_elf()
    expected = read_elf(data)
    assert isinstance(expected, ElfImage)
    assert expected.needed == ("libz.so.1", "libc.so.6")
    size = len(data)
    path.write_bytes(build_zip([Member("lib/libbig.so", data, method=method, level=1), Member("a.py", b"1")]))
    del data
    tracemalloc.start()
    try:
        with open_artifact(path, engine=engine) as artifact:
            peak = tracemalloc.get_traced_memory()[1]
            assert artifact.defects == ()
            assert artifact.facts["lib/libbig.so"].elf == expected
            assert [entry.size for entry in artifact.entries] == [size, 1]
            # The reader may look at a large member twice more, to follow addresses back.
            assert artifact.inflate_count <= 4
    finally:
        tracemalloc.stop()
    assert peak < 32 * MIB, f"{peak / MIB:.0f} MiB"


def test_large_and_small_agree_on_content() -> None:
    """One byte above the size up to which members are inflated whole, and exactly that size."""
    for size in (64 * MIB, 64 * MIB + 1):
        crc = zlib.crc32(bytes(size))
        data = build_zip([Member("zeros", payload=deflated_zeros(size), size=size, crc=crc)])
        with open_artifact(data) as artifact:
            assert artifact.defects == ()
            assert (artifact.entries[0].size, artifact.entries[0].crc) == (size, crc)
            assert artifact.inflate_count == 1


@pytest.mark.parametrize("lie", ["crc", "more", "fewer", "cut", "broken"])
def test_a_large_member_is_checked_as_a_small_one(lie: str) -> None:
    size = 65 * MIB
    payload = deflated_zeros(size)
    crc = zlib.crc32(bytes(size))
    member, kind = {
        "crc": (Member("zeros", payload=payload, size=size, crc=crc ^ 1), "bad-crc"),
        "more": (Member("zeros", payload=payload, size=size - 1, crc=crc), "bomb"),
        "fewer": (Member("zeros", payload=payload, size=size + 1, crc=crc), "bad-size"),
        "cut": (Member("zeros", payload=payload[: len(payload) // 2], size=size, crc=crc), "truncated"),
        "broken": (Member("zeros", payload=payload[:1000] + b"\xff" * 1000, size=size, crc=crc), "undecodable"),
    }[lie]
    with open_artifact(build_zip([member])) as artifact:
        assert kind in {defect.kind for defect in artifact.defects}


def _entry(entries: tuple[Entry, ...], path: str) -> Entry:
    return next(entry for entry in entries if entry.path == path)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("limit", [0, 1, 100, len(DATA) - 1, len(DATA), len(DATA) + 1, 1 << 40])
def test_read_gives_at_most_the_limit(engine: str, limit: int) -> None:
    members = [
        Member("deflated", DATA),
        Member("stored", DATA, method=STORED),
        Member("link", b"stored", kind="symlink"),
    ]
    with open_artifact(build_zip(members), engine=engine) as artifact:
        assert artifact.read(_entry(artifact.entries, "deflated"), limit) == DATA[:limit]
        assert artifact.read(_entry(artifact.entries, "stored"), limit) == DATA[:limit]
        assert artifact.read(_entry(artifact.entries, "link"), limit) == b"stored"[:limit]


def test_read_of_a_bomb_is_bounded() -> None:
    data = build_zip([Member("zeros", payload=deflated_zeros(200 * MIB), size=1024, crc=0)])
    with open_artifact(data) as artifact:
        tracemalloc.start()
        try:
            content = artifact.read(artifact.entries[0], 10_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(content) <= 10_000
        assert content.strip(b"\x00") == b""
        assert peak < 4 * MIB


@pytest.mark.parametrize(
    "member",
    [
        Member("bad", DATA, payload=b"\xff" * 30),
        Member("bad", DATA, payload=deflate(DATA)[:20]),
        Member("bad", DATA, payload=b""),
        Member("bad", DATA, method=14),
        Member("bad", DATA, flags=1),
        Member("bad", DATA, offset=1 << 30),
        Member("bad", DATA, csize=1 << 30),
        Member("bad/", kind="directory"),
    ],
    ids=["broken", "cut", "nothing", "method", "encrypted", "offset", "long", "directory"],
)
def test_read_of_a_bad_member_raises_nothing(member: Member) -> None:
    with open_artifact(build_zip([member, Member("good", DATA)])) as artifact:
        assert len(artifact.read(artifact.entries[0], 50)) <= 50
        assert artifact.read(artifact.entries[1], 50) == DATA[:50]


def test_progress_is_told() -> None:
    """In bytes of the archive, rising."""
    calls: list[tuple[int, int]] = []
    data = build_zip([Member(f"python/{index}", bytes(MIB), method=STORED) for index in range(20)])
    with open_artifact(data, progress=lambda done, total: calls.append((done, total))) as artifact:
        assert len(artifact.entries) == 20
    assert calls
    assert calls == sorted(calls)
    assert all(0 < done <= total <= len(data) for done, total in calls)
