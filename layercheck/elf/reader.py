"""A bounded reader of ELF files: header, program headers, dynamic section, version tables, notes.

Everything is found through program headers and PT_LOAD addresses, as the loader finds it; section headers may be
stripped and are never looked at. No input makes it raise, loop or read beyond the file.

The reader asks for bytes in three batches (headers; dynamic section, interpreter and notes; strings and versions), so
that a file which does not fit into memory costs at most two further passes over it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Defect
from ..named_tuple import TYPE_CHECKING
from .image import ElfImage, Segment
from .layout import FORMATS, Format, View
from .notes import read_notes

if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

MAX_DYNAMIC = 4_096
"""Dynamic entries read. The largest seen in the wild is below 200."""
MAX_PROGRAM_HEADERS = 4_096
MAX_NOTES_BYTES = 65_536
MAX_VERSION_WINDOW = 262_144
"""Bytes of one version table read. glibc's own libc.so.6 needs 2 KB."""
MAX_VERSION_NODES = 8_192
MAX_INTERPRETER = 4_096
MAX_STRING_BYTES = 128 << 10
"""Bytes of names read from one file in all. A long RUNPATH (Bazel, Spack) takes a few thousand."""

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_PF_W = 2
_GO_BUILD_INFO = b"\xff Go buildinf:"
_PT_GNU_STACK, _PT_GNU_PROPERTY = 0x6474E551, 0x6474E553

_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 14, 15, 29
_DT_FLAGS, _DT_FLAGS_1, _DT_RELR = 30, 0x6FFFFFFB, 36
_DT_VERDEF, _DT_VERDEFNUM, _DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_DT_AUXILIARY, _DT_FILTER = 0x7FFFFFFD, 0x7FFFFFFF


_STACK_FLAGS = {0: "", 1: "x", 2: "w", 3: "wx", 4: "r", 5: "rx", 6: "rw", 7: "rwx"}


class Ranges(Protocol):
    """Where the bytes of one file come from."""

    size: int

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """The ranges (offset, length in bytes), each cut at the end of the file."""


def whole(source: Ranges) -> bytes:
    """All bytes of a file that is handed over piece by piece."""
    (view,) = source.fetch([(0, source.size)])
    return view.cut()


class Memory:
    """A whole file in memory; ranges are windows into it and copy nothing."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> list[View]:
        """See Ranges."""
        data, size, make = self.data, self.size, tuple.__new__
        views = []
        for start, length in wanted:
            end = start + length
            views.append(make(View, (data, start if start < size else size, end if end < size else size)))
        return views


def read_elf(data: bytes) -> ElfImage | Defect:
    """Read the facts of the ELF file ``data``.

    Returns a Defect of kind ``not-elf`` (the magic is missing) or ``damaged`` (the headers cannot be read); lesser
    damage is listed in ``ElfImage.defects``. Never raises.
    """
    return read_elf_ranges(Memory(data))


def read_elf_ranges(source: Ranges) -> ElfImage | Defect:
    """Like ``read_elf``, for a file whose bytes are handed over piece by piece."""
    head = source.fetch([(0, 4096)])[0]
    ident = head.buffer[head.start : head.start + 16]
    if ident[:4] != b"\x7fELF":
        return Defect("not-elf", None, "does not begin with \\x7fELF")
    if len(ident) < 16:
        return Defect("damaged", None, f"only {source.size} bytes long")
    fmt = FORMATS.get((ident[4], ident[5]))
    if fmt is None:
        return Defect("damaged", None, f"impossible class {ident[4]} or byte order {ident[5]}")
    if head.end - head.start < 16 + fmt.header.size:
        return Defect("damaged", None, f"only {source.size} bytes long, its header needs {16 + fmt.header.size}")
    header = fmt.header.unpack_from(head.buffer, head.start + 16)
    elf_type, machine, phoff, phentsize, phnum = header[0], header[1], header[4], header[8], header[9]
    if phnum and phentsize != fmt.program.size:
        return Defect("damaged", None, f"program headers of {phentsize} bytes each, not {fmt.program.size}")
    if phoff + phnum * phentsize > source.size:
        return Defect("damaged", None, f"its program headers lie beyond the end of the file ({source.size} bytes)")
    reader = _Reader(source, fmt, (elf_type, machine, ident[7], ident[8]))
    return reader.read(head, phoff, phnum)


class _Reader:
    """The state of reading one file; used once."""

    def __init__(self, source: Ranges, fmt: Format, identity: tuple[int, int, int, int]) -> None:
        self.source = source
        self.fmt = fmt
        self.identity = identity
        self.defects: list[Defect] = []
        self.loads: list[Segment] = []

    def fault(self, kind: str, detail: str) -> None:
        self.defects.append(Defect(kind, None, detail))

    def read(self, head: View, phoff: int, phnum: int) -> ElfImage:
        if phnum > MAX_PROGRAM_HEADERS:
            self.fault("too-many", f"{phnum} program headers; the first {MAX_PROGRAM_HEADERS} were read")
            phnum = MAX_PROGRAM_HEADERS
        size = phnum * self.fmt.program.size
        if head.start + phoff + size <= head.end:
            table = View(head.buffer, head.start + phoff, head.start + phoff + size)
        else:
            table = self.source.fetch([(phoff, size)])[0]
        interp_at: tuple[int, int] | None = None
        dynamic_at: tuple[int, int] | None = None
        notes_at: list[tuple[int, int, int]] = []
        gnu_stack: str | None = None
        wide = self.fmt.bits == 64
        for fields in self.fmt.program.iter_unpack(_records(table, self.fmt.program.size)):
            if wide:
                kind, flags, offset, vaddr, _, filesz, memsz, align = fields
            else:
                kind, offset, vaddr, _, filesz, memsz, flags, align = fields
            if kind == _PT_LOAD:
                self.loads.append(tuple.__new__(Segment, (offset, vaddr, filesz, memsz, align, flags)))
            elif kind == _PT_DYNAMIC:
                dynamic_at = (offset, filesz)
            elif kind == _PT_INTERP:
                interp_at = (offset, min(filesz, MAX_INTERPRETER))
            elif kind in (_PT_NOTE, _PT_GNU_PROPERTY):
                notes_at.append((offset, min(filesz, MAX_NOTES_BYTES), align))
            elif kind == _PT_GNU_STACK:
                gnu_stack = _STACK_FLAGS[flags & 7]
        self._check_loads()
        wanted = [interp_at or (0, 0), self._bounded_dynamic(dynamic_at)]
        wanted += [(offset, length) for offset, length, _ in notes_at[:64]]
        interp_view, dynamic_view, *note_views = self.source.fetch(wanted)
        interp = _cut(interp_view) if interp_at else None
        abi_note, isa, go = read_notes(self.fmt, zip(note_views, [a for _, _, a in notes_at], strict=False))
        tags, needed_at = self._dynamic(dynamic_view, wanted[1][1])
        text, verneed_view, verdef_view, data_view = self._fetch_tables(tags, static=not needed_at and not interp_at)
        # Where Go's linker puts its build information when there is no section to ask (Go, debug/buildinfo).
        go = go or data_view.buffer.find(_GO_BUILD_INFO, data_view.start, data_view.end) >= 0
        string = _Strings(self, text)
        elf_type, machine, osabi, abiversion = self.identity
        return ElfImage(
            bits=self.fmt.bits,
            data=self.fmt.data,
            machine=machine,
            type=elf_type,
            osabi=osabi,
            abiversion=abiversion,
            interp=interp,
            needed=tuple([string(at) for at in needed_at]),
            soname=_optional(string, tags.get(_DT_SONAME)),
            rpath=_optional(string, tags.get(_DT_RPATH)),
            runpath=_optional(string, tags.get(_DT_RUNPATH)),
            flags=tags.get(_DT_FLAGS, 0),
            flags_1=tags.get(_DT_FLAGS_1, 0),
            filter=_optional(string, tags.get(_DT_FILTER)),
            auxiliary=_optional(string, tags.get(_DT_AUXILIARY)),
            verneed=self._verneed(verneed_view, tags.get(_DT_VERNEEDNUM, 0), string) if verneed_view else (),
            verdef=self._verdef(verdef_view, tags.get(_DT_VERDEFNUM, 0), string) if verdef_view else None,
            loads=tuple(self.loads),
            gnu_stack=gnu_stack,
            abi_note=abi_note,
            isa_needed=isa,
            go=go,
            relr=_DT_RELR in tags,
            dynamic=dynamic_at is not None,
            defects=tuple(self.defects),
        )

    def _check_loads(self) -> None:
        size = self.source.size
        for load in self.loads:
            if load.filesz and load.offset + load.filesz > size:
                missing = load.offset + load.filesz - size
                self.fault("truncated", f"a segment ends {missing} bytes beyond the end of the file ({size} bytes)")
            if load.align > 1 and (load.vaddr - load.offset) % load.align:
                self.fault(
                    "misaligned-segment",
                    f"PT_LOAD offset {load.offset:#x} and address {load.vaddr:#x} differ modulo {load.align:#x}",
                )

    def _bounded_dynamic(self, at: tuple[int, int] | None) -> tuple[int, int]:
        if at is None:
            return (0, 0)
        limit = MAX_DYNAMIC * self.fmt.dynamic.size
        if at[1] > limit:
            return (at[0], limit)
        return at

    def _dynamic(self, view: View, wanted: int) -> tuple[dict[int, int], list[int]]:
        """The dynamic entries (the last of each tag counts, as in glibc) and the string offsets of all DT_NEEDED."""
        entries = list(self.fmt.dynamic.iter_unpack(_records(view, self.fmt.dynamic.size)))
        kinds = [tag for tag, _ in entries]
        if 0 in kinds:
            del entries[kinds.index(0) :]
        elif len(entries) == MAX_DYNAMIC:
            self.fault("too-many", f"more than {MAX_DYNAMIC} dynamic entries; the rest was not read")
        elif wanted:
            self.fault("unreadable-dynamic", "the dynamic section has no end mark inside the file")
        return dict(entries), [value for tag, value in entries if tag == _DT_NEEDED]

    def _offset(self, address: int) -> tuple[int, int] | None:
        """File offset of an address, and the offset at which its segment ends."""
        for load in self.loads:
            if load.vaddr <= address < load.vaddr + load.filesz:
                return address - load.vaddr + load.offset, load.offset + load.filesz
        return None

    def _fetch_tables(
        self, tags: dict[int, int], *, static: bool
    ) -> tuple[View | None, View | None, View | None, View]:
        wanted: list[tuple[int, int]] = []
        present: list[bool] = []
        for tag, limit, kind in (
            (_DT_STRTAB, tags.get(_DT_STRSZ, 0), "unreadable-dynamic"),
            (_DT_VERNEED, MAX_VERSION_WINDOW, "unreadable-versions"),
            (_DT_VERDEF, MAX_VERSION_WINDOW, "unreadable-versions"),
        ):
            address = tags.get(tag)
            place = None if address is None else self._offset(address)
            if address is not None and place is None:
                self.fault(kind, f"the table at address {address:#x} (tag {tag:#x}) lies in no segment of the file")
            present.append(place is not None)
            wanted.append((place[0], min(limit, place[1] - place[0])) if place else (0, 0))
        writable = next((load for load in self.loads if load.flags & _PF_W), None) if static else None
        wanted.append((writable.offset, min(writable.filesz, MAX_NOTES_BYTES)) if writable else (0, 0))
        *views, data = self.source.fetch(wanted)
        text, verneed, verdef = [view if there else None for view, there in zip(views, present, strict=True)]
        return text, verneed, verdef, data

    def _verneed(self, view: View, count: int, string: _Strings) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
        result = []
        unpack, unpack_aux = self.fmt.verneed.unpack_from, self.fmt.vernaux.unpack_from
        at, nodes = view.start, 0
        whole = True
        for _ in range(count):
            nodes += 1
            if at + 16 > view.end or nodes > MAX_VERSION_NODES:
                whole = False
                break
            _, aux_count, file_at, aux, following = unpack(view.buffer, at)
            needs = []
            aux_at = at + aux
            for _ in range(aux_count):
                nodes += 1
                if aux_at + 16 > view.end or nodes > MAX_VERSION_NODES:
                    whole = False
                    break
                _, flags, _, name_at, aux_next = unpack_aux(view.buffer, aux_at)
                needs.append((string(name_at), flags))
                if not aux_next:
                    break
                aux_at += aux_next
            result.append((string(file_at), tuple(needs)))
            if not following or not whole:
                break
            at += following
        if not whole:
            self._versions_fault("needs", nodes)
        return tuple(result)

    def _verdef(self, view: View, count: int, string: _Strings) -> tuple[tuple[str, int], ...]:
        result = []
        at = view.start
        for nodes in range(1, count + 1):
            if at + 20 > view.end or nodes > MAX_VERSION_NODES:
                self._versions_fault("definitions", nodes)
                break
            _, flags, _, aux_count, _, aux, following = self.fmt.verdef.unpack_from(view.buffer, at)
            if aux_count and at + aux + 8 > view.end:
                self._versions_fault("definitions", nodes)
                break
            if aux_count:
                result.append((string(self.fmt.verdaux.unpack_from(view.buffer, at + aux)[0]), flags))
            if not following:
                break
            at += following
        return tuple(result)

    def _versions_fault(self, what: str, nodes: int) -> None:
        if nodes > MAX_VERSION_NODES:
            self.fault("too-many", f"more than {MAX_VERSION_NODES} version {what}; the rest was not read")
        else:
            self.fault("unreadable-versions", f"the version {what} run beyond their table")


class _Strings:
    """Reads strings of DT_STRTAB by their offset; a bad offset is told once and reads as empty."""

    __slots__ = ("_known", "_left", "_reader", "_told", "_view")

    def __init__(self, reader: _Reader, view: View | None) -> None:
        self._reader = reader
        self._view = view
        self._known: dict[int, str] = {}
        self._left = MAX_STRING_BYTES
        self._told = False

    def __call__(self, index: int) -> str:
        known = self._known.get(index)
        if known is not None:
            return known
        view, start, end = self._view, 0, -1
        if view is not None and 0 <= index < view.end - view.start:
            start = view.start + index
            end = view.buffer.find(b"\0", start, view.end)
        if view is None or end < 0:
            text = self._tell("unreadable-dynamic", f"string {index:#x} lies outside the string table")
        else:
            self._left -= end - start
            if self._left >= 0:
                text = view.buffer[start:end].decode("utf-8", "surrogateescape")
            else:
                text = self._tell("too-many", f"more than {MAX_STRING_BYTES} bytes of names; the rest was not read")
        self._known[index] = text
        return text

    def _tell(self, kind: str, detail: str) -> str:
        if not self._told:
            self._told = True
            self._reader.fault(kind, detail)
        return ""


def _optional(string: _Strings, index: int | None) -> str | None:
    return None if index is None else string(index)


def _records(view: View, size: int) -> bytes:
    """As many records of ``size`` bytes as there are whole."""
    return view.buffer[view.start : view.start + (view.end - view.start) // size * size]


def _cut(view: View) -> str:
    return view.cut().split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
