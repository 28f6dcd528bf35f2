"""ELF files that have section headers, which support.elf_writer leaves out."""

from __future__ import annotations

import struct


def with_sections(*sections: tuple[str, bytes], order: str = "<", kind: int = 1, big: bool = False) -> bytes:
    """A file of a header and sections; the first is empty, the last holds the names. ``big``: counts in the first."""
    names = b"\0"
    offsets = []
    for name, _ in (*sections, (".shstrtab", b"")):
        offsets.append(len(names))
        names += name.encode() + b"\0"
    body = b""
    headers = []
    for at, (_, data) in zip(offsets, (*sections, (".shstrtab", names)), strict=True):
        headers.append(struct.pack(order + "IIQQQQIIQQ", at, kind, 0, 0, 64 + len(body), len(data), 0, 0, 1, 0))
        body += data
    count = len(headers) + 1
    first = struct.pack(order + "IIQQQQIIQQ", 0, 0, 0, 0, 0, count if big else 0, count - 1 if big else 0, 0, 0, 0)
    header = b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + b"\x01" + bytes(9)
    header += struct.pack(order + "HHIQQQIHHH", 3, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0)
    header += struct.pack(order + "HHH", 64, 0 if big else count, 0xFFFF if big else count - 1)
    return header + body + first + b"".join(headers)
