"""Emulation of the dynamic loader: what a program would load inside a deployment, and what would be missing."""

from .glibc import GlibcLoader
from .model import Load, LoadedObject, Lookup, MissingVersion, Resolution, Uncalled, Unopened
from .musl import MuslLoader
from .resolve import resolve
from .roots import Root, find_roots
from .search import expand, split_library_path, split_path
from .work import Work

__all__ = [
    "GlibcLoader",
    "Load",
    "LoadedObject",
    "Lookup",
    "MissingVersion",
    "MuslLoader",
    "Resolution",
    "Root",
    "Uncalled",
    "Unopened",
    "Work",
    "expand",
    "find_roots",
    "resolve",
    "split_library_path",
    "split_path",
]
