"""Notes of an ELF file: the GNU ABI tag, the x86 ISA level that it needs, and Go's build id."""

from __future__ import annotations

from collections.abc import Iterable

from .layout import Format, View


def read_notes(fmt: Format, views: Iterable[tuple[View, int]]) -> tuple[tuple[int, int, int, int] | None, int, bool]:
    """Of note segments, each with its alignment: ABI tag (os, major, minor, sub), ISA bits, whether Go wrote one."""
    abi: tuple[int, int, int, int] | None = None
    isa, go = 0, False
    for view, alignment in views:
        pad = 8 if alignment == 8 else 4
        at, left = view.start, 256
        while at + 12 <= view.end and left:
            left -= 1
            name_size, size, kind = fmt.note.unpack_from(view.buffer, at)
            name_at = at + 12
            body = name_at + round_up(name_size, 4)
            if pad == 8:
                body = view.start + round_up(body - view.start, 8)
            if body + size > view.end:
                break
            name = view.buffer[name_at : name_at + min(name_size, 8)]
            if name == b"GNU\0" and kind == 1 and size >= 16:
                word = fmt.word.unpack_from
                abi = (
                    word(view.buffer, body)[0],
                    word(view.buffer, body + 4)[0],
                    word(view.buffer, body + 8)[0],
                    word(view.buffer, body + 12)[0],
                )
            elif name == b"GNU\0" and kind == 5:
                isa |= _isa_needed(fmt, view.buffer, body, body + size)
            elif name[:3] == b"Go\0" and kind == 4:
                go = True
            at = view.start + round_up(body + size - view.start, pad)
    return abi, isa, go


def _isa_needed(fmt: Format, buffer: bytes, at: int, end: int) -> int:
    """GNU_PROPERTY_X86_ISA_1_NEEDED out of an NT_GNU_PROPERTY_TYPE_0 note (x86-64 psABI, program property)."""
    word, pad = fmt.word.unpack_from, fmt.bits // 8
    while at + 8 <= end:
        kind, size = word(buffer, at)[0], word(buffer, at + 4)[0]
        if kind == 0xC0008002 and size >= 4 and at + 12 <= end:
            return int(word(buffer, at + 8)[0])
        at += 8 + round_up(size, pad)
    return 0


def round_up(value: int, to: int) -> int:
    """The next multiple of ``to``, a power of two."""
    return (value + to - 1) & -to
