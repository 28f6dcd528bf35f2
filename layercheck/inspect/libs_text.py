"""The text of ``layercheck libs``: one tree a root."""

from __future__ import annotations

from collections.abc import Iterator

from .libs import Libraries, Need, RootView, VersionNeed

_VIA = {
    "rpath": "DT_RPATH",
    "library-path": "LD_LIBRARY_PATH",
    "runpath": "DT_RUNPATH",
    "cache": "ld.so.cache",
    "default": "default directory",
    "loaded": "loaded already",
    "path": "by its path",
}
_MARKS = {"loads": "ok  ", "static": "ok  ", "unverified": "ok? "}


def lines(libraries: Libraries, *, verbose: bool = False, quiet: bool = False) -> Iterator[str]:
    """Line by line, as they stand in the files: whoever prints them makes names safe to show.

    ``verbose`` also shows lookups that a loaded object answered; ``quiet`` only roots that do not load.
    """
    shown = ":".join(libraries.library_path) if libraries.library_path else "not set"
    if not quiet:
        yield f"target: {libraries.runtime} on {libraries.architecture}, LD_LIBRARY_PATH {shown}"
    for item in libraries.objects:
        if not quiet or (item.root and not item.loads):
            yield from _root(item, verbose)
    roots = [item for item in libraries.objects if item.root]
    if not roots:
        yield "no ELF file that something opens"
        return
    failing = sum(not item.loads for item in roots)
    unsure = sum(item.status == "unverified" for item in roots)
    more = f" ({unsure} with versions that could not be verified)" if unsure else ""
    yield f"{len(roots) - failing} of {len(roots)} roots load{more}"


def _root(item: RootView, verbose: bool) -> Iterator[str]:
    aside = "" if item.root else "; another build of it is for this target"
    note = f" ({item.note}{aside})" if item.note else ""
    yield f"{_MARKS.get(item.status, 'FAIL')} {item.path}: {item.status}{note}"
    by_requirer: dict[str, list[Need]] = {}
    for need in item.needed:
        by_requirer.setdefault(need.required_by, []).append(need)
    missing: dict[str, list[VersionNeed]] = {}
    unverified: dict[str, list[VersionNeed]] = {}
    for facts, table in ((item.missing_versions, missing), (item.unverified, unverified)):
        for fact in facts:
            table.setdefault(fact.required_by, []).append(fact)
    # Each object is opened once, so a tree has no more nodes than there are objects; a stack, as it may be deep.
    stack = [_Branch(item.path, 1)]
    opened = {item.path}
    while stack:
        branch = stack.pop()
        indent = "     " + "  " * (branch.depth - 1)
        if branch.need is not None:
            yield from _need(branch.need, indent[2:])
        if branch.path is None or (branch.need is not None and not branch.first):
            continue
        yield from _version_lines(branch.path, indent, missing, "lacks")
        yield from _version_lines(branch.path, indent, unverified, "may lack")
        children = []
        for need in by_requirer.get(branch.path, ()):
            first = need.path is not None and need.path not in opened
            if need.path is not None:
                opened.add(need.path)
            if first or need.path is None or verbose:
                children.append(_Branch(need.path, branch.depth + 1, need, first))
        stack += reversed(children)
    if item.error is not None:
        yield f"     the load ends at {item.error[0]}: {item.error[1]}"


class _Branch:
    """A place in the tree: the object at ``path`` as ``need`` found it; ``first`` where it is opened."""

    __slots__ = ("depth", "first", "need", "path")

    def __init__(self, path: str | None, depth: int, need: Need | None = None, first: bool = True) -> None:
        self.path, self.depth, self.need, self.first = path, depth, need, first


def _need(need: Need, indent: str) -> Iterator[str]:
    if need.path is not None:
        yield f"{indent}{need.name} => {need.path} ({_VIA.get(need.via or '', need.via)}, {need.origin})"
        return
    yield f"{indent}{need.name} => not found; tried:"
    yield from (f"{indent}    {line}" for line in need.tried)
    if not need.tried:
        yield f"{indent}    no directory at all"


def _version_lines(path: str, indent: str, facts: dict[str, list[VersionNeed]], words: str) -> Iterator[str]:
    by_library: dict[str, list[str]] = {}
    for fact in facts.get(path, ()):
        by_library.setdefault(fact.path, []).append(fact.version)
    for library, versions in by_library.items():
        yield f"{indent}{library} {words} {', '.join(versions)}"
