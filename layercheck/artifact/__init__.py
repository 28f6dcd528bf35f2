"""Artifacts: a zip, a directory, a wheel, a jar or a stream, opened safely and scanned in one pass."""

from .artifact import Artifact, open_artifact
from .entry import DIRECTORY, FILE, OTHER, SYMLINK, DotnetDeps, Entry, Facts, Jar, NativeAsset, Opened, Php

__all__ = [
    "DIRECTORY",
    "FILE",
    "OTHER",
    "SYMLINK",
    "Artifact",
    "DotnetDeps",
    "Entry",
    "Facts",
    "Jar",
    "NativeAsset",
    "Opened",
    "Php",
    "open_artifact",
]
