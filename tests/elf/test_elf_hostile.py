"""The ELF reader on damaged and malicious files: it answers, soon, and says what is wrong."""

from __future__ import annotations

import struct
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.elf import ElfImage, read_elf
from layercheck.finding import Defect
from support import elf_writer as w
from support.elf_writer import build_elf

KINDS = {"truncated", "misaligned-segment", "unreadable-dynamic", "unreadable-versions", "too-many"}
HEADER, ENTRY = 64, 56  # bytes, 64-bit
LOAD, DYNAMIC = 0, 1  # places of these program headers in a file without PT_INTERP

RICH: dict[str, Any] = {
    "needed": ["liba.so", "libb.so"],
    "soname": "libc.so",
    "rpath": "$ORIGIN",
    "verdef": ["V_1", "V_2"],
    "verneed": {"liba.so": ["A_1", "A_2"], "libb.so": ["B_1"]},
    "undef": ["f"],
    "jump_slot": ["g"],
    "abi_note": (0, 2, 6, 32),
    "isa_needed": 1,
    "go_note": True,
    "interp": "/lib64/ld-linux-x86-64.so.2",
}


def patch(raw: bytes, offset: int, letter: str, value: int) -> bytes:
    packed = struct.pack("<" + letter, value)
    return raw[:offset] + packed + raw[offset + len(packed) :]


def table_at(raw: bytes, tag: int) -> int:
    """File offset of the table that a dynamic tag names (address and offset are equal in these files)."""
    start, size = struct.unpack_from("<Q16xQ", raw, HEADER + DYNAMIC * ENTRY + 8)
    entries: dict[int, int] = dict(struct.iter_unpack("<QQ", raw[start : start + size]))
    return entries[tag]


def image_of(raw: bytes) -> ElfImage:
    image = read_elf(raw)
    assert isinstance(image, ElfImage), image
    return image


def kinds(raw: bytes) -> set[str]:
    return {defect.kind for defect in image_of(raw).defects}


def check_answer(raw: bytes) -> None:
    """Any answer will do, as long as it is one of the documented ones and small."""
    answer = read_elf(raw)
    if isinstance(answer, Defect):
        assert answer.kind in ("not-elf", "damaged")
        assert answer.entry is None
        assert answer.detail
    else:
        assert {defect.kind for defect in answer.defects} <= KINDS
        assert len(answer.needed) <= len(raw)


@pytest.mark.parametrize("machine", ["x86_64", "arm"])
@pytest.mark.parametrize("data", ["lsb", "msb"])
def test_cut_at_every_length(machine: str, data: str) -> None:
    raw = build_elf(machine=machine, data=data, **RICH)
    headers = (64 + 9 * 56) if machine == "x86_64" else (52 + 9 * 32)  # RICH has nine program headers
    for length in range(len(raw)):
        answer = read_elf(raw[:length])
        if length < 4:
            assert isinstance(answer, Defect)
            assert answer.kind == "not-elf"
        elif length < headers:
            assert isinstance(answer, Defect)
            assert answer.kind == "damaged"
        else:
            assert isinstance(answer, ElfImage)
            assert "truncated" in {defect.kind for defect in answer.defects}
    assert image_of(raw).defects == ()


def test_cut_inside_the_padding_costs_no_fact() -> None:
    raw = build_elf(pad_to=9000, pad_random=True, **RICH)
    whole, cut = image_of(raw), image_of(raw[:8000])
    assert [defect.kind for defect in cut.defects] == ["truncated"]
    assert (cut.needed, cut.verneed, cut.verdef, cut.interp) == (
        whole.needed,
        whole.verneed,
        whole.verdef,
        whole.interp,
    )


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(w.MACHINES)),
    st.sampled_from(["lsb", "msb"]),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_any_bytes_changed(machine: str, data: str, flips: list[tuple[int, int]]) -> None:
    raw = bytearray(build_elf(machine=machine, data=data, **RICH))
    for place, value in flips:
        raw[place % len(raw)] = value
    check_answer(bytes(raw))


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"\x7fELF", b"\x7fELF\2\1\1", b"\x7fELF\1\2\1"]))
def test_any_bytes_at_all(rest: bytes, start: bytes) -> None:
    check_answer(start + rest)


@pytest.mark.parametrize("letter", ["H", "I", "Q"])
def test_every_number_at_its_extremes(letter: str) -> None:
    raw = build_elf(**RICH)
    size = struct.calcsize("<" + letter)
    top = 1 << 8 * size
    for place in range(16, len(raw) - size, size):
        for value in (0, 1, top - 1, top // 2 - 1, top // 2, len(raw)):
            check_answer(patch(raw, place, letter, value % top))


@pytest.mark.parametrize(
    ("offset", "letter", "value"),
    [
        pytest.param(4, "B", 0, id="no class"),
        pytest.param(4, "B", 3, id="impossible class"),
        pytest.param(5, "B", 0, id="no byte order"),
        pytest.param(5, "B", 7, id="impossible byte order"),
        pytest.param(54, "H", 0, id="e_phentsize 0"),
        pytest.param(54, "H", 32, id="e_phentsize of the other class"),
        pytest.param(54, "H", 0xFFFF, id="e_phentsize huge"),
        pytest.param(32, "Q", 1 << 40, id="e_phoff beyond the file"),
        pytest.param(32, "Q", (1 << 64) - 1, id="e_phoff at the end of the address space"),
        pytest.param(56, "H", 0xFFFF, id="more program headers than the file holds"),
    ],
)
def test_unreadable_headers(offset: int, letter: str, value: int) -> None:
    answer = read_elf(patch(build_elf(**RICH), offset, letter, value))
    assert isinstance(answer, Defect)
    assert answer.kind == "damaged"


@pytest.mark.parametrize(
    ("tag", "value", "kind"),
    [
        (w.DT_STRTAB, 1 << 40, "unreadable-dynamic"),
        (w.DT_STRTAB, (1 << 64) - 1, "unreadable-dynamic"),
        (w.DT_STRSZ, 0, "unreadable-dynamic"),
        (w.DT_SONAME, 1 << 40, "unreadable-dynamic"),
        (w.DT_NEEDED, (1 << 64) - 1, "unreadable-dynamic"),
        (w.DT_VERNEED, 1 << 40, "unreadable-versions"),
        (w.DT_VERDEF, 1 << 40, "unreadable-versions"),
    ],
)
def test_tables_beyond_the_file_are_told(tag: int, value: int, kind: str) -> None:
    assert kind in kinds(build_elf(**RICH, replace_dyn={tag: value}))


@pytest.mark.parametrize("value", [1 << 31, (1 << 64) - 1])
def test_a_huge_string_table_reads_no_further_than_its_segment(value: int) -> None:
    image = image_of(build_elf(**RICH, replace_dyn={w.DT_STRSZ: value}))
    assert image.needed == ("liba.so", "libb.so")


def test_dynamic_section_beyond_the_file_is_told() -> None:
    raw = build_elf(needed=["liba.so"])
    raw = patch(raw, HEADER + DYNAMIC * ENTRY + 8, "Q", 1 << 40)
    assert kinds(raw) == {"unreadable-dynamic"}


@pytest.mark.parametrize("count", [0xFFFF, 1 << 40, (1 << 64) - 1])
@pytest.mark.parametrize(("tag", "field"), [(w.DT_VERNEEDNUM, "verneed"), (w.DT_VERDEFNUM, "verdef")])
def test_a_version_table_ends_where_its_chain_ends(tag: int, field: str, count: int) -> None:
    honest = image_of(build_elf(**RICH))
    lying = image_of(build_elf(**RICH, replace_dyn={tag: count}))
    assert getattr(lying, field) == getattr(honest, field)


def lying_needs(following: int, auxiliary: int) -> bytes:
    """Both chains of DT_VERNEED with other steps, and counts as large as they can be."""
    raw = build_elf(verneed={"liba.so": ["A_1", "A_2"]}, replace_dyn={w.DT_VERNEEDNUM: 1 << 40}, pad_to=400_000)
    table = table_at(raw, w.DT_VERNEED)
    raw = patch(raw, table + 2, "H", 0xFFFF)  # vn_cnt
    raw = patch(raw, table + 12, "I", following)  # vn_next
    return patch(raw, table + 16 + 12, "I", auxiliary)  # vna_next


@pytest.mark.parametrize("following", [0, 1, 16, 0xFFFFFFFF])
@pytest.mark.parametrize("auxiliary", [0, 1, 16, 0xFFFFFFFF])
def test_version_need_chains_end(following: int, auxiliary: int) -> None:
    start = time.perf_counter()
    image = image_of(lying_needs(following, auxiliary))
    assert time.perf_counter() - start < 2
    assert image.verneed[0][0] == "liba.so"
    assert sum(len(nodes) for _, nodes in image.verneed) < 100_000
    assert len(image.defects) < 1000


def test_one_damage_is_not_told_thousands_of_times() -> None:
    place, count = 100_000, 8_000
    changed = {w.DT_VERNEED: place, w.DT_VERNEEDNUM: count}
    raw = build_elf(verneed={"liba.so": ["A_1"]}, replace_dyn=changed, pad_to=400_000)
    entry = struct.pack("<HHIII", 1, 1, 0, 0x7FFFFFFF, 16)  # its node lies far beyond the file
    image = image_of(raw[:place] + entry * count + raw[place + len(entry) * count :])
    assert {defect.kind for defect in image.defects} == {"unreadable-versions"}
    assert len(image.defects) < 100


@pytest.mark.parametrize("following", [0, 1, 28, 0xFFFFFFFF])
def test_version_definition_chains_end(following: int) -> None:
    raw = build_elf(verdef=["V_1", "V_2"], replace_dyn={w.DT_VERDEFNUM: 1 << 40}, pad_to=400_000)
    start = time.perf_counter()
    image = image_of(patch(raw, table_at(raw, w.DT_VERDEF) + 16, "I", following))
    assert time.perf_counter() - start < 2
    assert image.verdef is not None
    assert image.verdef[0] == ("base", 1)
    assert len(image.verdef) < 100_000
    assert len(image.defects) < 1000


@pytest.mark.parametrize("place", [12, 1 << 20, 0xFFFFFFFF])
def test_a_version_definition_whose_name_cannot_be_reached_is_told(place: int) -> None:
    """Else a library that is damaged would pass for one that lacks the version."""
    raw = build_elf(verdef=["V_1"])
    raw = patch(raw, table_at(raw, w.DT_VERDEF) + 12, "I", place)  # vd_aux of the BASE entry
    image = image_of(raw)
    names = [node for node, _ in image.verdef or ()]
    assert names != ["base", "V_1"]
    assert image.defects


def test_version_definitions_beyond_the_bound_are_told() -> None:
    raw = build_elf(verdef=[f"V_{number}" for number in range(10_000)])
    image = image_of(raw)
    assert image.verdef is not None
    assert len(image.verdef) == 10_001 or {defect.kind for defect in image.defects} & {
        "too-many",
        "unreadable-versions",
    }


def test_a_million_needed() -> None:
    raw = build_elf(needed=["liba.so"] * 1_000_000)
    start = time.perf_counter()
    image = image_of(raw)
    assert time.perf_counter() - start < 2
    assert "too-many" in {defect.kind for defect in image.defects}
    assert 0 < len(image.needed) < 1_000_000


def test_few_bytes_do_not_become_many() -> None:
    """One long name, needed again and again: images are kept, so they must not outgrow the file by far."""
    raw = build_elf(needed=["x" * 4000] * 16_000)
    image = image_of(raw)
    distinct = {id(name): len(name) for name in image.needed}
    assert sum(distinct.values()) < 16 << 20


def test_thousands_of_program_headers() -> None:
    raw = patch(build_elf(pad_to=5_000_000), 56, "H", 0xFFFE)
    start = time.perf_counter()
    assert "too-many" in kinds(raw)
    assert time.perf_counter() - start < 2


def test_a_segment_that_ends_beyond_the_file_is_truncated() -> None:
    raw = build_elf()
    assert kinds(patch(raw, HEADER + LOAD * ENTRY + 32, "Q", len(raw) + 1)) == {"truncated"}
    assert kinds(patch(raw, HEADER + LOAD * ENTRY + 32, "Q", (1 << 64) - 1)) == {"truncated"}


@pytest.mark.parametrize("alignment", [0, 1])
def test_no_alignment_is_asked_for_by_0_and_1(alignment: int) -> None:
    raw = build_elf(misaligned=True)
    assert kinds(raw) == {"misaligned-segment"}
    assert kinds(patch(raw, HEADER + LOAD * ENTRY + 48, "Q", alignment)) == set()
