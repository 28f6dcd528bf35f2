"""The file system that a function sees: the environment at /, the function at /var/task, the layers merged at /opt.

Paths are resolved as Linux does: component by component, symlinks followed, ``..`` after the link it follows. Nothing
here touches the host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .artifact import DIRECTORY, SYMLINK, Artifact, Entry, Facts
from .artifact.names import MAX_DEPTH, MAX_PATH, installed_place
from .elf import ElfImage
from .environment.model import Environment, EnvironmentFile, Link, Other
from .named_tuple import NamedTuple

TASK, OPT = "/var/task", "/opt"
_MAX_LINKS = 40
"""Linux's own bound on symlinks in one path (MAXSYMLINKS)."""
MAX_STEPS = 1_500_000
"""Directories passed on the way of symlinks in one deployment, on all environments together: a second or two."""
TOO_MANY = "too many links"


class Mount(NamedTuple):
    """One artifact in its place: ``at`` is /opt, /var/task, or a directory below for a wheel."""

    artifact: Artifact
    at: str

    def place(self, path: str) -> str:
        """Where a file of the artifact comes to lie below ``at``: as it is, but for the .data directory of a wheel."""
        return installed_place(path) if self.artifact.form == "wheel" else path


class Node(NamedTuple):
    """A file or directory that exists. ``mount`` is the index of its artifact, -1 in the environment."""

    path: str
    mount: int
    entry: Entry | None
    facts: Facts | None
    file: EnvironmentFile | None
    is_directory: bool


class Hit(NamedTuple):
    """``opened`` is the path as asked for (``$ORIGIN`` is its directory), ``real`` the path without links."""

    node: Node
    opened: str
    real: str

    @property
    def identity(self) -> str:
        """Equal for two paths that lead to the same file."""
        return self.real


class Miss(NamedTuple):
    """``reason``: absent, loop, not a directory, denied, escapes, or too many links (not followed, so not known)."""

    reason: str


class Overlay:
    """What the artifacts of a deployment put below /opt and /var/task; later layers replace files of earlier ones."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self.mounts = tuple(mounts)
        self.nodes: dict[str, Node] = {}
        self.links: dict[str, str] = {}
        # Each directory with the first artifact that has something in it; -1 for the mounts themselves.
        self.directories: dict[str, int] = {OPT: -1, "/var": -1, TASK: -1}
        self.overridden: list[tuple[str, int, int]] = []
        self._libraries: dict[str, list[Node]] | None = None
        self.clashes: list[tuple[str, int, int]] = []
        self._steps = MAX_STEPS
        for index, mount in enumerate(self.mounts):
            self._add(index, mount)

    def may_follow(self, steps: int) -> bool:
        """Whether one more symlink may be followed, whose target has so many parts."""
        self._steps -= steps
        return self._steps >= 0

    def libraries(self, name: str) -> list[Node]:
        """The files that could be the library ``name``: by file name, or by the soname that they give themselves."""
        if self._libraries is None:
            self._libraries = {}
            for path, node in self.nodes.items():
                if path in self.links:
                    continue
                names = {path[path.rfind("/") + 1 :]}
                if node.facts is not None and isinstance(node.facts.elf, ElfImage) and node.facts.elf.soname:
                    names.add(node.facts.elf.soname)
                for known in names:
                    self._libraries.setdefault(known, []).append(node)
        return self._libraries.get(name, [])

    def _add(self, index: int, mount: Mount) -> None:
        facts, nodes, directories, links = mount.artifact.facts, self.nodes, self.directories, self.links
        # A hundred thousand of them: the constructor is passed by.
        make = tuple.__new__
        at, wheel = mount.at + "/", mount.artifact.form == "wheel"
        known_parent = ""
        for entry in mount.artifact.entries:
            # What Linux refuses is never unpacked; what lies deeper than any real tree would cost memory without end.
            inner, size = entry.path, len(entry.raw)
            if size > 2 * MAX_DEPTH and (size > MAX_PATH or inner.count("/") > MAX_DEPTH):
                continue
            path = at + (mount.place(inner) if wheel else inner)
            parent = path[: path.rfind("/")]
            if parent != known_parent:
                self._parents(parent, index)
                known_parent = parent
            if entry.kind == DIRECTORY:
                self._directory(path, index)
                continue
            if path in directories:
                self.clashes.append((path, directories[path], index))
            old = nodes.get(path)
            if old is not None and old.mount != index:
                self.overridden.append((path, old.mount, index))
            fact = facts.get(inner)
            nodes[path] = make(Node, (path, index, entry, fact, None, False))
            if fact is not None and fact.link_target is not None and entry.kind == SYMLINK:
                links[path] = fact.link_target
            elif old is not None:
                links.pop(path, None)

    def _parents(self, path: str, index: int) -> None:
        while path not in self.directories:
            self._directory(path, index)
            path = path[: path.rfind("/")]
            if not path:
                break

    def _directory(self, path: str, index: int) -> None:
        clash = self.nodes.get(path)
        if clash is not None and path not in self.links:
            self.clashes.append((path, clash.mount, index))
        self.directories.setdefault(path, index)


class Filesystem:
    """An overlay on top of an environment. Lookups are remembered; the object is otherwise immutable."""

    def __init__(self, overlay: Overlay, environment: Environment) -> None:
        self.overlay = overlay
        self.environment = environment
        self._files: Mapping[str, EnvironmentFile] = environment.files
        self._environment_directories = _directories(environment.files)
        self._known: dict[str, Hit | Miss] = {}
        self._children: dict[str, list[str]] | None = None
        self._libraries: dict[str, dict[str, list[str]]] = {}

    def lookup(self, path: str, cwd: str = "/") -> Hit | Miss:
        """Follow ``path``, relative to ``cwd``, to the file or directory that it leads to."""
        if not path.startswith("/"):
            path = cwd.rstrip("/") + "/" + path
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._beside(path) or self._walk(path)
        return known

    def _beside(self, path: str) -> Hit | Miss | None:
        """The quick way, by what its directory turned out to be; None when the name is a link or no plain name."""
        above, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return None
        parent = self._known.get(above)
        if parent is None:
            parent = self._known[above] = self._walk(above)
        if not isinstance(parent, Hit) or not parent.node.is_directory:
            return None
        here = (parent.real if parent.real != "/" else "") + "/" + name
        return None if self._link(here) is not None else self._end(path, here)

    def has(self, real: str) -> bool:
        """Whether anything, a symlink included, lies at a path whose directory is free of links."""
        return real in self.overlay.nodes or real in self._files or self._is_directory(real)

    def beneath(self, directory: str, name: str, path: str) -> Hit | Miss | None:
        """What ``name`` is in a directory without links: as ``lookup`` of ``path`` tells; None when nothing is there.

        ``path`` is absolute, and leads to the same place.
        """
        real = f"{directory}/{name}"
        node = self.overlay.nodes.get(real)
        if node is None:
            if real not in self._files and not self._is_directory(real):
                return None
        elif real not in self.overlay.links:
            return Miss("denied") if _is_denied(node) else Hit(node, path, real)
        return self.lookup(path)

    def _walk(self, path: str) -> Hit | Miss:
        pending = _steps(path)
        at, followed = "", 0
        while pending:
            part = pending.pop()
            if part == "..":
                at = at[: at.rfind("/")] if at else ""
                continue
            if part == ".":
                continue
            here = at + "/" + part
            target = self._link(here)
            if target is not None:
                followed += 1
                if followed > _MAX_LINKS:
                    return Miss("loop")
                if target.startswith("/"):
                    at = ""
                parts = _steps(target)
                if not self.overlay.may_follow(len(parts) + 1):
                    return Miss(TOO_MANY)
                pending += parts
                continue
            at = here
            if pending and not self._is_directory(at):
                return Miss("not a directory" if self._exists(at) else "absent")
        return self._end(path, at or "/")

    def _end(self, path: str, real: str) -> Hit | Miss:
        node = self._node(real)
        if node is None:
            return Miss("absent")
        return Miss("denied") if _is_denied(node) else Hit(node, path, real)

    def _link(self, path: str) -> str | None:
        target = self.overlay.links.get(path)
        if target is not None:
            return target
        file = self._files.get(path)
        return file.target if isinstance(file, Link) else None

    def _is_directory(self, path: str) -> bool:
        return not path or path in self.overlay.directories or path in self._environment_directories

    def _exists(self, path: str) -> bool:
        return path in self.overlay.nodes or path in self._files

    def _node(self, path: str) -> Node | None:
        node = self.overlay.nodes.get(path)
        if node is not None and node.path not in self.overlay.links:
            return node
        if path == "/" or self._is_directory(path):
            return Node(path, -1, None, None, None, True)
        file = self._files.get(path)
        if file is None:
            return None
        return Node(path, -1, None, None, file, False)

    def listdir(self, path: str) -> list[str]:
        """The sorted names in a directory; empty when there is no such directory."""
        if self._children is None:
            self._children = _children([*self.overlay.nodes, *self.overlay.directories, *self._files])
        hit = self.lookup(path)
        return sorted(self._children.get(hit.real, ())) if isinstance(hit, Hit) else []

    def libraries_in(self, directory: str) -> Mapping[str, Sequence[str]]:
        """The names of libraries in a directory by their stems. Remembered: hundreds of names may be sought there."""
        known = self._libraries.get(directory)
        if known is None:
            known = self._libraries[directory] = {}
            for name in self.listdir(directory):
                if ".so" in name:
                    known.setdefault(stem_of(name), []).append(name)
        return known


def stem_of(name: str) -> str:
    """What a library is called between "lib" and ".so"."""
    return name[name.rfind("/") + 1 :].removeprefix("lib").split(".so", 1)[0]


def _is_denied(node: Node) -> bool:
    return node.entry is not None and node.entry.mode is not None and not node.entry.mode & 0o004


def _steps(path: str) -> list[str]:
    """The components of a path, the last first. A slash at the end asks for a directory, as "." does."""
    parts = [part for part in reversed(path.split("/")) if part]
    return [".", *parts] if path.endswith("/") else parts


def _directories(files: Mapping[str, EnvironmentFile]) -> frozenset[str]:
    found: set[str] = set()
    for path, file in files.items():
        if isinstance(file, Other) and file.kind == "directory":
            found.add(path)
        parent = path[: path.rfind("/")]
        while parent and parent not in found:
            found.add(parent)
            parent = parent[: parent.rfind("/")]
    return frozenset(found)


def _children(paths: Iterable[str]) -> dict[str, list[str]]:
    children: dict[str, set[str]] = {}
    for path in paths:
        while path and path != "/":
            cut = path.rfind("/")
            parent = path[:cut] or "/"
            names = children.setdefault(parent, set())
            name = path[cut + 1 :]
            if name in names:
                break
            names.add(name)
            path = parent
    return {parent: sorted(names) for parent, names in children.items()}
