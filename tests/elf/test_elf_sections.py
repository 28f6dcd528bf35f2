"""The bytes that only a debugger reads: against pyelftools, against strip, and against lies."""

from __future__ import annotations

import io
import struct
import sysconfig
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.elf.sections import MAX_SECTIONS, debug_bytes
from support.elf_writer import build_elf
from support.section_writer import with_sections

NOBITS = 8


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_the_debug_sections_are_added_up_and_no_other(order: str, big: bool) -> None:
    data = with_sections(
        (".text", b"1" * 7), (".debug_info", b"2" * 30), (".zdebug_line", b"3" * 5), (".debug", b"4" * 100),
        (".symtab", b"5" * 9), (".debug_str", b""), order=order, big=big,
    )  # fmt: skip
    assert debug_bytes(data) == 35


def test_a_section_without_bytes_takes_none() -> None:
    assert debug_bytes(with_sections((".debug_info", b"1" * 30), kind=NOBITS)) == 0


def test_what_is_no_elf_file_has_none() -> None:
    for data in (b"", b"\x7fELF", build_elf(), b"MZ" + bytes(100), build_elf()[:40]):
        assert debug_bytes(data) == 0


def test_sections_that_overlap_are_not_more_than_the_file() -> None:
    data = bytearray(with_sections((".debug_a", b"1" * 1000), (".debug_b", b"2" * 1000)))
    start = struct.unpack_from("<Q", data, 0x28)[0]
    for index in (1, 2):
        struct.pack_into("<QQ", data, start + index * 64 + 24, 0, len(data))
    assert debug_bytes(bytes(data)) == len(data)


def test_counts_that_lie_end_at_once() -> None:
    data = bytearray(with_sections((".debug_info", b"1" * 30), big=True))
    start = struct.unpack_from("<Q", data, 0x28)[0]
    for count in (MAX_SECTIONS + 1, 1 << 40, (1 << 64) - 1):
        struct.pack_into("<Q", data, start + 32, count)
        assert debug_bytes(bytes(data)) == 0


def oracle(data: bytes) -> int:
    names = (".debug_", ".zdebug_")
    sections = ELFFile(io.BytesIO(data)).iter_sections()
    return sum(s["sh_size"] for s in sections if s.name.startswith(names) and s["sh_type"] != "SHT_NOBITS")


def real_files() -> list[Path]:
    folder = Path(sysconfig.get_path("purelib"))
    found = sorted(path for path in folder.rglob("*.so") if path.stat().st_size < 20_000_000)
    return [Path("/bin/sh"), *found[:20]]


def test_real_files_as_pyelftools_reads_them() -> None:
    files = [path for path in real_files() if path.exists()]
    assert files
    for path in files:
        data = path.read_bytes()
        assert debug_bytes(data) == oracle(data), path


@settings(deadline=None, max_examples=300)
@given(st.binary(min_size=0, max_size=200), st.integers(0, 399), st.binary(min_size=1, max_size=16))
def test_no_bytes_make_it_raise_or_tell_more_than_there_is(tail: bytes, at: int, lie: bytes) -> None:
    data = with_sections((".text", tail), (".debug_info", tail), (".debug_str", b"x"))
    changed = data[: at % len(data)] + lie + data[at % len(data) + len(lie) :]
    for hostile in (changed, b"\x7fELF\x02\x01" + tail, changed[: at % len(data)]):
        assert 0 <= debug_bytes(hostile) <= len(hostile)
