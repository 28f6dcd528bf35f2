"""/etc/ld.so.cache: which file ldconfig found for which library name.

The formats are those of glibc's ``sysdeps/generic/dl-cache.h``: ``glibc-ld.so.cache1.1``, alone or behind the older
``ld.so-1.7.0`` table. Only 64-bit entries of Lambda's machines are read, and none of subdirectories for special CPUs.
"""

from __future__ import annotations

import struct

_OLD, _NEW = b"ld.so-1.7.0\0", b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = 48, 24
_OLD_HEADER, _OLD_ENTRY = 16, 12
MAX_ENTRIES = 65_536
MAX_BYTES = 16 << 20
"""Bytes of a cache that are looked at. A desktop with thousands of libraries has 100 KB."""
_FLAGS = {"x86_64": 0x0303, "arm64": 0x0A03}
"""FLAG_ELF_LIBC6 with FLAG_X8664_LIB64 or FLAG_AARCH64_LIB64."""
_MAX_NAME = 4_096


def read_cache(data: bytes, architecture: str) -> dict[str, str]:
    """Library names with the path that answers for each; empty when the format is not known. Never raises.

    Of several entries for one name the first one counts, as in glibc's search.
    """
    start = _start(data)
    if start is None or len(data) < start + _HEADER:
        return {}
    count = min(struct.unpack_from("<I", data, start + 20)[0], MAX_ENTRIES)
    found: dict[str, str] = {}
    at = start + _HEADER
    for _ in range(count):
        if at + _ENTRY > len(data):
            break
        flags, key, value, _, hwcap = struct.unpack_from("<IIIIQ", data, at)
        at += _ENTRY
        if flags != _FLAGS[architecture] or hwcap:
            continue
        name, path = _text(data, start + key), _text(data, start + value)
        if name and path:
            found.setdefault(name, path)
    return found


def _start(data: bytes) -> int | None:
    """Where the table of the new format begins; its string offsets count from there."""
    if data.startswith(_NEW):
        return 0
    if not data.startswith(_OLD) or len(data) < _OLD_HEADER:
        return None
    count: int = struct.unpack_from("<I", data, 12)[0]
    start = (_OLD_HEADER + count * _OLD_ENTRY + 7) & ~7
    return start if data[start : start + len(_NEW)] == _NEW else None


def _text(data: bytes, at: int) -> str | None:
    end = data.find(b"\0", at, at + _MAX_NAME)
    return None if end < 0 else data[at:end].decode("utf-8", "surrogateescape")
