"""A bounded reader of dynamic symbols: what a file offers to others, and what it wants of them.

As everywhere in this room only program headers and the dynamic section are followed. What a loader cannot find by name
(DT_GNU_HASH, else DT_HASH) is not offered; what no relocation uses is not wanted, however undefined it is.

Sources: System V gABI (symbol table, hash table), the LSB core specification (symbol versions), and the rules by which
glibc's ``elf/dl-lookup.c`` and ``elf/dl-reloc.c`` pass over symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

from ..named_tuple import NamedTuple
from .image import EM_386, EM_AARCH64, EM_ARM, EM_X86_64
from .layout import FORMATS, Format
from .reader import MAX_DYNAMIC, MAX_PROGRAM_HEADERS, Memory, Ranges
from .symbol_versions import Node, OutOfTable, read_nodes

MAX_SYMBOLS = 1 << 18
"""Entries of one symbol table. The largest libraries of wheels (libtorch, libarrow) have below 150,000."""
MAX_STRINGS = 64 << 20
"""Bytes of one string table, and bytes of all the names read from it."""
MAX_RELOCATIONS = 64 << 20
"""Bytes of one relocation table."""
MAX_HASH = 8 << 20
"""Bytes of one hash table."""
MAX_VERSION_WINDOW = 262_144

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_PLTRELSZ, _DT_HASH, _DT_STRTAB, _DT_SYMTAB, _DT_RELA, _DT_RELASZ, _DT_RELAENT = 2, 4, 5, 6, 7, 8, 9
_DT_STRSZ, _DT_SYMENT, _DT_REL, _DT_RELSZ, _DT_RELENT, _DT_PLTREL, _DT_JMPREL = 10, 11, 17, 18, 19, 20, 23
_DT_BIND_NOW, _DT_FLAGS, _DT_GNU_HASH, _DT_VERSYM, _DT_FLAGS_1 = 24, 30, 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFB
_DT_VERDEF, _DT_VERDEFNUM, _DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_DF_BIND_NOW, _DF_1_NOW = 8, 1
_SHN_UNDEF, _SHN_ABS = 0, 0xFFF1
_STB_LOCAL, _STB_WEAK = 0, 2
_EXPORTED_BINDS = frozenset((1, _STB_WEAK, 10))
"""STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE."""
_STT_TLS = 6
_EXPORTED_TYPES = frozenset((0, 1, 2, 5, _STT_TLS, 10))
"""STT_NOTYPE, OBJECT, FUNC, COMMON, TLS, GNU_IFUNC."""
_LOCAL_VISIBILITIES = frozenset((1, 2))
"""STV_INTERNAL, STV_HIDDEN."""
_VERSION_HIDDEN, _VERSION_INDEX = 0x8000, 0x7FFF
_OLDEST_INDEX = 2
_NONE = 0
_JUMP_SLOT = {EM_X86_64: 7, EM_AARCH64: 1026, EM_386: 7, EM_ARM: 22}
_COPY = {EM_X86_64: 5, EM_AARCH64: 1024, EM_386: 5, EM_ARM: 20}


class Export(NamedTuple):
    """One definition of a name. ``version`` None: the base definition; ``hidden``: only for who asks for the version
    (``name@V`` and not ``name@@V``)."""

    version: str | None
    hidden: bool


class Wanted(NamedTuple):
    """An undefined symbol that a relocation uses.

    ``version`` and ``file`` (the library that had it when the file was linked) are None without a version. ``lazy``: a
    function that is looked up when it is first called. ``copied``: the program has a place for the object, whose
    initial value must come from a library (a COPY relocation).
    """

    name: str
    version: str | None = None
    file: str | None = None
    weak: bool = False
    lazy: bool = False
    copied: bool = False


class Symbols(NamedTuple):
    """The dynamic symbols of one file, ``wanted`` sorted by name.

    ``versioned``: it has version tables, so that versions are compared. ``oldest``: the node that serves who asks for
    no version (index 2).
    """

    defined: Mapping[str, tuple[Export, ...]]
    wanted: tuple[Wanted, ...] = ()
    versioned: bool = False
    oldest: str | None = None


_NO_SYMBOLS = Symbols({})


def read_symbols(data: bytes) -> Symbols | None:
    """The dynamic symbols of the ELF file ``data``; None when they are not known.

    They are not known where a table is damaged or exceeds a bound, and for machines other than Lambda's and their
    32-bit kin. A file without a dynamic section has none. Never raises.
    """
    return read_symbols_ranges(Memory(data))


def read_symbols_ranges(source: Ranges) -> Symbols | None:
    """Like ``read_symbols``, for a file whose bytes are handed over piece by piece. Raises what ``fetch`` raises."""
    try:
        return _read(source)
    except OutOfTable:
        return None


def _read(source: Ranges) -> Symbols | None:
    (head,) = _bytes(source, [(0, 4096)])
    fmt = FORMATS.get((head[4], head[5])) if head[:4] == b"\x7fELF" and len(head) > 16 else None
    if fmt is None or len(head) < 16 + fmt.header.size:
        return None
    header = fmt.header.unpack_from(head, 16)
    machine, at, size, count = header[1], header[4], header[8], header[9]
    if machine not in _JUMP_SLOT or (count and size != fmt.program.size) or count > MAX_PROGRAM_HEADERS:
        return None
    if at + size * count <= len(head):
        table = head[at : at + size * count]
    else:
        (table,) = _whole(source, [(at, size * count)])
    file = _File(source, fmt)
    dynamic = file.read_headers(table)
    if dynamic is None:
        return _NO_SYMBOLS
    tags = file.read_tags(*dynamic)
    if _DT_SYMTAB not in tags:
        return _NO_SYMBOLS
    return _Reader(file, tags, machine).read()


def _bytes(source: Ranges, wanted: list[tuple[int, int]]) -> list[bytes]:
    return [view.cut() for view in source.fetch(wanted)] if wanted else []


def _whole(source: Ranges, wanted: list[tuple[int, int]]) -> list[bytes]:
    """Ranges that must be there to their last byte."""
    if any(offset + length > source.size for offset, length in wanted):
        raise OutOfTable
    found = _bytes(source, wanted)
    if any(len(data) != length for data, (_, length) in zip(found, wanted, strict=True)):
        raise OutOfTable
    return found


class _File:
    """Addresses and dynamic entries of one file."""

    def __init__(self, source: Ranges, fmt: Format) -> None:
        self.source = source
        self.fmt = fmt
        self._loads: list[tuple[int, int, int]] = []

    def read_headers(self, table: bytes) -> tuple[int, int] | None:
        """Note the segments; the offset and size of the dynamic section."""
        dynamic = None
        for fields in self.fmt.program.iter_unpack(table):
            kind, offset, address, size = fields[0], fields[1], fields[2], fields[4]
            if self.fmt.bits == 64:
                offset, address, size = fields[2], fields[3], fields[5]
            if kind == _PT_LOAD:
                self._loads.append((address, address + size, offset))
            elif kind == _PT_DYNAMIC:
                dynamic = (offset, size)
        return dynamic

    def read_tags(self, offset: int, size: int) -> dict[int, int]:
        """The dynamic entries up to the end mark; the last of each tag counts, as in glibc."""
        step = self.fmt.dynamic.size
        (data,) = _bytes(self.source, [(offset, min(size, MAX_DYNAMIC * step))])
        tags: dict[int, int] = {}
        for tag, value in self.fmt.dynamic.iter_unpack(data[: len(data) - len(data) % step]):
            if tag == 0:
                return tags
            tags[tag] = value
        raise OutOfTable

    def place(self, address: int) -> tuple[int, int]:
        """File offset of an address, and the bytes from there to the end of its segment. Raises OutOfTable."""
        for first, end, offset in self._loads:
            if first <= address < end:
                return address - first + offset, end - address
        raise OutOfTable

    def table(self, address: int, size: int) -> tuple[int, int]:
        """The range of a table that must lie in one segment. Raises OutOfTable."""
        offset, left = self.place(address)
        if size > left:
            raise OutOfTable
        return offset, size


class _Reader:
    """The state of reading the symbols of one file; used once."""

    def __init__(self, file: _File, tags: dict[int, int], machine: int) -> None:
        self._file = file
        self._fmt = file.fmt
        self._tags = tags
        self._jump_slot, self._copy = _JUMP_SLOT[machine], _COPY[machine]
        self._strings = b""
        self._names: dict[int, str] = {}
        self._left = MAX_STRINGS
        self._nodes: dict[int, Node] = {}
        self._versions: tuple[int, ...] | None = None

    def read(self) -> Symbols:
        file, tags = self._file, self._tags
        if tags.get(_DT_SYMENT, self._fmt.symbol.size) != self._fmt.symbol.size:
            raise OutOfTable
        used = self._relocated()
        first, end = self._findable()
        total = max(end, max(used, default=0) + 1)
        if total > MAX_SYMBOLS or tags.get(_DT_STRSZ, 0) > MAX_STRINGS:
            raise OutOfTable
        versioned = _DT_VERSYM in tags and (_DT_VERDEF in tags or _DT_VERNEED in tags)
        wanted = [
            file.table(tags[_DT_SYMTAB], total * self._fmt.symbol.size),
            file.table(tags.get(_DT_STRTAB, 0), tags.get(_DT_STRSZ, 0)),
            file.table(tags[_DT_VERSYM], total * 2) if versioned else (0, 0),
        ]
        table, self._strings, versions = _whole(file.source, wanted)
        if versioned:
            self._versions = Struct(f"{'<' if self._fmt.data == 'lsb' else '>'}{total}H").unpack(versions)
            self._nodes = self._read_nodes()
        oldest = self._nodes.get(_OLDEST_INDEX)
        return Symbols(
            self._defined(table, first, end),
            self._wanted(table, used),
            versioned,
            oldest.name if oldest is not None else None,
        )

    def _relocated(self) -> dict[int, set[int]]:
        """The symbols that relocations use, by index, each with the kinds of relocation."""
        tags, fmt = self._tags, self._fmt
        plt_is_rela = tags.get(_DT_PLTREL) == _DT_RELA
        ranges, with_addend = [], []
        for table, size, entry, rela in (
            (_DT_RELA, _DT_RELASZ, tags.get(_DT_RELAENT, fmt.rela.size), True),
            (_DT_REL, _DT_RELSZ, tags.get(_DT_RELENT, fmt.rel.size), False),
            (_DT_JMPREL, _DT_PLTRELSZ, (fmt.rela if plt_is_rela else fmt.rel).size, plt_is_rela),
        ):
            length = tags.get(size, 0)
            if table not in tags or not length:
                continue
            if entry != (fmt.rela if rela else fmt.rel).size or length > MAX_RELOCATIONS:
                raise OutOfTable
            ranges.append(self._file.table(tags[table], length - length % entry))
            with_addend.append(rela)
        infos: set[int] = set()
        for data, rela in zip(_whole(self._file.source, ranges), with_addend, strict=True):
            if rela:
                infos.update([info for _, info, _ in fmt.rela.iter_unpack(data)])
            else:
                infos.update([info for _, info in fmt.rel.iter_unpack(data)])
        shift = 32 if fmt.bits == 64 else 8
        used: dict[int, set[int]] = {}
        for info in infos:
            symbol, kind = info >> shift, info & ((1 << shift) - 1)
            if symbol and kind != _NONE:
                used.setdefault(symbol, set()).add(kind)
        return used

    def _findable(self) -> tuple[int, int]:
        """The first index and the end of what the hash table finds; (1, 1) when it finds nothing."""
        tags, word = self._tags, self._fmt.word
        address = tags.get(_DT_GNU_HASH, tags.get(_DT_HASH))
        if address is None:
            return 1, 1
        offset, left = self._file.place(address)
        (data,) = _bytes(self._file.source, [(offset, min(left, MAX_HASH))])
        if _DT_GNU_HASH not in tags:
            if len(data) < 8:
                raise OutOfTable
            buckets, count = word.unpack_from(data, 0)[0], word.unpack_from(data, 4)[0]
            return (1, max(1, count)) if buckets else (1, 1)
        if len(data) < 16:
            raise OutOfTable
        buckets, first, bloom, _ = [word.unpack_from(data, at)[0] for at in (0, 4, 8, 12)]
        at = 16 + bloom * self._fmt.bits // 8
        if at + buckets * 4 > len(data):
            raise OutOfTable
        last = max([value for (value,) in word.iter_unpack(data[at : at + buckets * 4])], default=0)
        if last < first or not last:
            return 1, 1
        # The last chain ends with the last symbol, whose hash is marked in its lowest bit.
        at += (buckets + last - first) * 4
        while at + 4 <= len(data):
            if word.unpack_from(data, at)[0] & 1:
                return max(first, 1), last + 1
            at, last = at + 4, last + 1
        raise OutOfTable

    def _read_nodes(self) -> dict[int, Node]:
        tags, fetched = self._tags, []
        for table in (_DT_VERNEED, _DT_VERDEF):
            offset, left = self._file.place(tags[table]) if table in tags else (0, 0)
            fetched.append((offset, min(left, MAX_VERSION_WINDOW)))
        needs, definitions = _bytes(self._file.source, fetched)
        counts = tags.get(_DT_VERNEEDNUM, 0), tags.get(_DT_VERDEFNUM, 0)
        return read_nodes(self._fmt, (needs, counts[0]), (definitions, counts[1]), self._name)

    def _name(self, at: int) -> str:
        known = self._names.get(at)
        if known is None:
            end = self._strings.find(b"\0", at) if 0 <= at < len(self._strings) else -1
            self._left -= end - at
            if end < 0 or self._left < 0:
                raise OutOfTable
            known = self._names[at] = self._strings[at:end].decode("utf-8", "surrogateescape")
        return known

    def _fields(self, fields: tuple[int, ...]) -> tuple[int, int, int, int, int]:
        """(name, info, visibility, section, value) in one order for both classes."""
        if self._fmt.bits == 64:
            name, info, other, section, value, _ = fields
        else:
            name, value, _, info, other, section = fields
        return name, info, other & 3, section, value

    def _defined(self, table: bytes, first: int, end: int) -> dict[str, tuple[Export, ...]]:
        step = self._fmt.symbol.size
        made: dict[int, tuple[Export, ...]] = {}
        defined: dict[str, tuple[Export, ...]] = {}
        for index, raw in enumerate(self._fmt.symbol.iter_unpack(table[first * step : end * step]), first):
            name_at, info, visibility, section, value = self._fields(raw)
            kind = info & 15
            if (
                section == _SHN_UNDEF
                or info >> 4 not in _EXPORTED_BINDS
                or kind not in _EXPORTED_TYPES
                or visibility in _LOCAL_VISIBILITIES
                or not (value or section == _SHN_ABS or kind == _STT_TLS)
            ):
                continue
            version = self._versions[index] if self._versions is not None else 1
            exports = made.get(version)
            if exports is None:
                node = self._nodes.get(version & _VERSION_INDEX)
                export = Export(node.name if node is not None else None, bool(version & _VERSION_HIDDEN))
                exports = made[version] = (export,)
            name = self._name(name_at)
            known = defined.get(name)
            defined[name] = exports if known is None else (*known, *exports)
        return defined

    def _wanted(self, table: bytes, used: dict[int, set[int]]) -> tuple[Wanted, ...]:
        tags, found = self._tags, set()
        now = (
            _DT_BIND_NOW in tags
            or bool(tags.get(_DT_FLAGS, 0) & _DF_BIND_NOW)
            or bool(tags.get(_DT_FLAGS_1, 0) & _DF_1_NOW)
        )
        for index, kinds in used.items():
            raw = self._fmt.symbol.unpack_from(table, index * self._fmt.symbol.size)
            name, info, visibility, section, _ = self._fields(raw)
            copied = section != _SHN_UNDEF
            if info >> 4 == _STB_LOCAL or visibility in _LOCAL_VISIBILITIES or (copied and self._copy not in kinds):
                continue
            version = self._versions[index] & _VERSION_INDEX if self._versions is not None else 1
            node = self._nodes.get(version, Node(None, None))
            lazy = kinds == {self._jump_slot} and not now
            found.add(Wanted(self._name(name), node.name, node.file, info >> 4 == _STB_WEAK, lazy, copied))
        return tuple(sorted(found, key=order_of))


def order_of(item: Wanted) -> tuple[str, str, str, bool, bool, bool]:
    """What wanted symbols are sorted by."""
    return item.name, item.version or "", item.file or "", item.weak, item.lazy, item.copied
