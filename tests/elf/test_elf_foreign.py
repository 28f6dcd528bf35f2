"""Mach-O and PE files are recognised by their headers; what merely begins alike is not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.elf import ForeignBinary, identify, read_elf
from layercheck.finding import Defect
from support.elf_writer import build_elf
from support.foreign_writer import MACHO_CPUS, PE_MACHINES, build_macho, build_pe


@pytest.mark.parametrize("arch", sorted(MACHO_CPUS))
@pytest.mark.parametrize("data", ["lsb", "msb"])
def test_thin_macho(arch: str, data: str) -> None:
    assert identify(build_macho(arch, data=data)) == ForeignBinary("Mach-O", (arch,), False)


@pytest.mark.parametrize("fat64", [False, True])
@pytest.mark.parametrize("arches", [("x86_64",), ("x86_64", "arm64"), ("arm64", "x86_64"), ("i386", "x86_64", "arm")])
def test_universal_macho_lists_its_parts_in_order(arches: tuple[str, ...], fat64: bool) -> None:
    raw = build_macho(fat=arches, fat64=fat64)
    assert identify(raw[:4096]) == ForeignBinary("Mach-O", arches, False)


@pytest.mark.parametrize("arch", sorted(PE_MACHINES))
@pytest.mark.parametrize("managed", [False, True])
@pytest.mark.parametrize("header_at", [0x40, 0x80, 0xF8, 0x400])
def test_pe(arch: str, managed: bool, header_at: int) -> None:
    raw = build_pe(arch, managed=managed, header_at=header_at)
    assert identify(raw[:4096]) == ForeignBinary("PE", (arch,), managed)


@pytest.mark.parametrize("arch", ["i386", "x86_64"])
def test_what_follows_a_short_directory_table_is_no_clr_header(arch: str) -> None:
    """NumberOfRvaAndSizes says how many data directories there are; sections follow them."""
    raw = build_pe(arch, directories=10)
    end = 0x80 + 24 + (112 if arch == "x86_64" else 96) + 10 * 8
    found = identify(raw[:end] + b"\xff" * 200)
    assert found is not None
    assert not found.managed


@pytest.mark.parametrize("version", [45, 52, 55, 61, 65, 69])
def test_a_java_class_is_not_a_universal_macho(version: int) -> None:
    raw = struct.pack(">IHH", 0xCAFEBABE, 0, version) + bytes(range(256)) * 16
    assert identify(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"MZ", id="two letters"),
        pytest.param(b"MZ is how this text begins, and it goes on for more than sixty-four bytes of text.", id="text"),
        pytest.param(b"MZ" + bytes(200), id="DOS program"),
        pytest.param(b"#!/bin/sh\n", id="script"),
        pytest.param(build_elf(), id="ELF"),
        pytest.param(b"PK\3\4" + bytes(100), id="zip"),
        pytest.param(struct.pack(">II", 0xCAFEBABE, 0) + bytes(100), id="universal without parts"),
    ],
)
def test_everything_else_is_not_foreign(raw: bytes) -> None:
    assert identify(raw) is None


@pytest.mark.parametrize("raw", [build_macho(), build_macho(fat=("arm64",)), build_pe()], ids=["thin", "fat", "PE"])
def test_foreign_binaries_are_not_elf(raw: bytes) -> None:
    answer = read_elf(raw)
    assert isinstance(answer, Defect)
    assert answer.kind == "not-elf"


STARTS = [
    build_macho("x86_64"),
    build_macho("ppc", data="msb"),
    build_macho(fat=("x86_64", "arm64"))[:200],
    build_macho(fat=("arm64",), fat64=True)[:200],
    build_pe(managed=True),
    build_pe("i386"),
]


@pytest.mark.parametrize("raw", STARTS, ids=range(len(STARTS)))
def test_cut_at_every_length(raw: bytes) -> None:
    whole = identify(raw)
    assert whole is not None
    for length in range(len(raw)):
        found = identify(raw[:length])
        assert found is None or (found.format, found.architectures) == (whole.format, whole.architectures)


@settings(deadline=None)
@given(
    st.sampled_from(STARTS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_any_bytes_changed(raw: bytes, flips: list[tuple[int, int]]) -> None:
    changed = bytearray(raw)
    for place, value in flips:
        changed[place % len(changed)] = value
    found = identify(bytes(changed))
    assert found is None or (found.format in ("Mach-O", "PE") and 0 < len(found.architectures) < 64)
