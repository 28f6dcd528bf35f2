"""Good archives: the reader agrees with the standard library, whatever the engine and wherever the bytes come from."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifact.observed import Unseekable, observed
from layercheck.artifact import open_artifact
from support.zip_writer import DEFLATED, MSDOS, STORED, UNIX, Member, build_zip, simple_zip

ENGINES = ("zlib", "deflate")

# Printable characters of many scripts; what makes a name unsafe is the business of the malformed archives.
_letters = st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters='/\\:"')
_component = st.text(_letters, min_size=1, max_size=12).filter(lambda text: text.strip(". ") != "")
_path = st.lists(_component, min_size=1, max_size=4).map("/".join)
_data = st.one_of(
    st.binary(max_size=300),
    st.binary(min_size=1, max_size=20).map(lambda piece: piece * 500),
    st.sampled_from([b"", b"#!/bin/sh\n", b"\x7fELF", b"PK\x05\x06" + bytes(18), b"PK\x03\x04"]),
)
_times = st.tuples(
    st.integers(1980, 2107),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(range(0, 60, 2)),
)


@st.composite
def _members(draw: st.DrawFn) -> list[Member]:
    paths = draw(st.lists(_path, min_size=1, max_size=6, unique=True))
    # A path that is a file and the parent of another file would be a fault of its own.
    files = [path for path in paths if not any(other.startswith(path + "/") for other in paths)]
    members = [draw(_member(path)) for path in files]
    folders = sorted({path.rpartition("/")[0] for path in files if "/" in path})
    chosen = draw(st.lists(st.sampled_from(folders), unique=True)) if folders else []
    return [Member(folder + "/", kind="directory") for folder in chosen] + members


@st.composite
def _member(draw: st.DrawFn, path: str) -> Member:
    kind = draw(st.sampled_from(["file", "file", "file", "symlink"]))
    return Member(
        path,
        draw(_path).encode() if kind == "symlink" else draw(_data),
        kind=kind,
        mode=draw(st.integers(0, 0o7777)),
        method=draw(st.sampled_from([STORED, DEFLATED])),
        level=draw(st.integers(0, 9)),
        host=UNIX if kind == "symlink" else draw(st.sampled_from([UNIX, UNIX, MSDOS])),
        time=draw(_times),
        zip64=draw(st.booleans()),
        data_descriptor=draw(st.booleans()),
        descriptor_signature=draw(st.booleans()),
        comment=draw(st.binary(max_size=8)),
        extra=draw(st.sampled_from([b"", b"UT\x05\x00\x01\x00\x00\x00\x00", b"\xfe\xca\x00\x00"])),
    )


def _agrees_with_zipfile(data: bytes) -> None:
    with open_artifact(data) as artifact, zipfile.ZipFile(io.BytesIO(data)) as oracle:
        assert artifact.defects == ()
        infos = oracle.infolist()
        assert len(artifact.entries) == len(infos)
        counted = 0
        for entry, info in zip(artifact.entries, infos, strict=True):
            content = oracle.read(info)
            assert entry.path == info.filename.rstrip("/")
            assert entry.raw == info.filename.encode()
            assert (entry.size, entry.declared, entry.compressed) == (
                len(content),
                info.file_size,
                info.compress_size,
            )
            assert (entry.crc, entry.method, entry.host) == (info.CRC, info.compress_type, info.create_system)
            stored_mode = info.external_attr >> 16 if info.create_system == UNIX else 0
            assert entry.mode == (stored_mode or None)
            expected_kind = "file"
            if info.is_dir():
                expected_kind = "directory"
            elif stat.S_ISLNK(stored_mode):
                expected_kind = "symlink"
            assert entry.kind == expected_kind
            assert _time_of(entry.time) == info.date_time
            if expected_kind != "directory":
                assert artifact.read(entry, len(content) + 1) == content
                counted += len(content)
        assert artifact.unzipped_bytes == counted
        assert artifact.zip_bytes == len(data)


def _time_of(time: int) -> tuple[int, int, int, int, int, int]:
    date, clock = time >> 16, time & 0xFFFF
    return (
        (date >> 9) + 1980,
        date >> 5 & 15,
        date & 31,
        clock >> 11,
        clock >> 5 & 63,
        (clock & 31) * 2,
    )


@given(members=_members(), comment=st.binary(max_size=20).filter(lambda text: b"PK" not in text), large=st.booleans())
@settings(max_examples=150, deadline=None)
def test_agrees_with_zipfile_on_archives_of_our_writer(members: list[Member], comment: bytes, large: bool) -> None:
    _agrees_with_zipfile(build_zip(members, comment=comment, zip64_end=large))


@given(members=_members(), comment=st.binary(max_size=20), streamed=st.booleans())
@settings(max_examples=100, deadline=None)
def test_agrees_with_zipfile_on_archives_of_zipfile(members: list[Member], comment: bytes, streamed: bool) -> None:
    """``streamed``: written to what cannot seek, where zipfile uses data descriptors."""
    memory = _WriteOnly() if streamed else io.BytesIO()
    with zipfile.ZipFile(cast(BinaryIO, memory), "w") as archive:
        archive.comment = comment.replace(b"PK", b"pk")
        for member in members:
            info = zipfile.ZipInfo(str(member.name), member.time)
            info.create_system = member.host
            info.compress_type = STORED if member.kind == "directory" else member.method
            kind = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}[member.kind]
            info.external_attr = (kind | (member.mode or 0)) << 16
            with archive.open(info, "w", force_zip64=member.zip64) as out:
                out.write(member.data)
    _agrees_with_zipfile(memory.getvalue())


class _WriteOnly:
    """A file that zipfile can only append to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        return None

    def getvalue(self) -> bytes:
        return b"".join(self._parts)


def test_writestr_without_type_bits_is_a_file() -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("python/a.py", b"pass\n")
    with open_artifact(memory.getvalue()) as artifact:
        (entry,) = artifact.entries
        assert (entry.kind, entry.mode, artifact.defects) == ("file", 0o600, ())


@pytest.mark.parametrize("host", [UNIX, MSDOS])
def test_no_stored_mode_is_none(host: int) -> None:
    with open_artifact(build_zip([Member("a.py", b"1", host=host, external_attr=0)])) as artifact:
        assert artifact.entries[0].mode is None
        assert artifact.entries[0].kind == "file"


@given(members=_members())
@settings(max_examples=60, deadline=None)
def test_engines_agree(members: list[Member]) -> None:
    data = build_zip(members)
    with open_artifact(data, engine="zlib") as slow, open_artifact(data, engine="deflate") as fast:
        assert observed(slow) == observed(fast)
        for entry in slow.entries:
            assert slow.read(entry, 50) == fast.read(entry, 50)


@given(members=_members())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_source_gives_the_same(members: list[Member], tmp_path: Path) -> None:
    data = build_zip(members)
    path = tmp_path / "layer.zip"
    path.write_bytes(data)
    with open_artifact(data) as artifact:
        expected = observed(artifact)
    with path.open("rb") as file:
        for source in (path, os.fspath(path), file, io.BytesIO(data), Unseekable(data)):
            with open_artifact(cast(BinaryIO, source)) as artifact:
                assert observed(artifact) == expected
                for entry in artifact.entries:
                    with open_artifact(data) as again:
                        assert artifact.read(entry, 99) == again.read(entry, 99)


def test_a_pipe_is_read(tmp_path: Path) -> None:
    data = simple_zip({"python/a.py": b"print()\n" * 200})
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream, open_artifact(stream) as artifact:
        assert [entry.path for entry in artifact.entries] == ["python/a.py"]
        assert artifact.defects == ()
        assert artifact.read(artifact.entries[0], 8) == b"print()\n"


def test_the_name_is_what_was_given_or_the_path(tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip({"a": b"1"}))
    with open_artifact(path) as artifact:
        assert artifact.name.endswith("layer.zip")
    with open_artifact(path, name="the layer") as artifact:
        assert artifact.name == "the layer"


def test_a_missing_path_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_artifact(tmp_path / "none.zip")


def test_an_unknown_engine_is_a_wrong_argument() -> None:
    with pytest.raises(ValueError):
        open_artifact(simple_zip({"a": b"1"}), engine="quick")


@pytest.mark.parametrize("markers", [True, False])
@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\n"])
def test_an_honest_zip64_end_record_is_no_fault(markers: bool, prefix: bytes) -> None:
    """Some writers add it always, with the true values in the classic record too."""
    data = build_zip([Member("a.py", b"1")], zip64_end=True, zip64_markers=markers, prefix=prefix, adjust_prefix=False)
    with open_artifact(data) as artifact:
        assert {defect.kind for defect in artifact.defects} == ({"prefix"} if prefix else set())
        assert [entry.path for entry in artifact.entries] == ["a.py"]
        assert artifact.read(artifact.entries[0], 9) == b"1"


def test_order_is_that_of_the_central_directory() -> None:
    members = [Member(name, b"1") for name in ("b", "a", "c")]
    with open_artifact(build_zip(members, order=[2, 0, 1])) as artifact:
        assert [entry.path for entry in artifact.entries] == ["c", "b", "a"]
        assert artifact.defects == ()


@pytest.mark.parametrize(
    ("name", "marker", "form"),
    [
        ("x.zip", "python/a.py", "zip"),
        ("x-1.0-py3-none-any.whl", "x-1.0.dist-info/WHEEL", "wheel"),
        ("x.jar", "META-INF/MANIFEST.MF", "jar"),
    ],
)
def test_form(tmp_path: Path, name: str, marker: str, form: str) -> None:
    path = tmp_path / name
    path.write_bytes(simple_zip({marker: b"Wheel-Version: 1.0\n"}))
    with open_artifact(path) as artifact:
        assert artifact.form == form
