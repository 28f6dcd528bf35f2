"""Builds what a recipe of the corpus describes: files, filled up to any size, and archives or directories of them.

Sizes are bytes. Big files never stand in memory as a whole, and compress quickly, so that a layer of 300 MB is made in
a second.
"""

from __future__ import annotations

import base64
import os
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.zip_writer import DEFLATED, STORED, UNIX, Member, build_zip, deflate

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileRecipe:
    """One member. ``size``, when not None, is what ``data`` is filled up to; ``seed`` decides the filling."""

    path: str
    data: bytes
    kind: str = "file"
    mode: int = 0o644
    size: int | None = None
    fill: str = "sparse"
    seed: str = ""
    stored: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactRecipe:
    """One artifact, or (``arn``) a layer that is not at hand."""

    kind: str = "auto"
    form: str = "zip"
    name: str = ""
    files: tuple[FileRecipe, ...] = ()
    text: str = ""
    host: int = UNIX
    modes: bool = True
    backslashes: bool = False
    encode: str | None = None
    arn: str | None = None


def write_artifact(recipe: ArtifactRecipe, folder: Path) -> Path:
    """Make one artifact in ``folder`` and return its path."""
    folder.mkdir(parents=True)
    target = folder / recipe.name
    if recipe.form == "directory":
        for file in recipe.files:
            _write_file(file, target / file.path)
        return target
    if recipe.form == "text":
        target.write_bytes(recipe.text.encode())
        return target
    data = build_zip(member(file, recipe) for file in recipe.files)
    if recipe.encode == "base64":
        data = base64.b64encode(data)
    target.write_bytes(data)
    return target


def full_size(file: FileRecipe) -> int:
    return len(file.data) if file.size is None else file.size


def _block(file: FileRecipe) -> bytes:
    """What a file is filled with: noise that does not compress, or 256 bytes of it in every 65,536 (about 1:150)."""
    source = random.Random(file.seed)
    if file.fill == "noise":
        return source.randbytes(BLOCK)
    return b"".join(source.randbytes(256).ljust(1 << 16, b"\0") for _ in range(BLOCK >> 16))


def pieces(file: FileRecipe) -> Iterator[bytes]:
    """The file's bytes, so that a big one never stands in memory as a whole."""
    yield file.data
    left = full_size(file) - len(file.data)
    if left <= 0:
        return
    block = _block(file)
    for _ in range(left // BLOCK):
        yield block
    yield block[: left % BLOCK]


def _write_file(file: FileRecipe, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.kind == "symlink":
        os.symlink(file.data.decode(), path)
        return
    with path.open("wb") as stream:
        stream.writelines(pieces(file))
    path.chmod(file.mode)


def member(file: FileRecipe, artifact: ArtifactRecipe) -> Member:
    crc = 0
    for piece in pieces(file):
        crc = zlib.crc32(piece, crc)
    return Member(
        file.path.replace("/", "\\") if artifact.backslashes else file.path,
        mode=file.mode,
        kind=file.kind,
        method=STORED if file.stored or file.kind == "symlink" else DEFLATED,
        host=artifact.host,
        external_attr=None if artifact.modes else 0,
        payload=_payload(file),
        crc=crc,
        size=full_size(file),
    )


def _payload(file: FileRecipe) -> bytes:
    if file.stored or file.kind == "symlink":
        return b"".join(pieces(file))
    if file.size is None:
        return deflate(file.data)
    # All blocks are equal, so one is compressed, up to a full flush, and its stream repeated: quick at any size.
    block, left = _block(file), file.size - len(file.data)
    streams = [_flushed(file.data), _flushed(block) * (left // BLOCK), deflate(block[: left % BLOCK])]
    return b"".join(streams)


def _flushed(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
