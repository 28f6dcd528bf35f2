"""What is known of one member of an artifact."""

from __future__ import annotations

from typing import NamedTuple

from ..elf import ElfImage, ForeignBinary
from ..finding import Defect
from .npm import NpmPackage

FILE, DIRECTORY, SYMLINK, OTHER = "file", "directory", "symlink", "other"


class Entry(NamedTuple):
    """One member. A tuple, since an artifact may hold 200,000.

    ``raw`` is the name as it stands in the archive; ``path`` the same as UTF-8 with surrogateescape, without "." parts
    and trailing slash. ``mode`` is None where the archive stores none. ``size`` counts the bytes while inflating (-1:
    not inflated), ``declared`` is what the archive says. ``time`` is the DOS date and time, 0 in directories.
    """

    raw: bytes
    path: str
    kind: str
    mode: int | None
    size: int
    declared: int
    compressed: int
    crc: int
    method: int
    host: int
    time: int

    @property
    def bytes(self) -> int:
        """The bytes that it adds to the unzipped total: as counted, or as declared where it was not inflated."""
        return self.size if self.size >= 0 else self.declared


class Facts(NamedTuple):
    """What survived the one pass over a member's bytes.

    ``elf`` is a Defect when the file says that it is ELF and cannot be read. ``first_line`` is set for scripts
    (``#!``), with its line end; ``text`` for files of at most 256 bytes that hold one word. ``magic`` names an archive
    or a key by its first bytes. ``owned`` lists the top-level names of a dist-info/RECORD. ``npm`` is set for the
    package.json of packages with packed programs, ``mentions`` for scripts (see the module npm).
    """

    elf: ElfImage | Defect | None = None
    foreign: ForeignBinary | None = None
    link_target: str | None = None
    first_line: bytes | None = None
    text: str | None = None
    magic: str | None = None
    owned: tuple[str, ...] = ()
    npm: NpmPackage | None = None
    mentions: tuple[str, ...] = ()


def decode_name(raw: bytes) -> str:
    """A member's name as text: UTF-8 with surrogateescape, since Lambda's file system keeps the bytes as they are."""
    return raw.decode("utf-8", "surrogateescape")
