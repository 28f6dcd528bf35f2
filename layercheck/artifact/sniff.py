"""What a file that should be a zip really is, told by its first bytes."""

from __future__ import annotations

_MAGIC = (
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "an ELF program"),
    (b"version https://git-lfs", "a Git LFS pointer: the real file was never fetched"),
)


def describe(head: bytes, size: int) -> str:
    """Name the content of a file of ``size`` bytes whose first 4,096 bytes (or fewer) are ``head``."""
    if not size:
        return "it is empty (0 bytes)"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return f"it is {name}"
    if head[257:262] == b"ustar":
        return "it is a tar archive"
    if not head.strip(b"\0"):
        return "it holds only NUL bytes"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] in (b"{", b"[") and _is_text(head):
        return "it is JSON text"
    lower = text[:256].lower()
    if lower.startswith((b"<!doctype html", b"<html")):
        return "it is an HTML page"
    if lower.startswith(b"<"):
        return "it is XML or HTML text"
    if text.startswith((b"UEsDB", b"UEsFB")):
        return "it is a zip encoded as base64 text"
    if text.startswith(b"VUVzRE"):
        return "it is a zip encoded as base64 text twice"
    if head.startswith(b"PK"):
        return "it begins like a zip, but no end record was found"
    if _is_text(head):
        return f"it is text: {text[:60].decode('utf-8', 'replace')!a}"
    return f"its first bytes are {head[:4].hex(' ')}"


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the cut at the end may fall inside a character."""
    if head.translate(None, bytes(range(32, 256)) + b"\n\r\t\f"):
        return False
    try:
        head[: max(0, len(head) - 4)].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 8 and len(head) > 16
    return True
