"""What pyelftools says about an ELF file, in the words of layercheck's ElfImage.

Only program headers are used, as the reader under test must do it: the version tables are found at the addresses in
the dynamic section. Nothing here is shared with the reader.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from elftools.construct.lib.container import Container
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection
from elftools.elf.segments import InterpSegment, NoteSegment

from layercheck.elf import ElfImage

Facts: TypeAlias = dict[str, Any]
FLAG_LETTERS = ((4, "r"), (2, "w"), (1, "x"))


class _StringTable:
    """DT_STRTAB with surrogateescape, which pyelftools' own does not do."""

    def __init__(self, raw: bytes, offset: int) -> None:
        self._raw = raw
        self._offset = offset

    def get_string(self, offset: int) -> str:
        start = self._offset + offset
        return self._raw[start : self._raw.index(b"\0", start)].decode("utf-8", "surrogateescape")


def _header(elf: Any) -> Facts:
    raw_ident = elf.header["e_ident"]
    elf.stream.seek(0)
    head = elf.stream.read(20)
    kind, machine = struct.unpack("<HH" if elf.little_endian else ">HH", head[16:20])
    return {
        "bits": elf.elfclass,
        "data": "lsb" if elf.little_endian else "msb",
        "machine": machine,
        "type": kind,
        "osabi": head[7],
        "abiversion": raw_ident["EI_ABIVERSION"],
    }


def _versions(elf: Any, segment: Any, strings: _StringTable, name: str, section: Callable[..., Any]) -> Iterator[Any]:
    _, offset = segment.get_table_offset(f"DT_{name}")
    if offset is None:
        return
    (count,) = [tag["d_val"] for tag in segment._iter_tags() if tag["d_tag"] == f"DT_{name}NUM"]
    header = Container(sh_offset=offset, sh_info=count, sh_size=0, sh_flags=0, sh_addralign=1, sh_type="SHT_NULL")
    yield from section(header, name, elf, strings).iter_versions()


def _dynamic(elf: Any, segment: Any, raw: bytes) -> Facts:
    _, table = segment.get_table_offset("DT_STRTAB")
    strings = _StringTable(raw, table)
    tags = list(segment._iter_tags())

    def values(name: str) -> list[int]:
        return [tag["d_val"] for tag in tags if tag["d_tag"] == name]

    def text(name: str) -> str | None:
        found = values(name)
        return strings.get_string(found[-1]) if found else None

    def number(name: str) -> int:
        return (values(name) or [0])[-1]

    needs = tuple(
        (need.name, tuple((node.name, node["vna_flags"]) for node in nodes))
        for need, nodes in _versions(elf, segment, strings, "VERNEED", GNUVerNeedSection)
    )
    defs = tuple(
        (next(iter(names)).name, definition["vd_flags"])
        for definition, names in _versions(elf, segment, strings, "VERDEF", GNUVerDefSection)
    )
    return {
        "needed": tuple(strings.get_string(value) for value in values("DT_NEEDED")),
        "soname": text("DT_SONAME"),
        "rpath": text("DT_RPATH"),
        "runpath": text("DT_RUNPATH"),
        "flags": number("DT_FLAGS"),
        "flags_1": number("DT_FLAGS_1"),
        "filter": text("DT_FILTER"),
        "auxiliary": text("DT_AUXILIARY"),
        "verneed": needs,
        "verdef": defs if values("DT_VERDEF") else None,
        "relr": bool(values("DT_RELR")),
        "dynamic": True,
    }


def _notes(elf: Any, segment: Any) -> Facts:
    facts: Facts = {}
    order = "<" if elf.little_endian else ">"
    for note in segment.iter_notes():
        owner, desc = note["n_name"], note["n_descdata"]
        if owner == "Go" and note["n_type"] in (4, "NT_GNU_GOLD_VERSION"):
            facts["go"] = True
        elif owner == "GNU" and note["n_type"] == "NT_GNU_ABI_TAG":
            facts["abi_note"] = struct.unpack(order + "4I", desc[:16])
        elif owner == "GNU" and note["n_type"] == "NT_GNU_PROPERTY_TYPE_0":
            facts["isa_needed"] = _isa_needed(desc, order, elf.elfclass // 8)
    return facts


def _isa_needed(desc: bytes, order: str, word: int) -> int:
    place = 0
    while place + 8 <= len(desc):
        kind, size = struct.unpack_from(order + "II", desc, place)
        if kind == 0xC0008002:
            return int.from_bytes(desc[place + 8 : place + 12], "little" if order == "<" else "big")
        place += 8 + size + -size % word
    return 0


def elf_facts(raw: bytes) -> Facts:
    """Every field of ElfImage but ``defects``, with ``loads`` as plain tuples (offset, vaddr, filesz, memsz, align,
    flags). For sound files only: pyelftools raises on others.
    """
    elf = ELFFile(io.BytesIO(raw))
    loads: list[tuple[int, ...]] = []
    facts: Facts = dict.fromkeys(
        ("interp", "soname", "rpath", "runpath", "filter", "auxiliary", "verdef", "gnu_stack", "abi_note")
    )
    facts |= dict.fromkeys(("flags", "flags_1", "isa_needed"), 0) | dict.fromkeys(("go", "relr", "dynamic"), False)
    facts |= {"needed": (), "verneed": (), **_header(elf)}
    for segment in elf.iter_segments():
        kind = segment["p_type"]
        if kind == "PT_LOAD":
            names = ("p_offset", "p_vaddr", "p_filesz", "p_memsz", "p_align", "p_flags")
            loads.append(tuple(segment[name] for name in names))
        elif kind == "PT_GNU_STACK":
            facts["gnu_stack"] = "".join(letter for bit, letter in FLAG_LETTERS if segment["p_flags"] & bit)
        elif isinstance(segment, InterpSegment):
            start = segment["p_offset"]
            facts["interp"] = raw[start : raw.index(b"\0", start)].decode("utf-8", "surrogateescape")
        elif isinstance(segment, DynamicSegment):
            facts |= _dynamic(elf, segment, raw)
        elif isinstance(segment, NoteSegment):
            facts |= _notes(elf, segment)
    return {**facts, "loads": tuple(loads)}


def facts_of(image: ElfImage) -> Facts:
    """The same of an image that the reader under test made."""
    facts = {name: value for name, value in image._asdict().items() if name != "defects"}
    return {**facts, "loads": tuple(tuple(load) for load in image.loads)}
