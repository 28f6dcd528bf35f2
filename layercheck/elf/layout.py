"""The layout of ELF structures by class and byte order (System V gABI, chapters 4 and 5), and windows into a file."""

from __future__ import annotations

from struct import Struct

from ..named_tuple import NamedTuple


class Format(NamedTuple):
    """The structures of one class and byte order; ``header`` begins behind the 16 bytes of e_ident."""

    bits: int
    data: str
    header: Struct
    program: Struct
    dynamic: Struct
    verneed: Struct
    vernaux: Struct
    verdef: Struct
    verdaux: Struct
    note: Struct
    word: Struct
    symbol: Struct
    rela: Struct
    rel: Struct


def _format(bits: int, data: str) -> Format:
    order = "<" if data == "lsb" else ">"
    header, program, dynamic = (
        ("HHIQQQIHHHHHH", "IIQQQQQQ", "qQ") if bits == 64 else ("HHIIIIIHHHHHH", "IIIIIIII", "iI")
    )
    codes = (header, program, dynamic, "HHIII", "IHHII", "HHHHIII", "II", "III", "I")
    wide = ("IBBHQQ", "QQq", "QQ") if bits == 64 else ("IIIBBH", "IIi", "II")
    return Format(bits, data, *(Struct(order + code) for code in (*codes, *wide)))


FORMATS = {
    (ident_class, ident_data): _format(bits, data)
    for ident_class, bits in ((1, 32), (2, 64))
    for ident_data, data in ((1, "lsb"), (2, "msb"))
}


class View(NamedTuple):
    """A range of the file: ``buffer[start:end]`` holds it, or as much of it as the file has."""

    buffer: bytes
    start: int
    end: int

    def cut(self) -> bytes:
        """The bytes of the range by themselves."""
        return self.buffer[self.start : self.end]
