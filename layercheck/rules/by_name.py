"""Files that could be the library that code asks for by name."""

from __future__ import annotations

from collections.abc import Collection

from ..filesystem import Node, stem_of
from .base import TargetView

__all__ = ["copies_by_stem", "stem_of", "system_copy"]


def copies_by_stem(view: TargetView) -> dict[str, list[Node]]:
    """The libraries of the artifacts by their stems."""
    found: dict[str, list[Node]] = {}
    for path, node in view.filesystem.overlay.nodes.items():
        name = path[path.rfind("/") + 1 :]
        if ".so" in name and path not in view.filesystem.overlay.links:
            found.setdefault(stem_of(name), []).append(node)
    return found


def system_copy(view: TargetView, stems: Collection[str]) -> str | None:
    """The environment's own copy of such a library, which may bear another version."""
    directories = (*view.environment.library_path, *view.environment.loader.default_directories)
    for directory in dict.fromkeys(directories):
        there = view.filesystem.libraries_in(directory)
        names = [name for stem in stems for name in there.get(stem, ())]
        if names:
            # libssl.so.3 rather than libssl.so.3.5.5: the name that stays when the runtime is patched.
            return f"{directory}/{min(names, key=lambda name: (len(name), name))}"
    return None
