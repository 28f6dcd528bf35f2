"""Each malformed form of an archive gives the defect that names it, and nothing raises."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import tarfile
from collections.abc import Callable
from typing import NamedTuple

import pytest

from artifact.observed import kinds, observed
from layercheck.artifact import open_artifact
from support.zip_writer import (
    ENCRYPTED_FLAG,
    STORED,
    Member,
    build_zip,
    deflate,
    end_record,
    local_record,
    simple_zip,
)

TEXT = b"def handler(event, context): return event\n" * 4
GOOD = Member("good.py", TEXT)


class Case(NamedTuple):
    """An archive, the kinds that it must give (with their entry), and those that it may give besides."""

    label: str
    build: Callable[[], bytes]
    expected: frozenset[tuple[str, str | None]]
    allowed: frozenset[str] = frozenset()


def _case(label: str, build: Callable[[], bytes], *expected: tuple[str, str | None], allowed: str = "") -> Case:
    return Case(label, build, frozenset(expected), frozenset(allowed.split()))


def _entry_case(label: str, member: Member, kind: str, *, path: str = "bad.py", allowed: str = "") -> Case:
    """A faulty member between two good ones."""
    other = Member("other.py", TEXT)
    return _case(label, lambda: build_zip([GOOD, member, other]), (kind, path), allowed=allowed)


def _quoted_overlap() -> bytes:
    """The first member's stored deflate block quotes the second's local header, so that its data covers both."""
    kernel = Member("b.py", TEXT)
    local = local_record(kernel)
    header = local[: 30 + len("b.py")]
    quote = b"\x00" + struct.pack("<2H", len(header), len(header) ^ 0xFFFF)
    stream = quote + header + deflate(TEXT)
    first = Member("a.py", header + TEXT, payload=quote, csize=len(stream))
    return build_zip([first, kernel])


def _same_data_twice() -> bytes:
    return build_zip([Member("a.py", TEXT), Member("b.py", TEXT, local=False, offset=0)])


def _cut(data: bytes, count: int) -> bytes:
    return data[: len(data) - count]


ARCHIVE_CASES = [
    _case("an end record alone", end_record, ("empty", None)),
    _case(
        "only directories",
        lambda: simple_zip({"python/": b"", "python/lib/": b""}),
        ("empty", None),
    ),
    _case("end record cut", lambda: _cut(build_zip([GOOD]), 3), ("truncated", None)),
    _case("end record gone", lambda: build_zip([GOOD], end=False), ("truncated", None)),
    _case("comment cut", lambda: _cut(build_zip([GOOD], comment=b"made by hand"), 4), ("truncated", None)),
    _case(
        "directory said to be longer than the file",
        lambda: build_zip([GOOD], directory_size=1 << 20),
        ("count-mismatch", None),
        allowed="truncated bad-central",
    ),
    _case(
        "directory said to lie beyond the file",
        lambda: build_zip([GOOD], directory_offset=1 << 20),
        ("truncated", None),
        allowed="count-mismatch bad-central",
    ),
    _case("disk number", lambda: build_zip([GOOD], disk=1), ("multi-disk", None)),
    _case("stub in front, offsets moved", lambda: build_zip([GOOD], prefix=b"#!/bin/sh\n"), ("prefix", None)),
    _case(
        "stub in front, offsets as they were",
        lambda: build_zip([GOOD], prefix=b"#!/bin/sh\n", adjust_prefix=False),
        ("prefix", None),
    ),
    _case("two archives in one file", lambda: build_zip([GOOD]) + build_zip([GOOD]), ("prefix", None)),
    _case("line feed after the end", lambda: build_zip([GOOD], trailing=b"\n"), ("trailing", None)),
    _case("text after the comment", lambda: build_zip([GOOD], comment=b"c", trailing=b"text"), ("trailing", None)),
    _case("count too large", lambda: build_zip([GOOD], count=2), ("count-mismatch", None)),
    _case("count too small", lambda: build_zip([GOOD, Member("b")], count=1), ("count-mismatch", None)),
    _case(
        "zip64 count lies",
        lambda: build_zip([GOOD], zip64_end=True, zip64_count=7),
        ("count-mismatch", None),
        allowed="zip64-mismatch",
    ),
    _case(
        "zip64 count of 2**60",
        lambda: build_zip([GOOD], zip64_end=True, zip64_count=1 << 60),
        ("count-mismatch", None),
        allowed="zip64-mismatch truncated",
    ),
    _case(
        "zip64 end record disagrees with the classic one",
        lambda: build_zip([GOOD], zip64_end=True, zip64_markers=False, zip64_count=7),
        ("zip64-mismatch", None),
        allowed="count-mismatch",
    ),
    _case(
        "zip64 locator points nowhere",
        lambda: build_zip([GOOD], zip64_end=True, locator_offset=3),
        ("zip64-mismatch", None),
        allowed="truncated count-mismatch",
    ),
    _case(
        "zip64 locator points beyond the file",
        lambda: build_zip([GOOD], zip64_end=True, locator_offset=1 << 62),
        ("zip64-mismatch", None),
        allowed="truncated count-mismatch",
    ),
    _case(
        "markers without a zip64 end record",
        lambda: build_zip([GOOD], count=0xFFFF, directory_size=0xFFFFFFFF, directory_offset=0xFFFFFFFF),
        ("truncated", None),
        allowed="zip64-mismatch count-mismatch",
    ),
    _case("gap", lambda: build_zip([GOOD, Member("b.py", TEXT, before=b"hidden" * 9)]), ("gap", "good.py")),
    _case("gap before the directory", lambda: build_zip([GOOD], before_directory=b"hidden" * 9), ("gap", "good.py")),
    _case(
        "member that the directory does not list",
        lambda: build_zip([GOOD, Member("hidden.py", TEXT), Member("c.py", TEXT)], order=[0, 2]),
        ("gap", "good.py"),
    ),
]

ENTRY_CASES = [
    _entry_case("wrong CRC", Member("bad.py", TEXT, crc=1), "bad-crc"),
    _entry_case("wrong CRC, stored", Member("bad.py", TEXT, crc=1, method=STORED), "bad-crc"),
    _entry_case("fewer bytes than declared", Member("bad.py", TEXT, size=len(TEXT) + 1), "bad-size", allowed="bad-crc"),
    _entry_case("more bytes than declared", Member("bad.py", TEXT, size=len(TEXT) - 1), "bomb", allowed="bad-crc"),
    _entry_case("no bytes declared", Member("bad.py", TEXT, size=0, crc=0), "bomb", allowed="bad-crc"),
    _entry_case(
        "stored with two sizes",
        Member("bad.py", TEXT, method=STORED, size=len(TEXT) + 5),
        "bad-size",
        allowed="bad-crc",
    ),
    _entry_case("not deflate data", Member("bad.py", TEXT, payload=b"\xff" * 40), "undecodable", allowed="bad-crc"),
    _entry_case("empty deflate data", Member("bad.py", TEXT, payload=b""), "truncated", allowed="bad-crc undecodable"),
    _entry_case(
        "deflate data cut",
        Member("bad.py", bytes(range(256)), payload=deflate(bytes(range(256)))[:100]),
        "truncated",
        allowed="undecodable bad-crc bad-size",
    ),
    _entry_case("other local name", Member("bad.py", TEXT, local_name="evil.py"), "local-mismatch"),
    _entry_case("other local method", Member("bad.py", TEXT, local_method=STORED), "local-mismatch"),
    _entry_case("other local flags", Member("bad.py", TEXT, local_flags=ENCRYPTED_FLAG), "local-mismatch"),
    _entry_case("other local size", Member("bad.py", TEXT, local_size=1), "local-mismatch"),
    _entry_case(
        "other local compressed size", Member("bad.py", TEXT, local_csize=1), "local-mismatch", allowed="gap overlap"
    ),
    _entry_case("other local size, 64 bits", Member("bad.py", TEXT, zip64=True, local_size=1), "local-mismatch"),
    _entry_case(
        "other CRC in the data descriptor",
        Member("bad.py", TEXT, data_descriptor=True, descriptor_crc=1),
        "local-mismatch",
    ),
    _entry_case("other local CRC", Member("bad.py", TEXT, local_crc=1), "local-mismatch"),
    _entry_case(
        "no local header", Member("bad.py", TEXT, local_signature=b"AAAA"), "local-mismatch", allowed="gap prefix"
    ),
    _entry_case(
        "offset into the data of another", Member("bad.py", TEXT, offset=40), "local-mismatch", allowed="gap overlap"
    ),
    _entry_case(
        "offset beyond the file", Member("bad.py", TEXT, offset=1 << 30), "truncated", allowed="local-mismatch gap"
    ),
    _entry_case(
        "data beyond the file",
        Member("bad.py", TEXT, csize=1 << 30),
        "overlap",
        allowed="truncated local-mismatch bad-crc bad-size gap undecodable",
    ),
    _entry_case("encrypted", Member("bad.py", TEXT, flags=ENCRYPTED_FLAG), "encrypted"),
    _entry_case("bzip2", Member("bad.py", TEXT, method=12), "method"),
    _entry_case("LZMA", Member("bad.py", TEXT, method=14), "method"),
    _entry_case("Zstandard", Member("bad.py", TEXT, method=93), "method"),
    _entry_case("absolute", Member("/bad.py", TEXT), "unsafe-path", path="/bad.py"),
    _entry_case("parent", Member("../bad.py", TEXT), "unsafe-path", path="../bad.py"),
    _entry_case("inner parent", Member("a/../../bad.py", TEXT), "unsafe-path", path="a/../../bad.py"),
    _entry_case("drive letter", Member("C:/bad.py", TEXT), "unsafe-path", path="C:/bad.py"),
    _entry_case("NUL", Member(b"bad.py\x00.txt", TEXT), "unsafe-path", path="bad.py\x00.txt"),
    _entry_case("empty component", Member("a//bad.py", TEXT), "unsafe-path", path="a//bad.py"),
    _entry_case("empty name", Member("", TEXT), "unsafe-path", path=""),
    _entry_case("backslash", Member("python\\bad.py", TEXT), "backslash", path="python\\bad.py"),
    _entry_case(
        "backslash and parent", Member("..\\bad.py", TEXT), "backslash", path="..\\bad.py", allowed="unsafe-path"
    ),
    _case(
        "two members of one name",
        lambda: build_zip([Member("a.py", TEXT), Member("a.py", b"other")]),
        ("duplicate", "a.py"),
    ),
    _case(
        "one member listed twice",
        lambda: build_zip([Member("a.py", TEXT)], order=[0, 0]),
        ("duplicate", "a.py"),
        allowed="overlap",
    ),
    _case("quoted overlap", _quoted_overlap, ("overlap", "a.py")),
    _case("two names for the same data", _same_data_twice, ("local-mismatch", "b.py"), allowed="overlap"),
    _case(
        "central record without its signature",
        lambda: build_zip([GOOD, Member("bad.py", TEXT, central_signature=b"AAAA")]),
        allowed="bad-central count-mismatch gap",
    ),
]


@pytest.mark.parametrize("case", ARCHIVE_CASES + ENTRY_CASES, ids=lambda case: case.label)
def test_each_form_is_named(case: Case) -> None:
    with open_artifact(case.build(), engine="zlib") as artifact:
        met = {(defect.kind, defect.entry) for defect in artifact.defects}
        assert met >= case.expected, met
        surplus = {kind for kind, _ in met - case.expected}
        assert surplus <= case.allowed, met
        assert artifact.defects
        assert all(defect.detail for defect in artifact.defects)
        slow = observed(artifact)
        for entry in artifact.entries:
            assert len(artifact.read(entry, 64)) <= 64
    with open_artifact(case.build(), engine="deflate") as artifact:
        assert observed(artifact) == slow


@pytest.mark.parametrize("case", ENTRY_CASES[:30], ids=lambda case: case.label)
def test_one_bad_member_does_not_hide_the_others(case: Case) -> None:
    with open_artifact(case.build()) as artifact:
        by_path = {entry.path: entry for entry in artifact.entries}
        assert by_path["good.py"].size == by_path["other.py"].size == len(TEXT)
        assert artifact.read(by_path["other.py"], 1000) == TEXT


def test_a_bad_central_record_is_named() -> None:
    data = build_zip([GOOD, Member("bad.py", TEXT, central_signature=b"AAAA")])
    with open_artifact(data) as artifact:
        assert "bad-central" in kinds(artifact)
        assert [entry.path for entry in artifact.entries][:1] == ["good.py"]


def test_a_bad_zip64_extra_field_is_named() -> None:
    """The central record promises 64-bit sizes and has no room for them."""
    short = struct.pack("<2HL", 1, 4, 0)
    member = Member("bad.py", TEXT, size=0xFFFFFFFF, csize=0xFFFFFFFF, extra=short)
    with open_artifact(build_zip([GOOD, member])) as artifact:
        assert kinds(artifact) & {"bad-central", "zip64-mismatch", "truncated", "overlap", "bad-size"}
        assert any(entry.path == "good.py" and entry.size == len(TEXT) for entry in artifact.entries)


def _tar() -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as archive:
        info = tarfile.TarInfo("python/a.py")
        info.size = len(TEXT)
        archive.addfile(info, io.BytesIO(TEXT))
    return memory.getvalue()


NOT_ZIPS = (
    *("empty", "html", "spaced-html", "json", "base64", "base64-lines", "tar", "gzip", "7z"),
    *("rar", "lfs", "text", "unknown", "one-byte", "two-bytes"),
)
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "html"),
        (b"  \r\n<html><head></head></html>", "html"),
        (b'{"message": "Not Found"}', "json"),
        (base64.b64encode(build_zip([GOOD])), "base64"),
        (base64.encodebytes(build_zip([GOOD])), "base64"),
        (_tar(), "tar"),
        (gzip.compress(_tar()), "gzip"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40), "7-zip"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(40), "rar"),
        (LFS_POINTER, "lfs"),
        (b"Hello, this is plain text.\n", "text"),
        (bytes(range(128, 256)) * 4, "first bytes"),
        (b"P", ""),
        (b"PK", ""),
    ],
    ids=NOT_ZIPS,
)
def test_what_is_no_zip_is_told_by_name(data: bytes, word: str) -> None:
    with open_artifact(data) as artifact:
        assert [(defect.kind, defect.entry) for defect in artifact.defects] == [("not-a-zip", None)]
        assert word in artifact.defects[0].detail.lower()
        assert artifact.entries == ()
        assert artifact.unzipped_bytes == 0
        assert artifact.zip_bytes == len(data)
        assert artifact.code_sha256


@pytest.mark.parametrize("engine", ["zlib", "deflate"])
def test_bytes_behind_the_end_of_a_deflate_stream_change_nothing(engine: str) -> None:
    """Every inflater stops at the end mark; libdeflate does not tell what follows it, so neither engine does."""
    padded = build_zip([Member("bad.py", TEXT, payload=deflate(TEXT) + b"more")])
    with open_artifact(padded, engine=engine) as artifact:
        assert artifact.defects == ()
        assert artifact.read(artifact.entries[0], 1 << 20) == TEXT
