"""The one pass over a zip file: local headers cross-checked, every member inflated once, its facts kept.

Members are visited in the order of their bytes, in windows of two megabytes: 60,000 small ones cost few reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct, unpack_from

from ..elf.code import code_ranges
from ..finding import Defect
from ..named_tuple import TYPE_CHECKING
from .entry import DIRECTORY, FILE, SYMLINK, Entry, Facts, decode_name
from .inflate import CHUNK, MAX_WHOLE, ZLIB, Engine, inflate_pieces, work_of_bomb
from .member_names import name_members
from .probes import HEAD, Readers, probe
from .ranges import MemberRanges, Pieces
from .runtime_client import BOOTSTRAP
from .source import Source
from .zip_directory import UNIX_HOSTS, Directory, Member, widen

if TYPE_CHECKING:
    from typing import Any

MAX_COUNTED = 1 << 30
"""Bytes inflated in one artifact before inflating stops (DESIGN section 6)."""
WINDOW = 2 << 20
_MAX_LINK = 4_096
_LOCAL = Struct("<4s5H3I2H")
_NO_HEADER = (b"", *(0,) * 10)
_COPIED = 4_096
"""Bytes that are sooner copied than looked at through a window."""
_U32 = 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _DESCRIPTOR = 1, 8
_LARGEST_DESCRIPTOR = 24
Progress = Callable[[int, int], None]
"""Called now and then with (bytes done, bytes in all)."""


class ZipScan:
    """The result of the pass, and the means to read a member again."""

    def __init__(self, source: Source, directory: Directory, engine: Engine, progress: Progress | None = None) -> None:
        self._source = source
        self._engine = engine
        self._inflate = engine.inflate
        self._crc32 = engine.crc32
        self._base = directory.base
        self.members = directory.members
        self.defects = list(directory.defects)
        self.facts: dict[str, Facts] = {}
        self.checksums: list[int | None] = [None] * len(directory.members)
        self.counts: list[int] = [-1] * len(directory.members)
        self.inflate_count = 0
        self.stopped = False
        self._counted = 0
        self._end = directory.start
        named = name_members(directory)
        self._paths, self._kinds = named.paths, named.kinds
        self._replaced, self._left_out = named.replaced, named.left_out
        self.defects += named.defects
        self._readers = Readers()
        self.left_out_bytes = 0
        self.entries: tuple[Entry, ...] = self._scan(directory.start, progress)
        self.unread = self._readers.room.unread

    def _scan(self, end: int, progress: Progress | None) -> tuple[Entry, ...]:
        members = self.members
        base = self._base
        offsets = [member.offset + base for member in members]
        order = sorted(range(len(members)), key=offsets.__getitem__)
        starts = [*sorted(offsets), end]
        window, window_at, window_end = b"", 0, 0
        done = 0
        for place, index in enumerate(order):
            start, limit = starts[place], starts[place + 1]
            member = members[index]
            if start == limit and place + 1 < len(order):
                self._defect("overlap", index, "shares its bytes with another entry")
                continue
            if start < 0 or start >= end:
                self._defect("truncated", index, "its local header lies beyond the archive")
                continue
            if progress is not None and start - done > 1 << 22:
                done = start
                progress(start, end)
            if member.declared > MAX_WHOLE or member.compressed > WINDOW:
                self._large(index, member, start, limit)
                continue
            if start < window_at or limit > window_end:
                # Whatever lies between a member and the next one is read, up to what a header can take.
                need = min(limit, start + _LOCAL.size + 2 * 0xFFFF + member.compressed)
                if start < window_at or need > window_end:
                    window_at = start
                    window_end = max(need, self._group_end(starts, place, end))
                    window = self._source.read_at(start, window_end - start)
            self._member(index, member, window, window_at, start, limit)
        self._leave_out()
        return self._make_entries()

    @staticmethod
    def _group_end(starts: list[int], place: int, end: int) -> int:
        """Where to stop reading so that as many whole members as fit into one window are read at once."""
        limit, last = starts[place] + WINDOW, place + 1
        while last < len(starts) and starts[last] <= limit:
            last += 1
        return min(starts[last - 1] if last - 1 > place else starts[place + 1], end)

    def _leave_out(self) -> None:
        """Members without a place in a file system are told as defects, and count only as bytes."""
        left = [self.counts[at] if self.counts[at] >= 0 else self.members[at].declared for at in self._left_out]
        self.left_out_bytes = sum(left)
        columns: tuple[list[Any], ...] = (self.members, self.counts, self.checksums, self._kinds, self._paths)
        for column in columns if left else ():
            column[:] = [value for index, value in enumerate(column) if index not in self._left_out]

    def _defect(self, kind: str, index: int, detail: str) -> None:
        self.defects.append(Defect(kind, self._paths[index], detail))

    def _local(self, index: int, member: Member, window: bytes, at: int, limit: int) -> int:
        """Check the local header at ``at``; the position of the data behind it, or -1 when it cannot be had."""
        if at + _LOCAL.size > len(window) or window[at : at + 4] != b"PK\x03\x04":
            self._defect("local-mismatch", index, "no local header stands where the directory says")
            return -1
        _, _, flags, method, _, _, crc, compressed, declared, name_size, extra_size = _LOCAL.unpack_from(window, at)
        name_at = at + _LOCAL.size
        if window[name_at : name_at + name_size] != member.raw:
            self._defect("local-mismatch", index, "its local header gives another name")
        elif method != member.method or (flags ^ member.flags) & (_ENCRYPTED | _DESCRIPTOR):
            self._defect("local-mismatch", index, "its local header gives another method or other flags")
        elif not flags & _DESCRIPTOR:
            if _U32 in (compressed, declared):
                extra = window[name_at + name_size : name_at + name_size + extra_size]
                declared, compressed, _ = widen(extra, declared, compressed, 0)
            if (crc, compressed, declared) != (member.crc, member.compressed, member.declared):
                self._defect("local-mismatch", index, "its local header gives other sizes or another CRC")
        data_at = name_at + name_size + extra_size
        data_end: int = data_at + member.compressed
        if data_end > limit:
            self._defect("overlap", index, f"its data runs {data_end - limit} bytes into what follows it")
        elif limit - data_end > _LARGEST_DESCRIPTOR:
            self._defect("gap", index, f"{limit - data_end} unused bytes follow its data")
        if flags & _DESCRIPTOR and data_end + _LARGEST_DESCRIPTOR <= len(window):
            self._descriptor(index, member, window[data_end : data_end + _LARGEST_DESCRIPTOR])
        return int(data_at)

    def _descriptor(self, index: int, member: Member, after: bytes) -> None:
        """The data descriptor, in any of its four forms, must repeat what the directory says (APPNOTE 4.3.9)."""
        said = (member.crc, member.compressed, member.declared)
        for start in (4, 0) if after[:4] == b"PK\x07\x08" else (0,):
            if said in (unpack_from("<3I", after, start), unpack_from("<I2Q", after, start)):
                return
        self._defect("local-mismatch", index, "its data descriptor gives other sizes or another CRC")

    def _member(self, index: int, member: Member, window: bytes, window_at: int, start: int, limit: int) -> None:
        raw, _, flags, method, _, crc, available, declared, _, _ = member
        at, limit = start - window_at, limit - window_at
        header = _LOCAL.unpack_from(window, at) if at + _LOCAL.size <= len(window) else _NO_HEADER
        data_at = at + _LOCAL.size + header[9] + header[10]
        # What _local finds, told by one comparison for all members that are as they should be: their header repeats the
        # directory, and their data fills the room up to the next.
        if (
            data_at + available == limit <= len(window)
            and header[6:10] == (crc, available, declared, len(raw))
            and window[at + _LOCAL.size : at + _LOCAL.size + len(raw)] == raw
            and header[2] == flags
            and header[3] == method
            and header[0] == b"PK\x03\x04"
            and not flags & (_ENCRYPTED | _DESCRIPTOR)
            and method in (_DEFLATED, _STORED)
            and self._counted <= MAX_COUNTED - MAX_WHOLE
        ):
            data: bytes = window if available < _COPIED else memoryview(window)  # type: ignore[assignment]
            data = data[data_at:limit]
        else:
            data_at = self._local(index, member, window, at, limit)
            if data_at < 0 or not self._may_inflate(index, member):
                return
            available = self._available(index, member, window_at + data_at)
            if data_at + available <= len(window):
                data = memoryview(window)[data_at : data_at + available]  # type: ignore[assignment]
            else:
                # Only a member whose size lies reaches beyond the window that was made for it.
                data = self._source.read_at(window_at + data_at, available)
        if method == _DEFLATED:
            self.inflate_count += 1
            data, problem = self._inflate(data, declared)
            if problem is not None:
                self._defect(problem[0], index, problem[1])
                # What was made and thrown away took as long as what is kept.
                self._counted += declared
                if problem[0] == "bomb":
                    self._counted += work_of_bomb(available, declared)
                    self.counts[index] = declared
                    return
        else:
            data = bytes(data)
            if len(data) != declared:
                self._defect("bad-size", index, f"stored {len(data)} bytes, the archive declares {declared}")
        size = len(data)
        # Input counts too: blocks that give nothing still take time.
        self._counted += size if size > available else available
        self.counts[index] = size
        found = self._crc32(data)
        self.checksums[index] = found
        if found != crc:
            self._bad_crc(index, member, found)
        kind = self._kinds[index]
        if index in self._replaced or index in self._left_out:
            return
        if kind == SYMLINK:
            if self._readers.room.for_target(size):
                self.facts[self._paths[index]] = Facts(link_target=decode_name(data[:_MAX_LINK]))
        elif kind == FILE:
            facts = probe(data, self._paths[index], self._readers)
            if facts is not None:
                self.facts[self._paths[index]] = facts

    def _available(self, index: int, member: Member, at: int) -> int:
        """How many bytes of a member's data there are between ``at`` and the central directory."""
        if at + member.compressed <= self._end:
            return member.compressed
        available = max(0, min(member.compressed, self._end - at))
        if available < member.compressed:
            self._defect("truncated", index, f"{member.compressed - available} bytes of its data are missing")
        return available

    def _may_inflate(self, index: int, member: Member) -> bool:
        if member.flags & _ENCRYPTED:
            self._defect("encrypted", index, "it is encrypted")
            return False
        if member.method not in (_STORED, _DEFLATED):
            self._defect("method", index, f"it is compressed with method {member.method}")
            return False
        if self._counted > MAX_COUNTED - MAX_WHOLE and self._counted + min(member.declared, MAX_WHOLE) > MAX_COUNTED:
            self.stopped = True
        return not self.stopped

    def _bad_crc(self, index: int, member: Member, crc: int) -> None:
        if not self._has_defect(index):
            self._defect("bad-crc", index, f"its CRC-32 is {crc:08x}, the archive declares {member.crc:08x}")

    def _has_defect(self, index: int) -> bool:
        last = self.defects[-1] if self.defects else None
        return last is not None and last.entry == self._paths[index] and last.kind in _CONTENT_DEFECTS

    def _large(self, index: int, member: Member, start: int, limit: int) -> None:
        """A large member: inflated in pieces, which stay in the processor's cache and need no large buffer.

        Up to ``MAX_WHOLE`` bytes the pieces are kept until its facts are read, but for machine code; beyond, it is
        inflated again for them.
        """
        head = self._source.read_at(start, _LOCAL.size + len(member.raw) + 512)
        if len(head) >= _LOCAL.size and sum(_LOCAL.unpack_from(head)[9:]) > len(head) - _LOCAL.size:
            head = self._source.read_at(start, _LOCAL.size + 2 * 0xFFFF)
        data_at = self._local(index, member, head, 0, limit - start)
        if data_at < 0 or not self._may_inflate(index, member):
            return
        at = start + data_at
        available = self._available(index, member, at)
        if member.flags & _DESCRIPTOR and at + member.compressed + _LARGEST_DESCRIPTOR <= self._source.size:
            self._descriptor(index, member, self._source.read_at(at + member.compressed, _LARGEST_DESCRIPTOR))
        self.inflate_count += member.method == _DEFLATED
        crc, counted = 0, 0
        kept: list[tuple[int, bytes]] = []
        code: tuple[tuple[int, int], ...] = ()
        in_memory = member.declared <= MAX_WHOLE
        whole = self._at_once(member, at) if in_memory and available == member.compressed else None
        for piece in [whole] if whole is not None else self._pieces(member, at):
            if isinstance(piece, tuple):
                self._defect(piece[0], index, piece[1])
                self._counted += counted
                if piece[0] == "bomb":
                    self.counts[index] = member.declared
                    return
                if piece[0] == "undecodable":
                    # A small member is not told in part either.
                    crc, counted, kept = 0, 0, []
                break
            crc = self._crc32(piece, crc)
            begin, counted = counted, counted + len(piece)
            if not begin and self._paths[index] != BOOTSTRAP:
                code = code_ranges(piece)
            if begin < HEAD or (in_memory and not any(first <= begin and counted <= end for first, end in code)):
                kept.append((begin, piece))
            if self._counted + counted > MAX_COUNTED:
                self.stopped = True
                return
        if member.method == _STORED and counted != member.declared:
            self._defect("bad-size", index, f"stored {counted} bytes, the archive declares {member.declared}")
        self._counted += max(counted, available)
        self.counts[index] = counted
        self.checksums[index] = crc
        if crc != member.crc:
            self._bad_crc(index, member, crc)
        if self._kinds[index] == FILE and kept and index not in self._replaced and index not in self._left_out:
            self._probe_pieces(index, member, at, kept, counted)

    def _at_once(self, member: Member, at: int) -> bytes | None:
        """The whole content by the faster engine, if there is one and all is well; else the pieces tell the fault."""
        if self._engine is ZLIB or member.method != _DEFLATED:
            return None
        data, problem = self._inflate(self._source.read_at(at, member.compressed), member.declared)
        return data if problem is None else None

    def _probe_pieces(self, index: int, member: Member, at: int, kept: list[tuple[int, bytes]], size: int) -> None:
        def again() -> Iterator[bytes | tuple[str, str]]:
            self.inflate_count += member.method == _DEFLATED
            return self._pieces(member, at)

        ranges: MemberRanges | Pieces | None = None
        head = kept[0][1]
        # All of a text is read, so that a report does not depend on the engine that made one piece of it or many.
        is_text = member.declared <= MAX_WHOLE and not head.startswith(b"\x7f")
        if len(kept) > 1 and (is_text or len(head) < HEAD):
            head = b"".join([piece for start, piece in kept if is_text or start < HEAD])
        if member.declared > MAX_WHOLE:
            ranges = MemberRanges(again, size, head)
        elif not is_text and len(kept[0][1]) < size:
            ranges = Pieces(kept, size, again)
        facts = probe(head, self._paths[index], self._readers, ranges)
        if facts is not None:
            self.facts[self._paths[index]] = facts

    def _pieces(self, member: Member, at: int) -> Iterator[bytes | tuple[str, str]]:
        chunks = self._chunks(at, min(member.compressed, self._end - at))
        if member.method == _DEFLATED:
            return inflate_pieces(chunks, member.declared)
        return map(bytes, chunks)

    def _chunks(self, at: int, left: int) -> Iterator[bytes]:
        while left > 0:
            block = self._source.read_at(at, min(left, WINDOW))
            if not block:
                return
            view = memoryview(block)
            for start in range(0, len(block), CHUNK):
                yield view[start : start + CHUNK]  # type: ignore[misc]
            at += len(block)
            left -= len(block)

    def data_position(self, member: Member) -> int | None:
        """Where the data of ``member`` begins in the file, or None without a readable local header."""
        at = member.offset + self._base
        head = self._source.read_at(at, _LOCAL.size)
        if len(head) < _LOCAL.size or head[:4] != b"PK\x03\x04":
            return None
        fields = _LOCAL.unpack(head)
        return int(at + _LOCAL.size + fields[9] + fields[10])

    def read_again(self, index: int, limit: int) -> bytes:
        """At most ``limit`` bytes of a member, inflated anew; what is damaged ends early."""
        kept = bytearray()
        for piece in self.pieces_again(index):
            kept += piece[: limit - len(kept)]
            if len(kept) >= limit:
                break
        return bytes(kept)

    def pieces_again(self, index: int) -> Iterator[bytes]:
        """The content of a member in pieces, inflated anew; what is damaged ends early."""
        member = self.members[index]
        at = self.data_position(member)
        if at is None or member.flags & _ENCRYPTED or member.method not in (_STORED, _DEFLATED):
            return
        self.inflate_count += member.method == _DEFLATED
        for piece in self._pieces(member, at):
            if isinstance(piece, tuple):
                return
            yield piece

    def _make_entries(self) -> tuple[Entry, ...]:
        # A hundred thousand of them: the constructor is passed by.
        make = tuple.__new__
        return tuple(
            [
                make(
                    Entry,
                    (
                        member.raw,
                        path,
                        kind,
                        (member.attributes >> 16 or None) if member.host in UNIX_HOSTS else None,
                        count if kind != DIRECTORY else 0,
                        member.declared,
                        member.compressed,
                        member.crc,
                        member.method,
                        member.host,
                        member.time,
                    ),
                )
                for member, path, kind, count in zip(self.members, self._paths, self._kinds, self.counts, strict=True)
            ]
        )


_CONTENT_DEFECTS = frozenset(("bad-size", "undecodable", "truncated", "bomb", "bad-crc"))
