"""A Lambda function (Python 3.8 or newer) that returns the libraries of its environment, for `layercheck capture`.

Save it as lambda_function.py, set the handler to lambda_function.handler, give it 512 MB and one minute, invoke it, and
hand its response to `layercheck capture`. It reads files and changes nothing.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

SKIPPED = {"/proc", "/sys", "/dev", "/tmp", "/opt", "/var/task"}
LIBRARY = re.compile(r"^lib.*\.so")
METADATA = re.compile(r"\.(dist|egg)-info$")
WHOLE = re.compile(r"^/etc/(ld\.so\.cache|ld-musl-.*\.path)$|/ld-[^/]*\.so[^/]*$")
WHOLE_BYTES = 4 << 20
TEXT = 4096


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the capture."""
    lines = [f"V\t{name}\t{os.environ[name]}" for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ]
    return {"layercheck_capture": 1, "lines": lines + list(walk("/"))}


def walk(folder: str) -> Iterator[str]:
    """Yield one line for each thing worth telling below the folder."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        # A name that is not UTF-8, or that holds a line break or a tab, cannot be told in a line.
        if not entry.name.isprintable():
            continue
        if entry.is_symlink():
            target = os.readlink(entry.path)
            if target.isprintable():
                yield f"L\t{entry.path}\t{target}"
        elif entry.is_dir(follow_symlinks=False):
            if LIBRARY.search(entry.name) or METADATA.search(entry.name):
                yield f"D\t{entry.path}"
            if entry.path not in SKIPPED:
                yield from walk(entry.path)
        elif entry.is_file(follow_symlinks=False):
            yield from told(entry)


def told(entry: os.DirEntry[str]) -> Iterator[str]:
    """Yield the line of one file, if it is worth one."""
    status = entry.stat(follow_symlinks=False)
    executable = 1 if status.st_mode & 0o111 else 0
    try:
        with open(entry.path, "rb") as file:
            pieces = Pieces(file)
            whole = WHOLE.search(entry.path)
            is_elf = file.read(4) == b"\x7fELF"
            if whole:
                pieces.read(0, min(status.st_size, WHOLE_BYTES))
            elif is_elf:
                pieces.elf()
    except OSError:
        if LIBRARY.search(entry.name):
            yield f"U\t{entry.path}"
        return
    in_bin = executable and entry.path.split("/")[-2] in ("bin", "sbin")
    if is_elf or whole or in_bin or LIBRARY.search(entry.name) or METADATA.search(entry.name):
        fields = ["E" if is_elf else "F", entry.path, str(status.st_size), str(executable), *pieces.told]
        yield "\t".join(fields)


class Pieces:
    """Reads an ELF file and remembers what it read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.told: list[str] = []
        self.loads: list[tuple[int, int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        """Read bytes and tell them."""
        self.file.seek(offset)
        data = self.file.read(length)
        self.told.append(f"{offset}:{data.hex()}")
        return data

    def elf(self) -> None:
        """Tell the headers of any ELF file, and what a 64-bit little-endian one needs and defines."""
        head = self.read(0, 64)
        if len(head) < 64 or head[4:6] != b"\x02\x01":
            return
        (start,), (count,) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<H", head, 56)
        table = self.read(start, 56 * min(count, 512))
        dynamic = b""
        for at in range(0, len(table) - 55, 56):
            kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", table, at)
            if kind == 1:
                self.loads.append((address, size, offset))
            elif kind == 2:
                dynamic = self.read(offset, min(size, 65536))
            elif kind in (3, 4, 0x6474E553):
                self.read(offset, min(size, TEXT))
        tags: dict[int, int] = {}
        names: list[int] = []
        for at in range(0, len(dynamic) - 15, 16):
            tag, value = struct.unpack_from("<qQ", dynamic, at)
            if tag == 0:
                break
            tags[tag] = value
            if tag in (1, 14, 15, 29, 0x7FFFFFFD, 0x7FFFFFFF):
                names.append(value)
        self.versions(tags, 0x6FFFFFFE, 16, "<4xIII", names)
        self.versions(tags, 0x6FFFFFFC, 20, "<12xII", names)
        strings = self.place(tags.get(5))
        if strings is not None:
            for name in sorted(set(names)):
                self.string(strings + name)

    def versions(self, tags: dict[int, int], table: int, size: int, layout: str, names: list[int]) -> None:
        """Tell DT_VERNEED or DT_VERDEF with all their entries, and collect the names that they use."""
        at = self.place(tags.get(table))
        for _ in range(min(tags.get(table + 1, 0), TEXT)):
            entry = b"" if at is None else self.read(at, size)
            if at is None or len(entry) < size:
                return
            *file, inner, following = struct.unpack_from(layout, entry)
            names += file
            count = struct.unpack_from("<H", entry, 2 if file else 6)[0]
            aux = at + inner
            for _ in range(count if file else min(count, 1)):
                part = self.read(aux, 16 if file else 8)
                if len(part) < 8:
                    return
                names.append(struct.unpack_from("<I", part, 8 if file else 0)[0])
                aux += struct.unpack_from("<I", part, 12 if file else 4)[0]
            if not following:
                return
            at += following

    def place(self, address: int | None) -> int | None:
        """Give the file offset of an address; None when it is in no segment."""
        for start, size, offset in self.loads:
            if address is not None and start <= address < start + size:
                return address - start + offset
        return None

    def string(self, at: int) -> None:
        """Tell one string with its end."""
        self.file.seek(at)
        data = self.file.read(TEXT)
        self.told.append(f"{at}:{data[: data.find(0) + 1].hex()}")
