"""Inflating, within bounds. Two engines, one result: the standard library's zlib, and libdeflate where it is installed.

libdeflate bounds its output by construction; where it refuses, zlib is asked for the reason, so that both engines lead
to the same words.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

from ..named_tuple import NamedTuple

MAX_WHOLE = 64 << 20
"""Members up to this many bytes are inflated in one piece (DESIGN section 6)."""
PIECE = 1 << 20
"""The most bytes made in one step; a chunk of ordinary data gives far less."""
_RATIO = 1_032
"""The most bytes that deflate makes of one (zlib's technical details)."""
_TINY = 64
"""Bytes of compressed data that zlib has done while libdeflate prepares: three times as fast at 30, even at 100."""
_SHORT = 128 << 10
"""Bytes of compressed data from which at most 129 MiB come."""
CHUNK = 256 << 10
"""Bytes of compressed data handed over at a time: after each, zlib copies its window of 32 KiB."""


Inflated = tuple[bytes, tuple[str, str] | None]
"""What could be inflated, and what is wrong with it: None, or (kind of defect, detail)."""


class Engine(NamedTuple):
    """``inflate`` takes a raw deflate stream and the declared size in bytes; what it gives may be a bytearray.

    ``crc32`` takes bytes and the checksum of those before them, as ``zlib.crc32`` does.
    """

    name: str
    inflate: Callable[[bytes, int], Inflated]
    crc32: Callable[..., int]


def choose_engine(name: str = "auto") -> Engine:
    """The engine called ``zlib`` or ``deflate``; ``auto`` takes the faster one that is importable.

    Raises ImportError when ``deflate`` is asked for and not installed, ValueError for another name.
    """
    if name == "zlib":
        return ZLIB
    if name not in ("auto", "deflate"):
        raise ValueError(f"unknown inflate engine {name!r}")
    try:
        from deflate import crc32, deflate_decompress
    except ImportError:
        if name == "deflate":
            raise
        return ZLIB

    def inflate_deflate(data: bytes, declared: int) -> Inflated:
        # Of an empty member, libdeflate would stop before the first byte and never see that there is more.
        if not declared or len(data) <= _TINY:
            return inflate_zlib(data, declared)
        try:
            out = deflate_decompress(data, originalsize=declared)
        except Exception:  # the binding documents no exception type; whatever it was, zlib finds the words
            return inflate_zlib(data, declared)
        if len(out) != declared:
            return inflate_zlib(data, declared)
        # A bytearray, which is as good: copying it would take longer than all that is looked for in it.
        return out, None  # type: ignore[return-value]

    return Engine("deflate", inflate_deflate, crc32)


def inflate_zlib(data: bytes, declared: int) -> Inflated:
    """Inflate a raw deflate stream that should yield ``declared`` bytes.

    A long stream never makes more than one byte above that; a short one may: ``work_of_bomb`` says how many.
    """
    if len(data) <= _SHORT:
        # Made at once in a buffer of the right size, which is copied no more.
        try:
            out = zlib.decompress(data, -15, declared or 1)
        except zlib.error:
            pass
        else:
            return out, verdict(len(out), declared, complete=True)
    stream = zlib.decompressobj(-15)
    try:
        out = stream.decompress(data, declared + 1)
    except zlib.error as error:
        return b"", ("undecodable", _reason(error))
    if len(out) == declared and stream.eof:
        return out, None
    return out, verdict(len(out), declared, stream.eof)


def work_of_bomb(compressed: int, declared: int) -> int:
    """The most bytes that either engine made of a stream before it was found to give more than ``declared``."""
    return compressed * _RATIO if compressed <= _SHORT else declared


ZLIB = Engine("zlib", inflate_zlib, zlib.crc32)


def verdict(counted: int, declared: int, complete: bool) -> tuple[str, str] | None:
    """What is wrong with a stream that gave ``counted`` bytes (reading stopped just above ``declared``)."""
    if counted > declared:
        return ("bomb", f"inflates to more than the {declared} bytes that the archive declares")
    if not complete:
        return ("truncated", f"its data ends after {counted} of {declared} bytes")
    if counted != declared:
        return ("bad-size", f"inflates to {counted} bytes, the archive declares {declared}")
    return None


def inflate_pieces(chunks: Iterable[bytes], declared: int) -> Iterator[bytes | tuple[str, str]]:
    """Inflate a long stream piece by piece; the last item is a problem instead of bytes if there was one."""
    stream = zlib.decompressobj(-15)
    counted = 0
    try:
        for chunk in chunks:
            while chunk and counted <= declared:
                out = stream.decompress(chunk, PIECE)
                counted += len(out)
                if out and counted <= declared:
                    yield out
                chunk = stream.unconsumed_tail
            if stream.eof or counted > declared:
                break
        while counted <= declared and (out := stream.decompress(b"", PIECE)):
            counted += len(out)
            if counted <= declared:
                yield out
    except zlib.error as error:
        yield ("undecodable", _reason(error))
        return
    problem = verdict(counted, declared, stream.eof)
    if problem is not None:
        yield problem


def _reason(error: zlib.error) -> str:
    return "its deflate stream is invalid: " + str(error).rsplit(": ", 1)[-1]
