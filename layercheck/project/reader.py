"""A template's file as a document: encodings, and which of the two notations it is in."""

from __future__ import annotations

import os

from .json_reader import read_json
from .nodes import Document, Flaw
from .yaml_reader import read_yaml

MAX_BYTES = 64 << 20


def read_file(path: str) -> Document:
    """The template at ``path``. Raises OSError when the file cannot be read; all else is a flaw."""
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    return read_template(data, path)


def read_template(data: bytes, name: str) -> Document:
    """The template in ``data``. JSON and YAML are told apart by the file's name and the first character."""
    if len(data) > MAX_BYTES:
        return _broken(f"it is larger than {MAX_BYTES:,} bytes")
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _broken(f"it is not UTF-8: byte 0x{data[error.start]:02x} at {error.start:,}", line)
    if "\0" in text:
        return _broken("it holds a NUL character", text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        return _broken("it is empty")
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".json" or (suffix not in (".yaml", ".yml") and text.lstrip().startswith("{")):
        return read_json(text)
    return read_yaml(text)


def _broken(detail: str, line: int | None = None) -> Document:
    return Document(None, (Flaw("broken", detail, line),))
