"""Jars inside an artifact: which classes they hold, and for which release of Java each is compiled.

A class file begins with the magic number 0xCAFEBABE, its minor and its major version, two bytes each (Java Virtual
Machine Specification, 4.1). So of each class only a few bytes are inflated.
"""

from __future__ import annotations

import re
import zlib
from struct import unpack_from

from ..elf.reader import Ranges
from .entry import Jar
from .inflate import MAX_WHOLE
from .source import BytesSource, Source
from .zip_directory import Directory, Member, read_directory

CLASS_MAGIC = b"\xca\xfe\xba\xbe"
CLASS = ".class"
MAX_RECORDS = 400_000
"""Members of all jars of one artifact whose names are read; a large application has 60,000 classes."""
MAX_CLASSES = 150_000
"""Classes of all jars of one artifact whose first bytes are inflated: they take half a second."""
_RECORD = 256
"""Bytes of central directory for each member: 46 and its name."""
_LOCAL = 30
_HEAD = 8
_INPUT = 1_024
"""Compressed bytes that surely give the first eight: a dynamic Huffman table takes 320 at most (RFC 1951)."""
_STORED, _DEFLATED, _ENCRYPTED = 0, 8, 1
_VERSIONED = "META-INF/versions/"
_MANIFEST = "META-INF/MANIFEST.MF"
_MAX_MANIFEST = 64 << 10
_MULTI_RELEASE = rb"(?im)^multi-release: *true *\r?$"
_IS_SEARCHED = r"(?:java/)?lib/[^/]+\.jar"


def is_searched_jar(path: str) -> bool:
    """Whether a jar lies where some Java runtime may search; what lies elsewhere is never read."""
    return path.endswith(".jar") and re.fullmatch(_IS_SEARCHED, path) is not None


def class_version(head: bytes) -> int:
    """The major version of a class file by its first eight bytes; 0 when it is none."""
    return unpack_from(">H", head, 6)[0] if len(head) >= _HEAD and head[:4] == CLASS_MAGIC else 0


class JarReader:
    """Reads the jars of one artifact, and counts, so that no artifact takes more than its share of time."""

    def __init__(self, records: int = MAX_RECORDS, classes: int = MAX_CLASSES) -> None:
        self._records = records
        self._classes = classes

    def read(self, data: bytes, ranges: Ranges | None = None) -> Jar:
        """What the jar holds whose bytes are ``data``, or in ``ranges`` where it is not one piece in memory."""
        source: Source = BytesSource(data) if ranges is None else _Pieces(ranges)
        if source.size > MAX_WHOLE:
            return Jar(unread=f"jars of more than {MAX_WHOLE >> 20} MiB are not read")
        if self._records <= 0:
            return Jar(unread="the jars of this artifact hold too many entries; the rest is not read")
        directory = read_directory(source, self._records, self._records * _RECORD)
        self._records -= len(directory.members)
        kinds = {defect.kind: defect.detail for defect in directory.defects}
        for kind in ("not-a-zip", "truncated", "bad-central"):
            if kind in kinds:
                return Jar(damage=kinds[kind])
        if "too-many" in kinds:
            self._records = 0
            return Jar(unread=kinds["too-many"])
        return self._classes_of(source, directory)

    def _classes_of(self, source: Source, directory: Directory) -> Jar:
        classes: dict[str, int] = {}
        versioned: dict[str, int] = {}
        manifest = None
        for member in directory.members:
            raw = member.raw
            if raw.endswith(b".class"):
                if self._classes <= 0:
                    return Jar(unread="the jars of this artifact hold too many classes; the rest is not read")
                self._classes -= 1
                name = raw.decode("utf-8", "surrogateescape")[: -len(CLASS)]
                major = class_version(_head(source, directory.base, member, _HEAD))
                (versioned if name.startswith(_VERSIONED) else classes)[name] = major
            elif raw == _MANIFEST.encode():
                # Inflated once, however many entries claim to be it.
                manifest = member
        text = _head(source, directory.base, manifest, _MAX_MANIFEST) if manifest is not None else b""
        multi_release = re.search(_MULTI_RELEASE, text) is not None
        return Jar(classes, versioned if multi_release else {})


class _Pieces:
    """A jar that was inflated in pieces."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self.size = ranges.size

    def read_at(self, offset: int, length: int) -> bytes:
        """See Source."""
        (view,) = self._ranges.fetch([(offset, length)])
        return view.cut()

    def close(self) -> None:
        """Nothing to let go of."""


def _head(source: Source, base: int, member: Member, size: int) -> bytes:
    """The first ``size`` bytes of a member, or as many as can be had."""
    if member.flags & _ENCRYPTED or member.method not in (_STORED, _DEFLATED):
        return b""
    at = base + member.offset
    local = source.read_at(at, _LOCAL)
    if at < 0 or len(local) < _LOCAL or local[:4] != b"PK\x03\x04":
        return b""
    at += _LOCAL + sum(unpack_from("<2H", local, 26))
    if member.method == _STORED:
        return source.read_at(at, min(size, member.compressed))
    packed = source.read_at(at, min(member.compressed, _INPUT + size))
    try:
        return zlib.decompressobj(-15).decompress(packed, size)
    except zlib.error:
        return b""
