"""ELF files: bytes in, linking facts out; which libc a file was made for; which binaries are not ELF at all."""

from .foreign import ForeignBinary, identify
from .image import ElfImage, Segment, machine_name
from .layout import View
from .libc import Libc, detect_libc
from .reader import Ranges, read_elf, read_elf_ranges

__all__ = [
    "ElfImage",
    "ForeignBinary",
    "Libc",
    "Ranges",
    "Segment",
    "View",
    "detect_libc",
    "identify",
    "machine_name",
    "read_elf",
    "read_elf_ranges",
]
