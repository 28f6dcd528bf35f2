"""Jars inside an artifact: every class is found with its version, and no jar raises, hangs or fills memory."""

from __future__ import annotations

import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck import environment
from layercheck.artifact import Jar, open_artifact
from layercheck.artifact.jars import MAX_CLASSES, MAX_RECORDS, JarReader, class_version, is_searched_jar
from support.zip_writer import STORED, Member, build_zip, deflated_zeros, simple_zip

MAGIC = b"\xca\xfe\xba\xbe"
MIB = 1 << 20


def java_class(major: int, more: bytes = b"\0\x10" + bytes(300)) -> bytes:
    return MAGIC + b"\0\0" + major.to_bytes(2, "big") + more


def jar(*members: Member) -> Jar:
    return JarReader().read(build_zip(members))


@pytest.mark.parametrize(
    ("head", "version"),
    [
        (java_class(52), 52),
        (MAGIC + b"\xff\xff\0\x45", 69),
        (MAGIC + b"\0\0\0", 0),
        (MAGIC, 0),
        (b"", 0),
        (b"\xfe\xed\xfa\xce\0\0\0\x34", 0),
    ],
)
def test_the_version_of_a_class(head: bytes, version: int) -> None:
    assert class_version(head) == version


def test_classes_of_every_form_are_found() -> None:
    found = jar(
        Member("a/Deflated.class", java_class(55)),
        Member("a/Stored.class", java_class(52), method=STORED),
        Member("a/Zip64.class", java_class(61), zip64=True),
        Member("a/Streamed.class", java_class(65), data_descriptor=True),
        Member("a/Text.class", b"hello, I am text"),
        Member("a/Empty.class", b""),
        Member("a/Encrypted.class", java_class(52), flags=1),
        Member("a/Lzma.class", java_class(52), method=14),
        Member("a/Broken.class", java_class(52), payload=b"\xff" * 20),
        Member("a/Elsewhere.class", java_class(52), offset=1 << 20),
        Member("a/readme.txt", java_class(52)),
    )
    assert found == Jar(
        {
            "a/Deflated": 55,
            "a/Stored": 52,
            "a/Zip64": 61,
            "a/Streamed": 65,
            "a/Text": 0,
            "a/Empty": 0,
            "a/Encrypted": 0,
            "a/Lzma": 0,
            "a/Broken": 0,
            "a/Elsewhere": 0,
        }
    )


@pytest.mark.parametrize(
    ("manifest", "many"),
    [
        ("Manifest-Version: 1.0\r\nMulti-Release: true\r\n", True),
        ("multi-release: TRUE\n", True),
        ("Multi-Release: true", True),
        ("Multi-Release: false\n", False),
        ("X-Multi-Release: true\n", False),
        ("", False),
    ],
)
def test_versioned_classes_count_in_a_multi_release_jar_only(manifest: str, many: bool) -> None:
    found = jar(
        Member("META-INF/versions/11/a/B.class", java_class(55)),
        Member("META-INF/MANIFEST.MF", manifest.encode()),
        Member("a/B.class", java_class(52)),
    )
    assert found.classes == {"a/B": 52}
    assert found.versioned == ({"META-INF/versions/11/a/B": 55} if many else {})


def test_jars_in_an_artifact_are_read_where_java_may_search(tmp_path: Path) -> None:
    inner = simple_zip({"a/B.class": java_class(55)})
    members: dict[str, bytes | tuple[bytes, int]] = {
        "lib/a.jar": inner,
        "java/lib/b.jar": inner,
        "python/pyspark/jars/c.jar": inner,
        "lib/deeper/d.jar": inner,
        "lib/e.zip": inner,
        "a/Loose.class": java_class(61),
    }
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip(members))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    for source in (path, tmp_path / "unpacked"):
        with open_artifact(source) as artifact:
            jars = {name: fact.jar for name, fact in artifact.facts.items() if fact.jar is not None}
            assert jars == {"lib/a.jar": Jar({"a/B": 55}), "java/lib/b.jar": Jar({"a/B": 55})}
            assert artifact.facts["a/Loose.class"].class_version == 61
            assert artifact.facts["lib/e.zip"].jar is None


def test_what_is_searched_is_what_the_runtimes_search() -> None:
    for runtime in environment.runtimes():
        for place in runtime.class_path:
            if place.endswith("/*"):
                inside = place.removeprefix("/var/task/").removeprefix("/opt/")[:-1] + "x.jar"
                assert is_searched_jar(inside), (runtime.identifier, place)


@pytest.mark.parametrize("engine", ["zlib", "deflate"])
def test_a_large_jar_is_read_from_its_pieces(engine: str) -> None:
    noise = bytes((index * 7919 + (index >> 8) * 104729) & 0xFF for index in range(2 * MIB))
    inner = build_zip(
        [Member("noise", noise, method=STORED), *(Member(f"a/C{n}.class", java_class(52 + n)) for n in range(9))]
    )
    with open_artifact(build_zip([Member("java/lib/big.jar", inner, level=0)]), engine=engine) as artifact:
        assert artifact.facts["java/lib/big.jar"].jar == Jar({f"a/C{n}": 52 + n for n in range(9)})
        assert artifact.inflate_count == 1


def test_a_jar_too_large_for_memory_is_told_to_be_unread() -> None:
    size = 65 * MIB
    head = build_zip([Member("a/B.class", java_class(55))])
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    payload = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + deflated_zeros(size - len(head))
    crc = zlib.crc32(bytes(size - len(head)), zlib.crc32(head))
    member = Member("lib/huge.jar", payload=payload, size=size, crc=crc)
    with open_artifact(build_zip([member])) as artifact:
        assert artifact.defects == ()
        assert artifact.facts["lib/huge.jar"].jar == Jar(unread="jars of more than 64 MiB are not read")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<html>", bytes(1000)])
def test_what_is_no_jar_is_damaged(data: bytes) -> None:
    assert JarReader().read(data).damage is not None


def test_a_cut_off_jar_is_damaged_at_any_length() -> None:
    whole = simple_zip({f"a/C{n}.class": java_class(52) for n in range(20)})
    for end in range(0, len(whole), 37):
        assert JarReader().read(whole[:end]).damage is not None, end
    assert JarReader().read(whole).damage is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_raise(data: st.DataObject) -> None:
    whole = bytearray(simple_zip({"a/B.class": java_class(52), "META-INF/MANIFEST.MF": b"Multi-Release: true\n"}))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = JarReader().read(bytes(whole))
    assert all(0 <= version < 1 << 16 for version in found.classes.values())


def test_one_artifact_gets_no_more_than_its_share() -> None:
    whole = simple_zip({f"a/C{n}.class": java_class(52) for n in range(10)})
    by_classes = JarReader(classes=25)
    assert [len(by_classes.read(whole).classes) for _ in range(4)] == [10, 10, 0, 0]
    assert "too many classes" in (by_classes.read(whole).unread or "")
    by_entries = JarReader(records=25)
    assert [len(by_entries.read(whole).classes) for _ in range(4)] == [10, 10, 0, 0]
    assert by_entries.read(whole).unread is not None


def test_a_jar_of_many_records_takes_bounded_time() -> None:
    """Each record points to the same class, so that the archive itself is small."""
    count = 60_000
    members = [
        Member("a/B.class", java_class(52)),
        *(Member(f"{n}.class", local=False, offset=0) for n in range(count)),
    ]
    whole = build_zip(members)
    start = time.perf_counter()
    assert len(JarReader(classes=1_000).read(whole).classes) == 0
    assert time.perf_counter() - start < 5
    assert MAX_CLASSES < MAX_RECORDS < 1_000_000
