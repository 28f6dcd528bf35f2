"""ELF files with impossible counts, offsets and circles, and libraries that need each other without end."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from support.elf_writer import build_elf, encode
from support.zip_writer import Member, build_zip, deflate

HEADER, ENTRY = 64, 56
SUFFIX = ".cpython-312-x86_64-linux-gnu.so"
MODULE = f"python/_m{SUFFIX}"
_PLACES = {"load": 0, "dynamic": 1}


def one(fields: Mapping[str, Any], patches: Sequence[Sequence[Any]] = (), path: str = MODULE, cut: int = 0) -> bytes:
    """A layer with one ELF file: build_elf's fields, then ``patches`` (place, struct letter, value).

    A place is an offset, ``load+8`` or ``dynamic+8`` (into that program header), or ``table:TAG+8`` (into the table
    that a dynamic tag names). ``cut`` leaves so many bytes of it.
    """
    data = build_elf(**{"needed": ["libc.so.6"], **fields})
    for place, letter, value in patches:
        at = place if isinstance(place, int) else _place(data, place)
        packed = struct.pack("<" + letter, value)
        data = data[:at] + packed + data[at + len(packed) :]
    return build_zip([Member(path, data[:cut] if cut else data, mode=0o755)])


def _place(data: bytes, text: str) -> int:
    word, _, plus = text.partition("+")
    if word in _PLACES:
        return HEADER + _PLACES[word] * ENTRY + int(plus or 0)
    start, size = struct.unpack_from("<Q16xQ", data, HEADER + ENTRY + 8)
    entries: dict[int, int] = dict(struct.iter_unpack("<QQ", data[start : start + size]))
    return entries[int(word.partition(":")[2], 0)] + int(plus or 0)


def needing(count: int, *, names: bool = True, files: int = 1) -> bytes:
    """Modules with ``count`` entries DT_NEEDED: as many names, or one name as many times."""
    texts = [b"lib%07d.so" % (n if names else 0) for n in range(count if names else 1)]
    step = len(texts[0]) + 1
    table = b"\0" + b"\0".join(texts) + b"\0"
    strings_at = 0x1000 + (count + 4) * 16
    entries = array("Q", (5, strings_at, 10, len(table)))
    for number in range(count):
        entries.extend((1, 1 + (number * step if names else 0)))
    entries.extend((0, 0))
    dynamic = entries.tobytes()
    total = strings_at + len(table)
    header = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, total, total, 0x1000)
    segments += struct.pack("<IIQQQQQQ", 2, 6, 0x1000, 0x1000, 0x1000, len(dynamic), len(dynamic), 8)
    data = ((header + segments).ljust(0x1000, b"\0") + dynamic).ljust(strings_at, b"\0") + table
    fields = {"payload": deflate(data, 1), "size": len(data), "crc": zlib.crc32(data), "mode": 0o755}
    return build_zip(Member(f"python/_m{n}{SUFFIX}", **fields) for n in range(files))  # type: ignore[arg-type]


def versions(files: int, nodes: int, *, defined: bool = False) -> bytes:
    """Version needs (or definitions) of so many nodes each."""
    fields: dict[str, Any] = (
        {"verdef": [f"V_{n}" for n in range(nodes)], "soname": "libv.so"}
        if defined
        else {"verneed": {f"lib{f}.so": [f"V_{n}" for n in range(nodes)] for f in range(files)}}
    )
    return build_zip([Member(MODULE, build_elf(needed=["libc.so.6"], **fields))])


def circle(count: int, *, each: int = 1, roots: int = 0, all_roots: bool = False) -> bytes:
    """``count`` libraries in lib/, each needing the ``each`` that follow, around; and modules that need the first.

    ``all_roots``: every one of them is an extension module that python may import, found through DT_RUNPATH.
    """

    def name(number: int) -> str:
        return f"_m{number % count}{SUFFIX}" if all_roots else f"libc{number % count}.so"

    folder = "python" if all_roots else "lib"
    members = [
        Member(
            f"{folder}/{name(n)}",
            build_elf(needed=[name(n + step) for step in range(1, each + 1)], soname=name(n), runpath="$ORIGIN"),
            level=1,
        )
        for n in range(count)
    ]
    module = build_elf(needed=[name(0)])
    members += [Member(f"python/_r{n}{SUFFIX}", module) for n in range(roots)]
    return build_zip(members)


def searched(directories: int, needs: int, roots: int = 1) -> bytes:
    """Modules that search so many directories for so many libraries, none of which is there."""
    data = build_elf(
        needed=[f"libgone{n}.so.1" for n in range(needs)],
        runpath=":".join(f"/opt/lib/d{n}" for n in range(directories)),
    )
    there = [Member(f"lib/d{n}/x", b"x") for n in range(directories)]
    return build_zip([*there, *(Member(f"python/_m{n}{SUFFIX}", data, level=1) for n in range(roots))])


def symbols(count: int, roots: int = 1) -> bytes:
    """Modules with so many undefined symbols."""
    data = build_elf(needed=["libc.so.6"], undef=[f"s{n}" for n in range(count)])
    return build_zip(Member(f"python/_m{n}{SUFFIX}", data, level=1) for n in range(roots))


def names(text: str, times: int = 1) -> bytes:
    """One module, every name of which is ``text``, ``times`` over."""
    word = text * times
    data = build_elf(
        needed=[word, word + ".so"], soname=word, runpath=word, verneed={word: [word]}, verdef=[word], interp=word
    )
    assert encode(word) in data
    return build_zip([Member(MODULE, data)])


def alternating(count: int) -> bytes:
    """Filter and auxiliary libraries that name each other."""
    return build_zip(
        Member(
            f"lib/libf{n}.so",
            build_elf(filter=f"libf{(n + 1) % count}.so", auxiliary=f"libf{(n + 2) % count}.so", soname=f"libf{n}.so"),
            level=1,
        )
        for n in range(count)
    )


def large_headers() -> bytes:
    """A file of 70 MB whose segments all name all of it."""
    data = bytearray(build_elf(needed=["libc.so.6"], pad_to=70 << 20))
    struct.pack_into("<Q", data, HEADER + 32, 1 << 63)
    return build_zip([Member(MODULE, bytes(data), level=1)])
