"""What a test compares of two artifacts, and the stream that cannot seek."""

from __future__ import annotations

import io
from typing import Any

from layercheck.artifact import Artifact


def observed(artifact: Artifact) -> dict[str, Any]:
    """Return everything that an artifact says about its content, but for its name."""
    return {
        "form": artifact.form,
        "zip_bytes": artifact.zip_bytes,
        "code_sha256": artifact.code_sha256,
        "content_sha256": artifact.content_sha256,
        "entries": tuple(artifact.entries),
        "defects": tuple(artifact.defects),
        "facts": dict(artifact.facts),
        "unzipped_bytes": artifact.unzipped_bytes,
        "inflate_count": artifact.inflate_count,
    }


def kinds(artifact: Artifact) -> set[str]:
    """Return the kinds of the artifact's defects."""
    return {defect.kind for defect in artifact.defects}


class Unseekable(io.RawIOBase):
    """A binary stream as a pipe is one: it gives what it has, in small pieces, once."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._rest = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest.read(min(len(buffer), 997))
        buffer[: len(piece)] = piece
        return len(piece)
