"""What a printed function returned (see `layercheck.environment.handlers`), read as the files of its environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NoReturn

from ..named_tuple import NamedTuple
from .capture_source import DIRECTORY, FILE, LINK, Member, Sparse

MAX_BYTES = 256 << 20
"""Bytes of one response that are read. The service itself allows 6 MB."""


class WrongResponse(ValueError):
    """It is no capture; the message says why."""


class Response(NamedTuple):
    """The lines of one capture."""

    lines: tuple[str, ...]

    def variables(self) -> dict[str, str]:
        """The environment variables that it tells."""
        told = [line.split("\t") for line in self.lines if line.startswith("V\t")]
        return {fields[1]: fields[2] for fields in told if len(fields) == 3}

    def members(self) -> Iterator[Member]:
        """The files. Raises WrongResponse for a line that is not as it should be."""
        for number, line in enumerate(self.lines, 1):
            fields = line.split("\t")
            try:
                member = _member(fields)
            except (ValueError, IndexError):
                raise WrongResponse(f"line {number} of the capture cannot be understood: {line[:60]!r}") from None
            if member is not None:
                yield member


def read_response(data: bytes) -> Response:
    """The response in ``data``, as a function returns it. Raises WrongResponse."""
    if len(data) > MAX_BYTES:
        raise WrongResponse(f"larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WrongResponse(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("layercheck_capture") != 1:
        told = document.get("errorMessage") if isinstance(document, dict) else None
        raise WrongResponse(f"the function failed: {told}" if told else "not what the capturing function returns")
    lines = document.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise WrongResponse("it has no lines")
    return Response(tuple(lines))


def _member(fields: list[str]) -> Member | None:
    kind, path = fields[0], fields[1]
    if kind == "V":
        return None
    if not path.startswith("/"):
        raise ValueError(path)
    if kind == "L":
        return Member(path, LINK, target=fields[2])
    if kind == "D":
        return Member(path, DIRECTORY)
    if kind == "U":
        return Member(path, FILE, content=_Unreadable())
    if kind in ("E", "F"):
        size, executable = int(fields[2]), fields[3] == "1"
        return Member(path, FILE, executable, content=Sparse(size, [_piece(text) for text in fields[4:]]))
    raise ValueError(kind)


def _piece(text: str) -> tuple[int, bytes]:
    offset, _, content = text.partition(":")
    return int(offset), bytes.fromhex(content)


class _Unreadable:
    """A file that was there and could not be read."""

    size = 0

    def fetch(self, wanted: Sequence[tuple[int, int]]) -> NoReturn:
        """See elf.Ranges. Always raises OSError."""
        raise PermissionError("could not be read where it was captured")
