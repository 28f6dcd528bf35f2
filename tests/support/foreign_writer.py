"""Writes the headers of Mach-O and PE files: as much as a recogniser of such files may look at.

Sources: <mach-o/loader.h> and <mach-o/fat.h> of Apple's Darwin sources; Microsoft's PE format specification.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from support.assembly_writer import ADDRESS, build_metadata, build_section

# cputype, cpusubtype; 0x01000000 marks the 64-bit variant of a family
MACHO_CPUS: Mapping[str, tuple[int, int]] = {
    "i386": (7, 3),
    "x86_64": (0x01000007, 3),
    "arm": (12, 9),
    "arm64": (0x0100000C, 0),
    "ppc": (18, 0),
    "ppc64": (0x01000012, 0),
}
PE_MACHINES: Mapping[str, int] = {"i386": 0x14C, "arm": 0x1C4, "x86_64": 0x8664, "arm64": 0xAA64}
CLR_DIRECTORY = 14  # index of the CLR runtime header among the data directories


def _macho_thin(arch: str, data: str) -> bytes:
    """A bundle (MH_BUNDLE, as extension modules are) with one LC_UUID command."""
    order = "<" if data == "lsb" else ">"
    cpu, subtype = MACHO_CPUS[arch]
    wide = bool(cpu & 0x01000000)
    command = struct.pack(order + "II", 0x1B, 24) + bytes(range(16))
    header = struct.pack(order + "IIIIIII", 0xFEEDFACF if wide else 0xFEEDFACE, cpu, subtype, 8, 1, len(command), 0x85)
    return header + (b"\0" * 4 if wide else b"") + command


def build_macho(arch: str = "arm64", *, fat: Sequence[str] = (), data: str = "lsb", fat64: bool = False) -> bytes:
    """A thin file for ``arch``, or a universal one that holds a thin file for each of ``fat``.

    ``data`` is the byte order (lsb or msb) of the thin headers; the universal header is always big-endian. ``fat64``
    selects the universal header with 64-bit offsets.
    """
    if not fat:
        return _macho_thin(arch, data)
    image = bytearray(struct.pack(">II", 0xCAFEBABF if fat64 else 0xCAFEBABE, len(fat)))
    members = b""
    first = 0x1000
    for name in fat:
        member = _macho_thin(name, data).ljust(0x1000, b"\0")
        image += struct.pack(">II", *MACHO_CPUS[name])
        image += struct.pack(">QQII" if fat64 else ">III", first + len(members), len(member), 12, *([0] * fat64))
        members += member
    return bytes(image.ljust(first, b"\0")) + members


def build_pe(
    arch: str = "x86_64",
    *,
    managed: bool = False,
    header_at: int = 0x80,
    directories: int = 16,
    calls: Mapping[str, Sequence[str]] | None = None,
    mentions: Sequence[str] = (),
    search_paths: int | None = None,
    metadata: bytes | None = None,
) -> bytes:
    """A DLL; ``managed`` gives it a CLR header and metadata, as .NET assemblies have, else it has no section.

    ``header_at`` is e_lfanew, the file offset in bytes of the PE signature; ``directories`` the number of data
    directories that the optional header declares. ``calls``, ``mentions`` and ``search_paths`` are those of
    `build_metadata`, whose result ``metadata`` replaces.
    """
    wide = arch in ("x86_64", "arm64")
    dos = (b"MZ" + bytes(58) + struct.pack("<I", header_at)).ljust(header_at, b"\0")
    entries = [(0x2008, 72) if managed and number == CLR_DIRECTORY else (0, 0) for number in range(directories)]
    optional = struct.pack("<HBB5I", 0x20B if wide else 0x10B, 14, 0, 0x200, 0x200, 0, 0x2000, 0x2000)
    optional += struct.pack("<Q" if wide else "<II", *([0x180000000] if wide else [0x4000, 0x10000000]))
    optional += struct.pack("<IIHHHHHHIIIIHH", 0x2000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x6000, 0x200, 0, 3, 0x160)
    optional += struct.pack("<4Q" if wide else "<4I", 0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<II", 0, directories) + b"".join(struct.pack("<II", *entry) for entry in entries)
    characteristics = 0x2022 if wide else 0x2102
    coff = struct.pack("<HHIIIHH", PE_MACHINES[arch], int(managed), 0, 0, 0, len(optional), characteristics)
    headers = dos + b"PE\0\0" + coff + optional
    if not managed:
        return headers.ljust(0x400, b"\0")
    content = metadata or build_metadata(calls or {}, mentions=mentions, search_paths=search_paths)
    section = build_section(content)
    at = max(0x400, (len(headers) + 40 + 0x1FF) // 0x200 * 0x200)
    place = struct.pack("<IIII", len(section), ADDRESS, len(section), at)
    headers += b".text\0\0\0" + place + bytes(12) + struct.pack("<I", 0x60000020)
    return headers.ljust(at, b"\0") + section
