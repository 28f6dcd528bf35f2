"""The environment of a recipe ([judge.environment]), as a capture with symbols would have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layercheck.elf import ElfImage, read_elf
from layercheck.elf.symbols import read_symbols
from layercheck.environment import Environment
from layercheck.environment.capture_elf import to_record
from layercheck.environment.capture_symbols import to_record as symbols_to_record
from layercheck.environment.captured import from_document
from support.recipe_build import FileRecipe

LIBRARY_PATH = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}


def environment_of(files: Sequence[FileRecipe], glibc: str, architecture: str) -> Environment:
    """The environment that holds these files (absolute paths without the slash in front)."""
    records: dict[str, Any] = {"/lib64": {"link": "usr/lib64"}}
    symbols: dict[str, Any] = {}
    for file in files:
        path = "/" + file.path
        image, known = read_elf(file.data), read_symbols(file.data)
        if file.kind == "symlink":
            records[path] = {"link": file.data.decode()}
            continue
        assert isinstance(image, ElfImage), path
        assert known is not None, path
        records[path], symbols[path] = {"elf": to_record(image)}, symbols_to_record(known)
    return from_document(
        {
            "schema_version": "1.0",
            "name": "captured",
            "architecture": architecture,
            "loader": {
                "kind": "glibc", "version": glibc, "path": LOADERS[architecture],
                "default_directories": ["/lib64", "/usr/lib64"],
            },
            "library_path": LIBRARY_PATH,
            "files": records,
            "symbols": symbols,
        }
    )  # fmt: skip
