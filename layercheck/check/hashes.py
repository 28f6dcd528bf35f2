"""Whether installed files are what their RECORD says, byte for byte. Asked for only: everything is inflated again."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from hashlib import sha256

from ..artifact import FILE, Entry
from ..artifact.distributions import Distribution
from ..named_tuple import NamedTuple
from ..rules import Subject
from ..rules.python_findings import Altered

MAX_FILE = 256 << 20
MAX_TOTAL = 1 << 30
"""Bytes of one file, and of one artifact, that are read again."""


class Compared(NamedTuple):
    """What is known of one artifact; ``unread`` are the paths of what is too large to be read again."""

    altered: tuple[Altered, ...]
    unread: tuple[str, ...]


class HashCheck:
    """Compares the files of each artifact, once for all that share ``known``."""

    def __init__(self, known: dict[str, Compared]) -> None:
        self._known = known

    def altered(self, subjects: Sequence[Subject]) -> tuple[Altered, ...]:
        """For each distribution the files that are something else."""
        found: list[Altered] = []
        for subject in subjects:
            if subject.id not in self._known:
                unread: list[str] = []
                self._known[subject.id] = Compared(tuple(self._of(subject, unread)), tuple(unread))
            found += self._known[subject.id].altered
        return tuple(found)

    def _of(self, subject: Subject, unread: list[str]) -> Iterator[Altered]:
        if subject.artifact.form == "wheel":
            return
        listed = _listed(subject)
        if not listed:
            return
        wrong: dict[str, list[tuple[str, str]]] = {}
        left = MAX_TOTAL
        for entry in subject.artifact.entries:
            digests = listed.get(entry.path)
            if digests is None or entry.kind != FILE or entry.size < 0:
                continue
            if entry.size > min(MAX_FILE, left):
                unread.append(entry.path)
                continue
            left -= entry.size
            how = _difference(subject, entry, {digest for digest, _ in digests})
            if how is not None:
                wrong.setdefault(digests[0][1].info, []).append((entry.path, how))
        for distribution in subject.distributions.all:
            if distribution.info in wrong:
                yield Altered(subject, distribution, tuple(sorted(wrong[distribution.info])))


def _listed(subject: Subject) -> dict[str, list[tuple[str, Distribution]]]:
    """Path to (SHA-256, base64; distribution). Several may list one file: any of their hashes will do."""
    listed: dict[str, list[tuple[str, Distribution]]] = {}
    for distribution in subject.distributions.all:
        for row in distribution.record or ():
            algorithm, _, value = row.hash.partition("=")
            if algorithm == "sha256" and value and not row.path.startswith(("../", "/")):
                listed.setdefault(distribution.directory + row.path, []).append((value.rstrip("="), distribution))
    return listed


def _difference(subject: Subject, entry: Entry, digests: set[str]) -> str | None:
    """What became of a file: ``native`` code that was changed, ``line ends``, or ``content``; None when it is whole."""
    whole, head = sha256(), b""
    # In pieces: a file of 250 MiB need not be in memory.
    for piece in subject.artifact.pieces(entry):
        whole.update(piece)
        head = (head + piece[:4])[:4]
    if _shown(whole.digest()) in digests:
        return None
    if head == b"\x7fELF":
        return "native"
    unix, dos, rest = sha256(), sha256(), b""
    for piece in subject.artifact.pieces(entry):
        data = rest + piece
        # Half of a line end waits for the next piece.
        rest = b"\r" if data.endswith(b"\r") else b""
        plain = data[: len(data) - len(rest)].replace(b"\r\n", b"\n")
        unix.update(plain)
        dos.update(plain.replace(b"\n", b"\r\n"))
    unix.update(rest)
    dos.update(rest)
    return "line ends" if digests & {_shown(unix.digest()), _shown(dos.digest())} else "content"


def _shown(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
