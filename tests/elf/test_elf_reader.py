"""Judges the ELF reader by files whose every field is known, and by pyelftools on the same and on real files."""

from __future__ import annotations

import itertools
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layercheck.elf import ElfImage, Ranges, View, read_elf, read_elf_ranges
from support.elf_oracle import elf_facts, facts_of
from support.elf_writer import DF_1_PIE, MACHINES, TYPES, build_elf

Fields = dict[str, Any]

# Any bytes but NUL may stand in a string table; "" is told apart from an absent tag.
texts = st.binary(min_size=1, max_size=12).map(lambda raw: raw.replace(b"\0", b"/").decode("utf-8", "surrogateescape"))
tags = st.none() | st.just("") | texts
halves, words = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
nodes = texts | st.tuples(texts, halves)

fields = st.fixed_dictionaries(
    {},
    optional={
        "machine": st.sampled_from(sorted(MACHINES)),
        "data": st.sampled_from(["lsb", "msb"]),
        "etype": st.sampled_from(sorted(TYPES)),
        "osabi": st.integers(0, 255),
        "abiversion": st.integers(0, 255),
        "interp": st.none() | texts,
        "needed": st.lists(texts, max_size=6),
        "soname": tags,
        "rpath": tags,
        "runpath": tags,
        "filter": tags,
        "auxiliary": tags,
        "flags": st.none() | words,
        "flags_1": st.none() | words,
        "verdef": st.none() | st.lists(nodes, max_size=4),
        "verneed": st.none() | st.dictionaries(texts, st.lists(nodes, min_size=1, max_size=4), max_size=3),
        "syms": st.lists(texts, max_size=3),
        "undef": st.lists(texts, max_size=3),
        "jump_slot": st.lists(texts, max_size=2),
        "gnu_stack": st.sampled_from([None, "r", "rw", "rx", "rwx"]),
        "abi_note": st.none() | st.tuples(words, words, words, words),
        "go_note": st.booleans(),
        "isa_needed": st.integers(0, 15),
        "relr": st.booleans(),
        "dynamic": st.booleans(),
        "split": st.booleans(),
        "misaligned": st.booleans(),
        "pad_to": st.sampled_from([0, 5000]),
    },
)
quick = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def image_of(raw: bytes) -> ElfImage:
    image = read_elf(raw)
    assert isinstance(image, ElfImage), image
    return image


def with_flags(specs: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    return tuple((spec, 0) if isinstance(spec, str) else (spec[0], spec[1]) for spec in specs)


def expected(given_fields: Fields) -> Fields:
    """The image that the fields describe, without ``loads``."""
    get = given_fields.get
    machine = MACHINES[get("machine", "x86_64")]
    facts: Fields = {
        "bits": machine.bits,
        "data": get("data", "lsb"),
        "machine": machine.number,
        "type": TYPES[get("etype", "dyn")],
        "osabi": get("osabi", 0),
        "abiversion": get("abiversion", 0),
        "interp": get("interp"),
        "gnu_stack": get("gnu_stack", "rw"),
        "abi_note": get("abi_note"),
        "isa_needed": get("isa_needed", 0),
        "go": get("go_note", False),
        "dynamic": get("dynamic", True),
    }
    known = given_fields if facts["dynamic"] else {}
    verdef = known.get("verdef")
    pie = DF_1_PIE if known.get("etype") == "pie" else 0
    return {
        **facts,
        **{name: known.get(name) for name in ("soname", "rpath", "runpath", "filter", "auxiliary")},
        "needed": tuple(known.get("needed", ())),
        "flags": known.get("flags") or 0,
        "flags_1": (known.get("flags_1") or 0) | pie,
        "verneed": tuple((file, with_flags(specs)) for file, specs in (known.get("verneed") or {}).items()),
        "verdef": None if verdef is None else ((known.get("soname") or "base", 1), *with_flags(verdef)),
        "relr": known.get("relr", False),
    }


@quick
@given(fields)
def test_reads_back_what_was_written(written: Fields) -> None:
    raw = build_elf(**written)
    image = image_of(raw)
    facts = facts_of(image)
    loads = facts.pop("loads")
    assert facts == expected(written)
    assert sum(load[2] for load in loads) == len(raw)
    assert len(loads) == 1 + written.get("split", False)
    wanted = ["misaligned-segment"] * (len(loads) if written.get("misaligned") else 0)
    assert [defect.kind for defect in image.defects] == wanted


@quick
@given(fields.filter(lambda written: written.get("etype") != "core"))  # the notes of core files have other meanings
def test_agrees_with_pyelftools_on_written_files(written: Fields) -> None:
    raw = build_elf(**written)
    assert facts_of(image_of(raw)) == elf_facts(raw)


class Pieces:
    """A file handed over in copies, as one that is inflated again for each batch of ranges."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.size = len(raw)
        self.batches = 0

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        self.batches += 1
        parts = [b"??" + self.raw[start : start + length] for start, length in wanted]
        return [View(part + b"?", 2, len(part)) for part in parts]


@quick
@given(fields, st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=3))
def test_a_file_in_pieces_reads_as_the_whole(written: Fields, flips: list[tuple[int, int]]) -> None:
    raw = bytearray(build_elf(**written))
    for place, value in flips:
        raw[place % len(raw)] = value
    pieces = Pieces(bytes(raw))
    source: Ranges = pieces
    assert read_elf_ranges(source) == read_elf(bytes(raw))
    # The header lies in the first batch; the two that may follow cost one inflation each.
    assert pieces.batches <= 3 or int.from_bytes(raw[56:58], "little") > 64


def test_last_of_a_repeated_tag_counts() -> None:
    """As in glibc, which keeps one pointer for each tag (elf/get-dynamic-info.h)."""
    raw = build_elf(needed=["liba.so", "libb.so"], soname="liba.so", extra_dyn=[[14, 9], [30, 1], [30, 8]])
    image = image_of(raw)
    assert image.soname == "libb.so"
    assert image.flags == 8
    assert image.needed == ("liba.so", "libb.so")


def test_tags_behind_the_end_mark_do_not_count() -> None:
    raw = build_elf(needed=["liba.so"], extra_dyn=[[0, 0], [1, 1], [29, 1]])
    image = image_of(raw)
    assert image.needed == ("liba.so",)
    assert image.runpath is None


def test_a_long_search_path_is_read_whole() -> None:
    """Build systems with one directory a package write search paths of many kilobytes."""
    path = ":".join(f"$ORIGIN/../packages/package-number-{number}/lib" for number in range(400))
    image = image_of(build_elf(runpath=path))
    assert image.runpath == path
    assert image.defects == ()


def test_32_bit_x86_64_keeps_both_facts() -> None:
    image = image_of(build_elf(machine="x86_64", bits=32, needed=["libc.so.6"]))
    assert (image.bits, image.machine, image.needed) == (32, 62, ("libc.so.6",))


def test_a_relocatable_object_needs_no_program_headers() -> None:
    raw = bytearray(build_elf(etype="rel"))
    raw[32:40] = bytes(8)  # e_phoff
    raw[54:58] = bytes(4)  # e_phentsize, e_phnum
    image = image_of(bytes(raw))
    assert (image.type, image.loads, image.dynamic, image.defects) == (1, (), False, ())


def shared_objects() -> Iterator[Path]:
    dynload = sysconfig.get_config_var("DESTSHARED")
    places = [Path(dynload)] if dynload else []
    places += [Path(sysconfig.get_path("platlib")), Path("/usr/lib"), Path("/usr/lib64")]
    for place in places:
        # Separate debug files keep program headers whose content was taken out: rightly truncated.
        paths = [path for path in place.glob("**/*.so*") if path.is_file() and "debug" not in path.parts]
        found = sorted(path for path in paths if path.stat().st_size < 8 << 20)
        # Spread over the directory, bounded: a system library directory holds thousands.
        yield from itertools.islice(found[:: max(1, len(found) // 40)], 40)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has ELF files of its own")
def test_agrees_with_pyelftools_on_this_systems_shared_objects() -> None:
    read = 0
    for path in shared_objects():
        raw = path.read_bytes()
        if raw[:4] != b"\x7fELF":
            continue  # a linker script
        image = image_of(raw)
        assert facts_of(image) == elf_facts(raw), path
        assert image.defects == (), path
        read += 1
    assert read >= 20
