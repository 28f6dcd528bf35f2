"""Artifacts: a zip, a directory, a wheel, a jar or a stream, opened safely and scanned in one pass."""

from .artifact import Artifact, open_artifact
from .dotnet import RIDS
from .entry import (
    DIRECTORY,
    FILE,
    OTHER,
    SYMLINK,
    DotnetDeps,
    Entry,
    Facts,
    Jar,
    NativeAsset,
    NativeCalls,
    NativeImport,
    Opened,
    Php,
)

__all__ = [
    "DIRECTORY",
    "FILE",
    "OTHER",
    "RIDS",
    "SYMLINK",
    "Artifact",
    "DotnetDeps",
    "Entry",
    "Facts",
    "Jar",
    "NativeAsset",
    "NativeCalls",
    "NativeImport",
    "Opened",
    "Php",
    "open_artifact",
]
