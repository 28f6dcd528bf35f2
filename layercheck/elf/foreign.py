"""Binaries of other systems: Mach-O (macOS) and PE (Windows), recognised by their first bytes.

Magic numbers: Apple's ``mach-o/loader.h`` and ``mach-o/fat.h``; Microsoft's PE/COFF specification.
"""

from __future__ import annotations

from struct import unpack_from

from ..named_tuple import NamedTuple

_MACH_MAGIC = {
    b"\xfe\xed\xfa\xce": ">",
    b"\xfe\xed\xfa\xcf": ">",
    b"\xce\xfa\xed\xfe": "<",
    b"\xcf\xfa\xed\xfe": "<",
}
_FAT_MAGIC = {b"\xca\xfe\xba\xbe": (">", 20), b"\xbe\xba\xfe\xca": ("<", 20), b"\xca\xfe\xba\xbf": (">", 32)}
_CPU = {7: "i386", 0x01000007: "x86_64", 12: "arm", 0x0100000C: "arm64", 18: "ppc", 0x01000012: "ppc64"}
_PE_MACHINE = {0x14C: "i386", 0x8664: "x86_64", 0x1C4: "arm", 0xAA64: "arm64"}
_MAX_FAT_SLICES = 30
"""Java class files begin with the same magic; there the count is the class version, 45 or more."""


class ForeignBinary(NamedTuple):
    """``format`` is "Mach-O" or "PE"; ``managed`` marks a .NET assembly, which is PE on every system."""

    format: str
    architectures: tuple[str, ...]
    managed: bool = False


def identify(head: bytes) -> ForeignBinary | None:
    """Recognise a Mach-O or PE file by its first bytes (4,096 are enough), or return None."""
    magic = head[:4]
    order = _MACH_MAGIC.get(magic)
    if order is not None and len(head) >= 28:
        return ForeignBinary("Mach-O", (_cpu(unpack_from(order + "I", head, 4)[0]),))
    fat = _FAT_MAGIC.get(magic)
    if fat is not None and len(head) >= 8:
        return _fat(head, *fat)
    if magic[:2] == b"MZ" and len(head) >= 64:
        return _pe(head)
    return None


def _fat(head: bytes, order: str, size: int) -> ForeignBinary | None:
    count = unpack_from(order + "I", head, 4)[0]
    if not 0 < count < _MAX_FAT_SLICES or len(head) < 8 + count * size:
        return None
    return ForeignBinary("Mach-O", tuple(_cpu(unpack_from(order + "I", head, 8 + i * size)[0]) for i in range(count)))


def _pe(head: bytes) -> ForeignBinary | None:
    at = unpack_from("<I", head, 0x3C)[0]
    if at + 24 > len(head) or head[at : at + 4] != b"PE\0\0":
        return None
    machine = unpack_from("<H", head, at + 4)[0]
    optional = at + 24
    managed = False
    if optional + 2 <= len(head):
        # The CLR header is data directory 14; the directories begin 96 (PE32) or 112 (PE32+) bytes into this header.
        start = optional + (112 if unpack_from("<H", head, optional)[0] == 0x20B else 96)
        clr = start + 14 * 8
        if clr + 8 <= len(head) and unpack_from("<I", head, start - 4)[0] > 14:
            managed = unpack_from("<II", head, clr) != (0, 0)
    return ForeignBinary("PE", (_PE_MACHINE.get(machine, f"machine {machine:#x}"),), managed)


def _cpu(number: int) -> str:
    return _CPU.get(number, f"cpu {number:#x}")
