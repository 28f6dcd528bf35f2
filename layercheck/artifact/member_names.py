"""The members of an archive by name: the path and the kind of each, and what is wrong with the names."""

from __future__ import annotations

from ..finding import Defect
from ..named_tuple import NamedTuple
from .entry import DIRECTORY, OTHER, decode_name, members_without_files
from .names import ALWAYS_PLACED, Trees, is_ordinary, name_defect, ordinary_paths, plain_path, shortened
from .zip_directory import Directory, Member, kind_of


class Named(NamedTuple):
    """Path and kind by the members' numbers. ``replaced``: a later member has their name; ``left_out``: no place in a
    file system."""

    paths: list[str]
    kinds: list[str]
    replaced: set[int]
    left_out: set[int]
    defects: list[Defect]


def name_members(directory: Directory) -> Named:
    """Name all members of an archive."""
    members = directory.members
    trees = Trees(members)
    paths = None if trees.large else ordinary_paths([member.raw for member in members])
    if paths is None:
        named = _one_by_one(members, trees)
    else:
        named = Named(paths, [kind_of(member) for member in members], set(), set(), [])
    unread = {"not-a-zip", "truncated", "bad-central"}
    if members_without_files(named.kinds) and unread.isdisjoint(d.kind for d in (*directory.defects, *named.defects)):
        named.defects.append(Defect("empty", None, "it holds no file"))
    return named


def _one_by_one(members: list[Member], trees: Trees) -> Named:
    named = Named([], [], set(), set(), [])
    seen: dict[str, int] = {}
    for index, member in enumerate(members):
        raw = member.raw
        if (trees.large or len(raw) > ALWAYS_PLACED) and (problem := trees.problem(raw)) is not None:
            named.left_out.add(index)
            named.paths.append(shortened(raw))
            named.kinds.append(OTHER)
            named.defects.append(Defect(problem[0], named.paths[index], problem[1]))
            continue
        if is_ordinary(raw):
            path = raw.decode("ascii")
        else:
            path = plain_path(decode_name(raw))
            problem = name_defect(raw)
            if problem is not None:
                named.defects.append(Defect(problem[0], path, problem[1]))
        named.paths.append(path)
        named.kinds.append(kind_of(member))
        if path in seen and named.kinds[index] != DIRECTORY:
            named.defects.append(Defect("duplicate", path, "the archive has this name more than once"))
            # A reader that unzips in order keeps the last, so only that one is looked into.
            named.replaced.add(seen[path])
        seen[path] = index
    return named
