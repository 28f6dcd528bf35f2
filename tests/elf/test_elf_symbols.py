"""Judges the reader of dynamic symbols by pyelftools, on files made here, on this system's own and on real wheels."""

from __future__ import annotations

import itertools
import sys
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elf.test_elf_reader import Pieces, shared_objects
from layercheck.elf import symbols as module
from layercheck.elf.layout import FORMATS
from layercheck.elf.symbol_versions import OutOfTable, read_nodes
from layercheck.elf.symbols import Export, Symbols, Wanted, read_symbols, read_symbols_ranges
from real.wheels import WHEELS, fetch
from support.elf_writer import MACHINES, build_elf
from support.symbol_oracle import symbol_facts

Fields = dict[str, Any]
NAMES = ("f", "g", "printf", "_ZNSt6vectorE", "ü")
NODES = ("V1", "V2", "V3")
names = st.sampled_from(NAMES)
bound = st.tuples(names, st.sampled_from(["liba.so", "libb.so"]), st.sampled_from(NODES)).map(list)

fields = st.fixed_dictionaries(
    {
        "verdef": st.none() | st.just(list(NODES)),
        "syms": st.lists(names, max_size=5),
        "undef": st.lists(names | bound, max_size=5),
        "undef_weak": st.lists(names | bound, max_size=3),
        "jump_slot": st.lists(names | bound, max_size=5),
        "machine": st.sampled_from(sorted(MACHINES)),
        "data": st.sampled_from(["lsb", "msb"]),
        "etype": st.sampled_from(["dyn", "pie", "exec"]),
        "flags": st.sampled_from([None, 0, 8]),
        "flags_1": st.sampled_from([None, 1, 0x800]),
        "split": st.booleans(),
        "versioned": st.lists(st.tuples(names, st.sampled_from(NODES), st.sampled_from(["", "hidden"])), max_size=4),
    }
)
quick = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def made(written: Fields) -> bytes:
    rest = {key: value for key, value in written.items() if key != "versioned"}
    if written["verdef"] is not None:
        rest["syms"] = [*written["syms"], *map(list, written["versioned"])]
    return build_elf(**rest)


def told(symbols: Symbols | None) -> tuple[Any, Any]:
    assert symbols is not None
    return {name: [tuple(export) for export in exports] for name, exports in symbols.defined.items()}, {
        tuple(wanted) for wanted in symbols.wanted
    }


@quick
@given(fields)
def test_agrees_with_pyelftools_on_written_files(written: Fields) -> None:
    raw = made(written)
    symbols = read_symbols(raw)
    assert told(symbols) == symbol_facts(raw)
    assert symbols is not None
    assert list(symbols.wanted) == sorted(symbols.wanted, key=lambda item: item.name)
    asked = [*written["undef"], *written["undef_weak"], *written["jump_slot"]]
    assert {item.name for item in symbols.wanted} == {spec if isinstance(spec, str) else spec[0] for spec in asked}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has ELF files of its own")
def test_agrees_with_pyelftools_on_this_systems_shared_objects() -> None:
    read, kinds = 0, set()
    for path in itertools.islice(shared_objects(), 60):
        raw = path.read_bytes()
        if raw[:4] != b"\x7fELF":
            continue
        symbols = read_symbols(raw)
        assert told(symbols) == symbol_facts(raw), path
        assert symbols is not None
        kinds |= {export.hidden for exports in symbols.defined.values() for export in exports}
        read += 1
    assert read >= 20


@pytest.mark.registry
@pytest.mark.parametrize("name", ["orjson", "psycopg2", "markupsafe musl", "cryptography musl", "pillow arm64"])
def test_agrees_with_pyelftools_on_real_wheels(name: str) -> None:
    assert name in WHEELS
    read = 0
    with zipfile.ZipFile(fetch(name)) as archive:
        for info in archive.infolist():
            raw = archive.read(info) if ".so" in info.filename and info.file_size < 3 << 20 else b""
            if raw[:4] == b"\x7fELF":
                assert told(read_symbols(raw)) == symbol_facts(raw), info.filename
                read += 1
    assert read


@quick
@given(fields, st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6), st.integers(0, 3000))
def test_hostile_files_neither_raise_nor_read_differently_in_pieces(
    written: Fields, flips: list[tuple[int, int]], cut: int
) -> None:
    raw = bytearray(made(written))
    for place, value in flips:
        raw[place % len(raw)] = value
    data = bytes(raw[: max(cut, 100)])
    pieces = Pieces(data)
    assert read_symbols_ranges(pieces) == read_symbols(data)
    assert pieces.batches <= 8


def test_what_is_read_is_named() -> None:
    symbols = read_symbols(
        build_elf(
            verdef=["V1", "V2"],
            syms=["plain", ["f", "V1", "hidden"], ["f", "V2"]],
            undef=[["g", "liba.so", "A_1"]],
            undef_weak=["w"],
            jump_slot=["h"],
        )
    )
    assert symbols == Symbols(
        {"plain": (Export(None, False),), "f": (Export("V1", True), Export("V2", False))},
        (Wanted("g", "A_1", "liba.so"), Wanted("h", lazy=True), Wanted("w", weak=True)),
        True,
        "V1",
    )


@pytest.mark.parametrize("options", [{"flags": 8}, {"flags_1": 1}, {"extra_dyn": [[24, 0]]}])
def test_bound_at_once_where_the_file_asks_for_it(options: Fields) -> None:
    symbols = read_symbols(build_elf(jump_slot=["h"], **options))
    assert symbols is not None
    assert symbols.wanted == (Wanted("h"),)


def test_an_undefined_symbol_that_no_relocation_uses_is_not_wanted() -> None:
    raw = build_elf(undef=["g"])
    # DT_RELA (7) becomes a tag that nobody knows.
    position = raw.index((7).to_bytes(8, "little"), 64 + 56 * 3)
    symbols = read_symbols(raw[:position] + (0x6000_0001).to_bytes(8, "little") + raw[position + 8 :])
    assert symbols is not None
    assert symbols.wanted == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x7fELF",
        b"text",
        build_elf(undef=["g"])[:300],
        build_elf(undef=["g"], replace_dyn={6: 1 << 40}),
        build_elf(undef=["g"], replace_dyn={5: 1 << 40}),
        build_elf(undef=["g"], replace_dyn={4: 1 << 40}),
        build_elf(undef=["g"], replace_dyn={8: 1 << 40}),
        build_elf(undef=["g"], replace_dyn={9: 3}),
        build_elf(undef=["g"], replace_dyn={11: 3}),
        build_elf(undef=["g"], replace_dyn={10: 2}),
        build_elf(undef=["g"], machine=243, bits=64),
    ],
)
def test_what_cannot_be_read_is_not_known(raw: bytes) -> None:
    assert read_symbols(raw) is None


@pytest.mark.parametrize(("bound", "value"), [("MAX_SYMBOLS", 2), ("MAX_STRINGS", 4), ("MAX_RELOCATIONS", 30)])
def test_beyond_a_bound_nothing_is_known(bound: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = build_elf(syms=["f"], undef=["g", "h"], soname="libx.so")
    assert read_symbols(raw) is not None
    monkeypatch.setattr(module, bound, value)
    assert read_symbols(raw) is None


def test_version_entries_that_overlap_do_not_take_long() -> None:
    # The same 16 bytes as Verneed (65,535 nodes, the first 16 bytes on) and as Vernaux: a million readings of 16 KB.
    entry = (1).to_bytes(2, "little") + b"\xff\xff" + bytes(4) + (16).to_bytes(4, "little") * 2
    with pytest.raises(OutOfTable):
        read_nodes(FORMATS[2, 1], (entry * 1000, 1000), (b"", 0), lambda at: "")


def test_a_static_program_has_none() -> None:
    assert read_symbols(build_elf(etype="exec", dynamic=False)) == Symbols({})
