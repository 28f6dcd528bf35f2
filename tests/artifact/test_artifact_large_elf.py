"""Of a large ELF file the code is not kept while it is inflated: its facts are those of the whole file all the same."""

from __future__ import annotations

import random
import struct

from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import open_artifact
from layercheck.artifact.ranges import Pieces
from layercheck.elf import read_elf
from layercheck.elf.code import code_ranges
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

CODE = random.Random(1).randbytes(3 << 20)


def with_code(image: bytes, at: int, length: int) -> bytes:
    """The image with its PT_GNU_STACK made into an executable PT_LOAD of ``length`` bytes at ``at``."""
    data = bytearray(image)
    phoff, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for place in range(phoff, phoff + 56 * count, 56):
        if struct.unpack_from("<I", data, place)[0] == 0x6474E551:
            struct.pack_into("<IIQQQQQQ", data, place, 1, 5, at, at, at, length, length, 0x1000)
    return bytes(data)


def test_code_is_dropped_and_the_facts_are_whole() -> None:
    image = build_elf(needed=["liba.so"], soname="libbig.so", verneed={"liba.so": ["A_1"]}, rpath="$ORIGIN")
    start = -(-len(image) // 4096) * 4096
    data = with_code(image, start, len(CODE)).ljust(start, b"\0") + CODE
    assert (start, start + len(CODE)) in code_ranges(data)
    with open_artifact(simple_zip({"lib/libbig.so": data}), engine="zlib") as artifact:
        assert artifact.facts["lib/libbig.so"].elf == read_elf(data)
        assert artifact.inflate_count == 1


def test_what_lies_in_the_code_after_all_is_inflated_once_more() -> None:
    image = build_elf(needed=["liba.so"], interp="/lib64/ld-linux-x86-64.so.2")
    interp = image.index(b"/lib64/ld-linux")
    start = -(-len(image) // 4096) * 4096
    data = bytearray(with_code(image, start, len(CODE)).ljust(start, b"\0") + CODE)
    phoff = struct.unpack_from("<Q", data, 32)[0]
    for place in range(phoff, phoff + 56 * struct.unpack_from("<H", data, 56)[0], 56):
        if struct.unpack_from("<I", data, place)[0] == 3:
            struct.pack_into("<Q", data, place + 8, start + (2 << 20))
    data[start + (2 << 20) : start + (2 << 20) + 28] = data[interp : interp + 28]
    with open_artifact(simple_zip({"bin/big": bytes(data)}), engine="zlib") as artifact:
        found = artifact.facts["bin/big"].elf
        assert found == read_elf(bytes(data))
        assert artifact.inflate_count == 2


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.booleans()), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=5),
)
def test_ranges_over_kept_and_dropped_pieces(pieces: list[tuple[bytes, bool]], wanted: list[tuple[int, int]]) -> None:
    whole = b"".join(piece for piece, _ in pieces)
    kept, at = [], 0
    for number, (piece, keep) in enumerate(pieces):
        if keep or not number:
            kept.append((at, piece))
        at += len(piece)
    ranges = Pieces(kept, len(whole), lambda: iter([piece for piece, _ in pieces]))
    found = [view.buffer[view.start : view.end] for view in ranges.fetch(wanted)]
    assert found == [whole[offset : offset + length] for offset, length in wanted]


@given(st.binary(max_size=300))
def test_any_head_gives_ranges_or_none(tail: bytes) -> None:
    for head in (tail, build_elf()[:64] + tail, b"\x7fELF\x02\x01" + tail):
        assert all(start < end for start, end in code_ranges(head))
