"""Archives made to hurt a reader: it neither raises, nor hangs, nor fills memory, nor overlooks."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifact.observed import kinds, observed
from layercheck.artifact import open_artifact
from support.zip_writer import STORED, Member, build_zip, deflated_zeros, end_record, simple_zip

MIB = 1 << 20
ENGINES = ("zlib", "deflate")

SMALL = build_zip(
    [
        Member("python/", kind="directory"),
        Member("python/a.py", b"import os\n" * 6),
        Member("python/b", b"a.py", kind="symlink"),
        Member("python/c.py", b"stored", method=STORED, data_descriptor=True),
        Member("python/é.py", b"x = 1\n" * 3, zip64=True),
    ],
    comment=b"made by hand",
)
CONTENT = {
    "python/a.py": b"import os\n" * 6,
    "python/b": b"a.py",
    "python/c.py": b"stored",
    "python/é.py": b"x = 1\n" * 3,
}


@contextmanager
def _within(*, seconds: float, memory: int) -> Iterator[None]:
    """Fail when the block takes longer, or has more bytes allocated at its peak."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        yield
        elapsed = time.perf_counter() - started
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= memory, f"{peak / MIB:.1f} MiB at the peak"
    assert elapsed <= seconds, f"{elapsed:.1f} s"


def test_truncation_at_every_length_is_seen() -> None:
    for length in range(len(SMALL)):
        with open_artifact(SMALL[:length]) as artifact:
            assert kinds(artifact) & {"truncated", "not-a-zip"}, length
            if length >= 4:
                assert "not-a-zip" not in kinds(artifact), length
            for entry in artifact.entries:
                assert len(artifact.read(entry, 16)) <= 16


def test_missing_start_is_seen_at_every_length() -> None:
    for start in range(1, len(SMALL) - 22 - len(b"made by hand")):
        with open_artifact(SMALL[start:]) as artifact:
            assert artifact.defects, start


_flips = st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(1, 255)), min_size=1, max_size=4)


@given(flips=_flips)
@settings(max_examples=600, deadline=None)
@example(flips=[(len(SMALL) - 20 - 12, 0xFF)])
def test_changed_bytes_never_raise_nor_pass_for_other_content(flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(SMALL)
    for position, bits in flips:
        damaged[position] ^= bits
    results = []
    for engine in ENGINES:
        with open_artifact(bytes(damaged), engine=engine) as artifact:
            results.append(observed(artifact))
            contents = {}
            for entry in artifact.entries:
                content = artifact.read(entry, 100)
                assert len(content) <= 100
                if entry.kind in ("file", "symlink"):
                    contents[entry.path] = content
            if not artifact.defects:
                # A changed mode may turn a file into something that holds no content; never into other content.
                assert contents.items() <= CONTENT.items()
                assert {entry.path for entry in artifact.entries} == {"python", *CONTENT}
    assert results[0] == results[1]


@given(data=st.binary(max_size=200), before=st.booleans())
@settings(max_examples=200, deadline=None)
def test_random_bytes_around_an_end_record(data: bytes, before: bool) -> None:
    archive = b"PK\x03\x04" + data + end_record(count=1, size=len(data), offset=4) if before else end_record() + data
    with open_artifact(archive) as artifact:
        assert artifact.defects
        for entry in artifact.entries:
            assert len(artifact.read(entry, 10)) <= 10


@given(fields=st.fixed_dictionaries({}, optional={
    name: st.one_of(st.integers(0, 300), st.sampled_from([0xFFFE, 0xFFFF]))
    for name in ("count", "directory_size", "directory_offset", "zip64_count", "zip64_offset", "locator_offset", "disk")
}), large=st.booleans(), markers=st.booleans())  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_end_records_may_say_anything(fields: dict[str, int], large: bool, markers: bool) -> None:
    data = build_zip(
        [Member("a.py", b"1"), Member("b.py", b"2")],
        zip64_end=large,
        zip64_markers=markers,
        **fields,  # type: ignore[arg-type]
    )
    with open_artifact(data) as artifact:
        if not artifact.defects:
            assert [entry.path for entry in artifact.entries] == ["a.py", "b.py"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bomb_ends_at_its_declared_size(engine: str) -> None:
    data = build_zip([Member("zeros", payload=deflated_zeros(200 * MIB), size=1024, crc=0), Member("a.py", b"1")])
    with _within(seconds=2, memory=8 * MIB), open_artifact(data, engine=engine) as artifact:
        assert ("bomb", "zeros") in {(defect.kind, defect.entry) for defect in artifact.defects}
        assert artifact.entries[1].size == 1
        assert len(artifact.read(artifact.entries[0], 5000)) <= 5000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_large_declared_size_allocates_nothing(engine: str) -> None:
    """Ten bytes that claim to be almost 4 GiB."""
    data = build_zip([Member("small", b"0123456789", size=0xFFFFFFF0)])
    with _within(seconds=2, memory=8 * MIB), open_artifact(data, engine=engine) as artifact:
        assert kinds(artifact) == {"bad-size"}
        assert artifact.unzipped_bytes == 10


@pytest.mark.slow
def test_inflating_stops_after_a_gibibyte() -> None:
    zeros = deflated_zeros(60 * MIB)
    members = [Member(f"zeros{index}", payload=zeros, size=60 * MIB, crc=0) for index in range(20)]
    with open_artifact(build_zip(members)) as artifact:
        assert [entry.size for entry in artifact.entries][-1] == -1
        assert sum(entry.size for entry in artifact.entries if entry.size >= 0) <= 1 << 30
        assert artifact.inflate_count < 20


def test_many_members_over_the_same_bytes_are_not_inflated_each() -> None:
    """A kilobyte of directory for each further copy is how overlapping archives grow."""
    zeros = deflated_zeros(20 * MIB)
    first = Member("zeros", payload=zeros, size=20 * MIB)
    others = [Member(f"n{index}", payload=zeros, size=20 * MIB, local=False, offset=0) for index in range(1000)]
    with _within(seconds=10, memory=64 * MIB), open_artifact(build_zip([first, *others])) as artifact:
        assert kinds(artifact) & {"overlap", "local-mismatch"}
        assert len(artifact.entries) == 1001


def test_a_comment_with_an_end_record_hides_nothing() -> None:
    """The fake record says that the archive is empty; a search from the end meets it first."""
    for fake in (end_record(), end_record(comment_length=7), end_record(comment_length=7) + b"7 bytes"):
        data = build_zip([Member("evil.py", b"1")], comment=b"hi " + fake)
        with open_artifact(data) as artifact:
            assert [entry.path for entry in artifact.entries] == ["evil.py"] or artifact.defects


def test_a_broken_end_record_in_the_comment_is_only_comment() -> None:
    """Its comment would end beyond the file, so it cannot be the archive's end record."""
    data = build_zip([Member("a.py", b"1")], comment=b"hi " + end_record(comment_length=99))
    with open_artifact(data) as artifact:
        assert [entry.path for entry in artifact.entries] == ["a.py"]
        assert artifact.defects == ()


def test_an_end_record_after_the_end_record_is_seen() -> None:
    with open_artifact(simple_zip({"a.py": b"1"}) + end_record()) as artifact:
        assert artifact.defects


@pytest.mark.parametrize(
    "raw",
    [
        b"line\nfeed.py",
        b"escape\x1b[31mred.py",
        b"tab\tname.py",
        b"bell\x07",
        b"\xff\xfe\x80.py",
        "right-to-left \u202e name".encode(),
        b"n" * 10_000,
        b"/".join([b"deep"] * 2_000),
        b"n" * 0xFFFF,
        b"-rf",
        b" ",
        b"nul\x00inside",
        b"nul at the end\x00",
    ],
)
def test_odd_names_are_kept_as_they_stand(raw: bytes) -> None:
    with open_artifact(build_zip([Member(raw, b"content"), Member("a.py", b"1")])) as artifact:
        if len(raw) > 4095:
            assert [(defect.kind, defect.entry) for defect in artifact.defects] == [
                ("unsafe-path", f"{raw[:200].decode()}… ({len(raw)} bytes)")
            ]
            assert [entry.path for entry in artifact.entries] == ["a.py"]
            assert artifact.unzipped_bytes == len(b"content1")
            return
        entry = artifact.entries[0]
        assert entry.raw == raw
        assert entry.path.encode("utf-8", "surrogateescape") == raw
        assert artifact.read(entry, 100) == b"content"
        assert artifact.entries[1].path == "a.py"
        too_long = len(raw) > 4095 or max(map(len, raw.split(b"/"))) > 255
        assert ("unsafe-path" in kinds(artifact)) == (b"\x00" in raw or too_long)


def test_twenty_thousand_entries() -> None:
    members = [Member(f"python/package{index % 100}/module{index}.py", b"pass\n") for index in range(20_000)]
    data = build_zip(members)
    started = time.perf_counter()
    with open_artifact(data) as artifact:
        elapsed = time.perf_counter() - started
        assert len(artifact.entries) == 20_000
        assert artifact.defects == ()
        assert artifact.unzipped_bytes == 100_000
    assert elapsed < 8


def test_more_entries_than_a_classic_end_record_can_count() -> None:
    data = build_zip(Member(f"f{index}", method=STORED) for index in range(66_000))
    with open_artifact(data) as artifact:
        assert len(artifact.entries) == 66_000
        assert artifact.defects == ()
