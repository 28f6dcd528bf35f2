"""The files in which an installed Python distribution describes itself: what is kept of them, and how they are read.

METADATA and PKG-INFO are headers (core metadata), WHEEL too (PEP 427), RECORD is CSV (PEP 376), requires.txt is made of
sections (setuptools). The readers take whatever is there: the files may come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..elf.reader import Ranges
from ..named_tuple import NamedTuple

MAX_RECORD = 8 << 20
MAX_METADATA = 1 << 20
"""Bytes of one such file that are read, and kept until the check is over."""
MAX_ROWS = 200_000
NAMED = ("/METADATA", "/WHEEL", "/RECORD", "-INFO", ".egg-info", ".txt")
"""How the names of such files end: told fast, and of few others."""
_IN_INFO = ("METADATA", "WHEEL", "RECORD", "PKG-INFO", "top_level.txt", "requires.txt")
# A group that repeats without a bound would keep a hundred bytes for each time.
_INSIDE = r'[^"]*(?:""[^"]*){0,1000}'
_REST = r"([^,\r\n]*)(\r\n|[,\r\n]|\Z)"
_FIELDS = 3


class RecordRow(NamedTuple):
    """One line of RECORD. ``path`` as listed; ``hash`` as algorithm=value, "" for none; ``size`` in bytes or None."""

    path: str
    hash: str
    size: int | None


def is_kept(path: str) -> bool:
    """Whether a file belongs to the metadata of a distribution."""
    directory, _, name = path.rpartition("/")
    if directory.endswith((".dist-info", ".egg-info", "EGG-INFO")):
        return name in _IN_INFO
    return name.endswith(".egg-info")


def kept(path: str, data: bytes, ranges: Ranges | None) -> bytes:
    """What is kept of a file's bytes: of headers those up to the first empty line. Where there is more than is read, a
    byte too many tells it."""
    record = path.endswith("/RECORD")
    limit = (MAX_RECORD if record else MAX_METADATA) + 1
    if ranges is not None:
        views = ranges.fetch([(0, min(ranges.size, limit))])
        data = b"".join([view.buffer[view.start : view.end] for view in views])
    if path.endswith(("/METADATA", "-INFO", ".egg-info")):
        ends = [at for at in (data.find(end, 0, limit) for end in (b"\n\n", b"\n\r\n", b"\r\r")) if at >= 0]
        limit = min([limit, *ends])
    return bytes(data[:limit])


def text_of(data: bytes) -> str:
    """UTF-8, as all of them are; what is not is kept as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def headers(data: bytes) -> dict[str, list[str]]:
    """The headers by their names in lower case, as written. Ends at the first line that is none, as the parser of
    messages does with which Python reads them."""
    found: dict[str, list[list[str]]] = {}
    lines: list[str] | None = None
    text = text_of(data)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if lines is not None:
                lines.append(line)
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or " " in name or not name.isascii() or not name.isprintable():
            break
        lines = [value]
        found.setdefault(name.lower(), []).append(lines)
    return {name: [" ".join(value) for value in values] for name, values in found.items()}


def one_line(value: str) -> str:
    """A header's value without folds and the spaces around it."""
    return " ".join(value.split())


def record_rows(data: bytes) -> Iterator[RecordRow]:
    """The rows of a RECORD that name a file."""
    text = text_of(data)
    if '"' in text:
        for row in _quoted(text):
            if row[0]:
                yield RecordRow(row[0], row[1] if len(row) > 1 else "", _size(row[2] if len(row) > 2 else ""))
        return
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n"):
        path, _, rest = line.partition(",")
        if path:
            digest, _, size = rest.partition(",")
            yield RecordRow(path, digest, _size(size if "," not in size else size.partition(",")[0]))


def _size(text: str) -> int | None:
    return int(text) if text.isdigit() and text.isascii() and len(text) < 20 else None


def _quoted(text: str) -> Iterator[list[str]]:
    """Rows of CSV, the first fields of each: fields in quotes may hold commas, line ends, and quotes twice."""
    inside, rest = re.compile(_INSIDE), re.compile(_REST)
    row: list[str] = []
    at = 0
    while at < len(text):
        quoted = ""
        if text[at] == '"':
            start = at = at + 1
            while (match := inside.match(text, at)) is not None and text.startswith('""', match.end()):
                at = match.end()
            at = match.end() if match is not None else len(text)
            quoted = text[start:at].replace('""', '"')
            at += 1
        field = rest.match(text, at)
        if len(row) < _FIELDS:
            row.append(quoted + (field[1] if field is not None else ""))
        at = field.end() if field is not None else len(text)
        if field is None or field[2] != ",":
            yield row
            row = []
    if row:
        yield row


def lines(data: bytes) -> list[str]:
    """The lines of top_level.txt that say something."""
    return [line for line in map(str.strip, text_of(data).splitlines()) if line and not line.startswith("#")]


def requirements(data: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(requirements as Requires-Dist would say them, extras) of a requires.txt with its sections [extra:marker]."""
    found: list[str] = []
    extras: dict[str, None] = {}
    condition = ""
    for line in lines(data):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            if extra:
                extras[extra] = None
                marker = f"({marker}) and " if marker else ""
                marker += f'extra == "{extra}"'
            condition = f"; {marker}" if marker else ""
        else:
            # A URL ends where a space is.
            found.append(line + (" " if condition and "@" in line else "") + condition)
    return tuple(found), tuple(extras)
