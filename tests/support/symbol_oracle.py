"""What pyelftools says about the dynamic symbols of an ELF file, in the words of layercheck's Symbols.

Only the dynamic section is used, as the reader under test must do it. Nothing here is shared with the reader.
"""

from __future__ import annotations

import io
import struct
from typing import Any

from elftools.construct.lib.container import Container
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

JUMP_SLOT = {62: 7, 183: 1026, 3: 7, 40: 22}
COPY = {62: 5, 183: 1024, 3: 5, 40: 20}
BINDS = ("STB_GLOBAL", "STB_WEAK", "STB_LOOS")
KINDS = ("STT_NOTYPE", "STT_OBJECT", "STT_FUNC", "STT_COMMON", "STT_TLS", "STT_LOOS")
Defined = dict[str, list[tuple[str | None, bool]]]
Wanted = set[tuple[str, str | None, str | None, bool, bool, bool]]


def symbol_facts(raw: bytes) -> tuple[Defined, Wanted]:
    """Definitions (name -> version or None, hidden) and wants (name, version, file, weak, lazy, copied)."""
    elf = ELFFile(io.BytesIO(raw))
    segment: Any = next((item for item in elf.iter_segments() if isinstance(item, DynamicSegment)), None)
    if segment is None:
        return {}, set()
    tags = {}
    for tag in segment.iter_tags():
        tags[tag["d_tag"]] = tag["d_val"]
    strings = segment.get_table_offset("DT_STRTAB")[1]

    def text(at: int) -> str:
        return raw[strings + at : raw.index(b"\0", strings + at)].decode("utf-8", "surrogateescape")

    nodes, versions = _nodes(elf, segment, tags, text), None
    if "DT_VERSYM" in tags and ("DT_VERDEF" in tags or "DT_VERNEED" in tags):
        versions = segment.get_table_offset("DT_VERSYM")[1]
    order = "<" if elf.little_endian else ">"

    def version(index: int) -> tuple[str | None, str | None, bool]:
        if versions is None:
            return None, None, False
        (value,) = struct.unpack_from(order + "H", raw, versions + 2 * index)
        return (*nodes.get(value & 0x7FFF, (None, None)), bool(value & 0x8000))

    def symbol(index: int) -> Any:
        at = segment.get_table_offset("DT_SYMTAB")[1] + index * elf.structs.Elf_Sym.sizeof()
        return elf.structs.Elf_Sym.parse(raw[at : at + elf.structs.Elf_Sym.sizeof()])

    defined: Defined = {}
    for index in range(_first(elf, segment), segment.num_symbols()):
        entry = symbol(index)
        if _is_found(entry):
            _, node, hidden = version(index)
            defined.setdefault(text(entry["st_name"]), []).append((node, hidden))
    wanted: Wanted = set()
    machine = struct.unpack_from(order + "H", raw, 18)[0]
    now = bool("DT_BIND_NOW" in tags or tags.get("DT_FLAGS", 0) & 8 or tags.get("DT_FLAGS_1", 0) & 1)
    used: dict[int, set[int]] = {}
    for name, table in segment.get_relocation_tables().items():
        if name == "RELR":
            continue
        for relocation in table.iter_relocations():
            if relocation["r_info_sym"] and relocation["r_info_type"]:
                used.setdefault(relocation["r_info_sym"], set()).add(relocation["r_info_type"])
    for index, kinds in used.items():
        entry = symbol(index)
        copied = entry["st_shndx"] != "SHN_UNDEF"
        if entry["st_info"]["bind"] == "STB_LOCAL" or _is_local(entry) or (copied and COPY[machine] not in kinds):
            continue
        file, node, _ = version(index)
        lazy = kinds == {JUMP_SLOT[machine]} and not now
        wanted.add((text(entry["st_name"]), node, file, entry["st_info"]["bind"] == "STB_WEAK", lazy, copied))
    return defined, wanted


def _nodes(elf: Any, segment: Any, tags: dict[str, int], text: Any) -> dict[int, tuple[str | None, str]]:
    nodes: dict[int, tuple[str | None, str]] = {}
    for name, section in (("VERNEED", GNUVerNeedSection), ("VERDEF", GNUVerDefSection)):
        if f"DT_{name}" not in tags:
            continue
        header = Container(
            sh_offset=segment.get_table_offset(f"DT_{name}")[1], sh_info=tags[f"DT_{name}NUM"], sh_size=0, sh_flags=0,
            sh_addralign=1, sh_type="SHT_NULL",
        )  # fmt: skip
        strings = type("Strings", (), {"get_string": staticmethod(text)})()
        for entry, parts in section(header, name, elf, strings).iter_versions():
            found = list(parts)
            if name == "VERNEED":
                nodes |= {part["vna_other"] & 0x7FFF: (entry.name, part.name) for part in found}
            elif not entry["vd_flags"] & 1:
                nodes[entry["vd_ndx"] & 0x7FFF] = (None, found[0].name)
    return nodes


def _first(elf: Any, segment: Any) -> int:
    """The first symbol that the hash table finds: GNU's leaves out those before its symoffset."""
    address, offset = segment.get_table_offset("DT_GNU_HASH")
    if address is None:
        return 1
    elf.stream.seek(offset + 4)
    return max(1, int.from_bytes(elf.stream.read(4), "little" if elf.little_endian else "big"))


def _is_local(entry: Any) -> bool:
    return entry["st_other"]["visibility"] in ("STV_HIDDEN", "STV_INTERNAL")


def _is_found(entry: Any) -> bool:
    kind, section = entry["st_info"]["type"], entry["st_shndx"]
    has_place = entry["st_value"] or section == "SHN_ABS" or kind == "STT_TLS"
    return (
        section != "SHN_UNDEF"
        and entry["st_info"]["bind"] in BINDS
        and kind in KINDS
        and not _is_local(entry)
        and bool(has_place)
    )
