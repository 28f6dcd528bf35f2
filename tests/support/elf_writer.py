"""Writes small, real ELF files from a few fields, without a toolchain.

The layout is: ELF header, program headers, PT_DYNAMIC, and then whatever the fields ask for, all inside one PT_LOAD
that maps the whole file. There are no section headers. Field values are byte-exact: text is UTF-8 with
surrogateescape. The files are good enough for a real dynamic loader; their entry point exits with status 0.

Sources: System V gABI (header, dynamic section, SysV hash), the LSB core specification (symbol versioning, ABI tag
note), the x86-64 psABI (GNU property note, relocation numbers) and the Arm ELF supplements (relocation numbers).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR = 1, 2, 3, 4, 6
PT_GNU_STACK, PT_GNU_PROPERTY = 0x6474E551, 0x6474E553
DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT = range(1, 10)
DT_STRSZ, DT_SYMENT, DT_SONAME, DT_RPATH, DT_REL, DT_RELSZ, DT_RELENT, DT_PLTREL = 10, 11, 14, 15, 17, 18, 19, 20
DT_JMPREL, DT_RUNPATH, DT_FLAGS, DT_RELRSZ, DT_RELR, DT_RELRENT = 23, 29, 30, 35, 36, 37
DT_VERSYM, DT_FLAGS_1, DT_VERDEF, DT_VERDEFNUM = 0x6FFFFFF0, 0x6FFFFFFB, 0x6FFFFFFC, 0x6FFFFFFD
DT_VERNEED, DT_VERNEEDNUM, DT_AUXILIARY, DT_FILTER = 0x6FFFFFFE, 0x6FFFFFFF, 0x7FFFFFFD, 0x7FFFFFFF
DF_1_PIE = 0x08000000
ALIGNMENT = 0x10000  # bytes; the largest page of aarch64, so that the files load on any kernel

# A version node, alone or with its flags (2 = VER_FLG_WEAK).
Node = str | Sequence[str | int]
# A symbol: its name, or [name, node] when defined (with "hidden" behind it: name@node) and [name, file, node] when
# undefined.
SymbolSpec = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class _Machine:
    number: int
    bits: int
    rela: bool
    glob_dat: int
    jump_slot: int
    exit_code: bytes  # machine code that ends the process with status 0 (Linux)


MACHINES: Mapping[str, _Machine] = {
    "x86_64": _Machine(62, 64, True, 6, 7, bytes.fromhex("31ff b83c000000 0f05")),
    "aarch64": _Machine(183, 64, True, 1025, 1026, bytes.fromhex("000080d2 a80b80d2 010000d4")),
    "i386": _Machine(3, 32, False, 6, 7, bytes.fromhex("31db b801000000 cd80")),
    "arm": _Machine(40, 32, False, 21, 22, bytes.fromhex("0000a0e3 0170a0e3 000000ef")),
}
TYPES: Mapping[str, int] = {"rel": 1, "exec": 2, "dyn": 3, "pie": 3, "core": 4}


def sysv_hash(name: bytes) -> int:
    """The hash of the System V gABI, which DT_HASH and the version tables use."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value ^= (value & 0xF0000000) >> 24
        value &= 0x0FFFFFFF
    return value


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class _Format:
    """Packs numbers in the file's byte order; the letter A stands for a number as wide as an address."""

    bits: int
    order: str

    def pack(self, letters: str, *values: int) -> bytes:
        return struct.pack(self.order + letters.replace("A", "Q" if self.bits == 64 else "I"), *values)

    @property
    def word(self) -> int:
        return self.bits // 8


class _Strings:
    """A string table that holds each text once; the empty text is at offset 0."""

    def __init__(self) -> None:
        self.blob = bytearray(b"\0")
        self._offsets: dict[bytes, int] = {b"": 0}

    def add(self, text: str) -> int:
        raw = encode(text)
        if raw not in self._offsets:
            self._offsets[raw] = len(self.blob)
            self.blob += raw + b"\0"
        return self._offsets[raw]


@dataclass(frozen=True, slots=True)
class _Symbol:
    name: str
    defined: bool = False
    weak: bool = False
    lazy: bool = False
    version: tuple[str | None, str] | None = None  # (file, or None for an own node; node)
    hidden: bool = False  # name@node, and not name@@node


def _node(spec: Node) -> tuple[str, int]:
    return (spec, 0) if isinstance(spec, str) else (str(spec[0]), int(spec[1]))


def _symbols(
    syms: Sequence[SymbolSpec],
    undef: Sequence[SymbolSpec],
    undef_weak: Sequence[SymbolSpec],
    jump_slot: Sequence[SymbolSpec],
) -> list[_Symbol]:
    def undefined(spec: SymbolSpec, weak: bool = False, lazy: bool = False) -> _Symbol:
        if isinstance(spec, str):
            return _Symbol(spec, weak=weak, lazy=lazy)
        name, file, node = spec
        return _Symbol(name, weak=weak, lazy=lazy, version=(file, node))

    defined = [
        _Symbol(spec, defined=True)
        if isinstance(spec, str)
        else _Symbol(spec[0], True, version=(None, spec[1]), hidden="hidden" in spec[2:])
        for spec in syms
    ]
    return [
        *defined,
        *(undefined(spec) for spec in undef),
        *(undefined(spec, weak=True) for spec in undef_weak),
        *(undefined(spec, lazy=True) for spec in jump_slot),
    ]


def _verdef_table(fmt: _Format, strings: _Strings, nodes: Sequence[tuple[str, int]]) -> bytes:
    table = bytearray()
    for number, (node, flags) in enumerate(nodes, 1):
        following = 28 if number < len(nodes) else 0
        table += fmt.pack("HHHHIII", 1, flags, number, 1, sysv_hash(encode(node)), 20, following)
        table += fmt.pack("II", strings.add(node), 0)
    return bytes(table)


def _verneed_table(
    fmt: _Format, strings: _Strings, needs: Mapping[str, Sequence[tuple[str, int]]], first_index: int
) -> tuple[bytes, dict[tuple[str | None, str], int]]:
    table = bytearray()
    indexes: dict[tuple[str | None, str], int] = {}
    for number, (file, nodes) in enumerate(needs.items(), 1):
        following = 16 * (1 + len(nodes)) if number < len(needs) else 0
        table += fmt.pack("HHIII", 1, len(nodes), strings.add(file), 16, following)
        for place, (node, flags) in enumerate(nodes, 1):
            index = first_index + len(indexes)
            indexes[file, node] = index
            following = 16 if place < len(nodes) else 0
            table += fmt.pack("IHHII", sysv_hash(encode(node)), flags, index, strings.add(node), following)
    return bytes(table), indexes


def _hash_table(fmt: _Format, names: Sequence[str]) -> bytes:
    """DT_HASH for the symbols 1, 2, ... (0 is the null symbol)."""
    size = max(1, len(names))
    buckets, chains = [0] * size, [0] * (len(names) + 1)
    for number, name in enumerate(names, 1):
        slot = sysv_hash(encode(name)) % size
        chains[number], buckets[slot] = buckets[slot], number
    return fmt.pack(f"{2 + len(buckets) + len(chains)}I", len(buckets), len(chains), *buckets, *chains)


def _symbol_table(fmt: _Format, strings: _Strings, symbols: Sequence[_Symbol], code: int) -> bytes:
    table = b"\0" * (24 if fmt.bits == 64 else 16)
    for symbol in symbols:
        name, info = strings.add(symbol.name), (2 if symbol.weak else 1) << 4 | (2 if symbol.defined else 0)
        section, value = (1, code) if symbol.defined else (0, 0)
        if fmt.bits == 64:
            table += fmt.pack("IBBHQQ", name, info, 0, section, value, 0)
        else:
            table += fmt.pack("IIIBBH", name, value, 0, info, 0, section)
    return table


def _relocation(fmt: _Format, machine: _Machine, address: int, symbol: int, kind: int) -> bytes:
    info = symbol << 32 | kind if fmt.bits == 64 else symbol << 8 | kind & 0xFF
    return fmt.pack("AAA" if machine.rela else "AA", address, info, *([0] if machine.rela else []))


def note(fmt: _Format, name: bytes, kind: int, desc: bytes) -> bytes:
    padded = name + b"\0" * (-len(name) % 4)
    return fmt.pack("III", len(name), len(desc), kind) + padded + desc + b"\0" * (-len(desc) % 4)


def _property_note(fmt: _Format, isa_needed: int) -> bytes:
    """NT_GNU_PROPERTY_TYPE_0 with x86's FEATURE_1_AND (empty) before ISA_1_NEEDED, as linkers sort them."""
    desc = b""
    for kind, value in ((0xC0000002, 0), (0xC0008002, isa_needed)):
        desc += fmt.pack("III", kind, 4, value) + b"\0" * (-12 % fmt.word)
    return note(fmt, b"GNU\0", 5, desc)


def _program_header(fmt: _Format, kind: int, flags: int, offset: int, address: int, size: int, align: int) -> bytes:
    if fmt.bits == 64:
        return fmt.pack("IIQQQQQQ", kind, flags, offset, address, address, size, size, align)
    return fmt.pack("IIIIIIII", kind, offset, address, address, size, size, flags, align)


def build_elf(
    *,
    machine: str | int = "x86_64",
    bits: int | None = None,
    data: str = "lsb",
    etype: str = "dyn",
    osabi: int = 0,
    abiversion: int = 0,
    interp: str | None = None,
    needed: Sequence[str] = (),
    soname: str | None = None,
    rpath: str | None = None,
    runpath: str | None = None,
    flags: int | None = None,
    flags_1: int | None = None,
    filter: str | None = None,
    auxiliary: str | None = None,
    verdef: Sequence[Node] | None = None,
    verneed: Mapping[str, Sequence[Node]] | None = None,
    syms: Sequence[SymbolSpec] = (),
    undef: Sequence[SymbolSpec] = (),
    undef_weak: Sequence[SymbolSpec] = (),
    jump_slot: Sequence[SymbolSpec] = (),
    gnu_stack: str | None = "rw",
    abi_note: Sequence[int] | None = None,
    go_note: bool = False,
    isa_needed: int = 0,
    relr: bool = False,
    extra_dyn: Sequence[Sequence[int]] = (),
    replace_dyn: Mapping[int, int] | None = None,
    dynamic: bool = True,
    split: bool = False,
    misaligned: bool = False,
    pad_to: int = 0,
    pad_random: bool = False,
) -> bytes:
    """The bytes of one ELF file.

    ``machine`` is a name from MACHINES or a number for e_machine; ``bits`` overrides its class. ``verdef`` gets its
    BASE entry (named as the soname, else ``base``) in front. ``replace_dyn`` overwrites the values of dynamic tags
    (to lie about sizes and addresses). ``dynamic=False`` turns PT_DYNAMIC into PT_NULL. ``split`` maps the string table
    by a second PT_LOAD at another distance between offset and address. ``misaligned`` breaks the congruence of the
    first PT_LOAD. ``pad_to`` grows the file to that many bytes, with zeros or (``pad_random``) fixed noise.
    """
    arch = MACHINES[machine] if isinstance(machine, str) else replace(MACHINES["x86_64"], number=machine)
    fmt = _Format(bits or arch.bits, "<" if data == "lsb" else ">")
    if etype == "pie":
        flags_1 = (flags_1 or 0) | DF_1_PIE

    symbols = _symbols(syms, undef, undef_weak, jump_slot)
    needs = {file: [_node(spec) for spec in specs] for file, specs in (verneed or {}).items()}
    for symbol in symbols:
        file, node = symbol.version or (None, "")
        if file is not None:
            nodes = needs.setdefault(file, [])
            if node not in [name for name, _ in nodes]:
                nodes.append((node, 0))
    defs = None if verdef is None else [(soname or "base", 1), *map(_node, verdef)]

    strings = _Strings()
    blobs: dict[str, bytes] = {"code": arch.exit_code}
    if interp is not None:
        blobs["interp"] = encode(interp) + b"\0"
    if abi_note is not None:
        blobs["abi note"] = note(fmt, b"GNU\0", 1, fmt.pack("IIII", *abi_note))
    if go_note:
        blobs["go note"] = note(fmt, b"Go\0\0", 4, b"a-build-id/of-some/length")
    if isa_needed:
        blobs["property"] = _property_note(fmt, isa_needed)
    if relr:
        blobs["relr"] = b"\0" * fmt.word
    if defs is not None:
        blobs["verdef"] = _verdef_table(fmt, strings, defs)
    blobs["verneed"], indexes = _verneed_table(fmt, strings, needs, len(defs) + 1 if defs else 2)
    if not needs:
        del blobs["verneed"]
    indexes |= {(None, node): number for number, (node, _) in enumerate(defs or (), 1)}
    if defs is not None or needs:
        versym = [0, *((indexes[s.version] if s.version else 1) | s.hidden << 15 for s in symbols)]
        blobs["versym"] = fmt.pack(f"{len(versym)}H", *versym)
    blobs["hash"] = _hash_table(fmt, [symbol.name for symbol in symbols])
    blobs["symtab"] = _symbol_table(fmt, strings, symbols, 0)
    slots = [number for number, symbol in enumerate(symbols, 1) if not symbol.defined]
    # Three reserved words (the loader writes the last two), then one per undefined symbol, then one for DT_RELR.
    got_word = {number: fmt.word * (3 + place) for place, number in enumerate(slots)}
    blobs["got"] = b"\0" * fmt.word * (4 + len(slots))
    entry_size = fmt.word * (3 if arch.rela else 2)
    lazy = [number for number in slots if symbols[number - 1].lazy]
    eager = [number for number in slots if not symbols[number - 1].lazy]
    blobs["rel"] = b"\0" * entry_size * len(eager)
    blobs["jmprel"] = b"\0" * entry_size * len(lazy)

    texts = {DT_SONAME: soname, DT_RPATH: rpath, DT_RUNPATH: runpath, DT_FILTER: filter, DT_AUXILIARY: auxiliary}
    # Order of the fields; the values of tables (their addresses) follow once everything has its place.
    tags: list[tuple[int, int | str]] = [(DT_NEEDED, strings.add(name)) for name in needed]
    for tag in (DT_SONAME, DT_RPATH, DT_RUNPATH, DT_FLAGS, DT_FLAGS_1, DT_FILTER, DT_AUXILIARY):
        text, number = texts.get(tag), {DT_FLAGS: flags, DT_FLAGS_1: flags_1}.get(tag)
        if text is not None:
            tags.append((tag, strings.add(text)))
        elif number is not None:
            tags.append((tag, number))
    blobs["strtab"] = bytes(strings.blob)
    tags += [(DT_HASH, "hash"), (DT_STRTAB, "strtab"), (DT_SYMTAB, "symtab"), (DT_STRSZ, len(strings.blob))]
    tags += [(DT_SYMENT, 24 if fmt.bits == 64 else 16)]
    if eager:
        kinds = (DT_RELA, DT_RELASZ, DT_RELAENT) if arch.rela else (DT_REL, DT_RELSZ, DT_RELENT)
        tags += zip(kinds, ("rel", len(blobs["rel"]), entry_size), strict=True)
    if lazy:
        tags += [(DT_PLTGOT, "got"), (DT_PLTRELSZ, len(blobs["jmprel"]))]
        tags += [(DT_PLTREL, DT_RELA if arch.rela else DT_REL), (DT_JMPREL, "jmprel")]
    if relr:
        tags += [(DT_RELR, "relr"), (DT_RELRSZ, fmt.word), (DT_RELRENT, fmt.word)]
    if "versym" in blobs:
        tags.append((DT_VERSYM, "versym"))
    if defs is not None:
        tags += [(DT_VERDEF, "verdef"), (DT_VERDEFNUM, len(defs))]
    if needs:
        tags += [(DT_VERNEED, "verneed"), (DT_VERNEEDNUM, len(needs))]
    tags += [(tag, value) for tag, value in extra_dyn]
    tags.append((0, 0))

    notes = [name for name in ("abi note", "go note", "property") if name in blobs]
    header_size, entry = (64, 56) if fmt.bits == 64 else (52, 32)
    count = 2 * ("interp" in blobs) + 1 + split + 1 + (gnu_stack is not None) + len(notes) + ("property" in blobs)
    # PT_DYNAMIC comes right behind the program headers, so that a cut at 300 bytes ends inside it.
    sizes = {"dynamic": len(tags) * 2 * fmt.word, **{name: len(blob) for name, blob in blobs.items()}}
    offsets: dict[str, int] = {}
    end = header_size + count * entry
    for name, size in sizes.items():  # the string table is last: ``split`` maps from there on
        offsets[name] = end = end + -end % (4 if name == "dynamic" else 8)
        end += size
    total = max(end, pad_to)

    base = (0x400000 if etype == "exec" else 0) + (0x10 if misaligned else 0)
    address = {name: base + offset for name, offset in offsets.items()}
    if split:
        address["strtab"] += ALIGNMENT
    blobs["symtab"] = _symbol_table(fmt, strings, symbols, address["code"])
    for name, members, kind in (("rel", eager, arch.glob_dat), ("jmprel", lazy, arch.jump_slot)):
        blobs[name] = b"".join(
            _relocation(fmt, arch, address["got"] + got_word[number], number, kind) for number in members
        )
    if relr:
        blobs["relr"] = fmt.pack("A", address["got"] + fmt.word * (3 + len(slots)))
    blobs["dynamic"] = b"".join(
        fmt.pack("AA", tag, (replace_dyn or {}).get(tag, address[value] if isinstance(value, str) else value))
        for tag, value in tags
    )

    def segment(kind: int, flags: int, name: str, align: int) -> bytes:
        return _program_header(fmt, kind, flags, offsets[name], address[name], sizes[name], align)

    headers = b""
    if "interp" in blobs:
        headers += _program_header(fmt, PT_PHDR, 4, header_size, base + header_size, count * entry, 8)
        headers += segment(PT_INTERP, 4, "interp", 1)
    first = offsets["strtab"] if split else total
    headers += _program_header(fmt, PT_LOAD, 7, 0, base, first, ALIGNMENT)
    if split:
        headers += _program_header(fmt, PT_LOAD, 7, first, address["strtab"], total - first, ALIGNMENT)
    headers += segment(PT_DYNAMIC if dynamic else 0, 6, "dynamic", 8)
    if gnu_stack is not None:
        permissions = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in gnu_stack)
        headers += _program_header(fmt, PT_GNU_STACK, permissions, 0, 0, 0, 16)
    for name in notes:
        headers += segment(PT_NOTE, 4, name, fmt.word if name == "property" else 4)
    if "property" in blobs:
        headers += segment(PT_GNU_PROPERTY, 4, "property", fmt.word)

    ident = bytes([0x7F, *b"ELF", fmt.bits // 32, 1 if data == "lsb" else 2, 1, osabi, abiversion])
    image = bytearray(total)
    rest = (TYPES[etype], arch.number, 1, address["code"], header_size, 0, 0, header_size, entry, count, 0, 0, 0)
    image[:header_size] = ident.ljust(16, b"\0") + fmt.pack("HHIAAAIHHHHHH", *rest)
    image[header_size : header_size + len(headers)] = headers
    for name, blob in blobs.items():
        image[offsets[name] : offsets[name] + len(blob)] = blob
    if pad_random:
        image[end:] = random.Random(0).randbytes(total - end)
    return bytes(image)
