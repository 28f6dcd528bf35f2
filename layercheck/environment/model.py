"""The words for what Lambda itself provides: libraries, loader, runtime, environment.

Plain frozen data, built by `layercheck.environment.load` from the package's own tables or from a capture. The mappings
inside are ordinary dicts, so that everything can be sent to another process; nobody changes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..named_tuple import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from ..elf import ElfImage


class Versions(NamedTuple):
    """The version nodes that a library defines.

    ``nodes`` are there; of ``unverified_nodes`` it is not known; any other node is absent when ``complete``, else not
    known either.
    """

    nodes: frozenset[str]
    unverified_nodes: frozenset[str]
    complete: bool

    def state(self, node: str) -> str:
        """``found``, ``missing`` or ``unverified``: membership decides, never a comparison of numbers."""
        if node in self.nodes:
            return "found"
        if node in self.unverified_nodes or not self.complete:
            return "unverified"
        return "missing"


class Named(NamedTuple):
    """A library known by name only. ``versions`` None: its nodes are not known, each one is ``unverified``."""

    soname: str
    versions: Versions | None

    def state(self, node: str) -> str:
        """``found``, ``missing`` or ``unverified`` for one version node."""
        return "unverified" if self.versions is None else self.versions.state(node)


class Link(NamedTuple):
    """A symbolic link; ``target`` as stored, relative targets from the link's own directory."""

    target: str


class Other(NamedTuple):
    """Something that is not a library; ``kind`` is ``text``, ``empty``, ``directory`` or ``unreadable``."""

    kind: str


EnvironmentFile: TypeAlias = "Named | Link | Other | ElfImage"


class Loader(NamedTuple):
    """The dynamic loader: ``kind`` (``glibc``, ``musl``), release, path, trusted directories, what ``$LIB`` means.

    ``cache`` is what /etc/ld.so.cache says: names with the path of each; empty where there is no such file.
    """

    kind: str
    version: str
    path: str
    default_directories: tuple[str, ...]
    lib: str
    cache: Mapping[str, str] = {}


class Runtime(NamedTuple):
    """One runtime identifier of the service and what is known of it.

    Dates are ISO dates or None (not announced). ``layer_directories`` are relative to /opt: what is searched or run
    there. ``class_version`` is the highest major version of class files that its Java takes.

    ``sources`` names, fact by fact, the entry of data/sources.json; ``confidence`` says how far to trust it
    (``measured``, ``high``, ``medium``, ``low``).
    """

    identifier: str
    language: str
    os: str
    architectures: tuple[str, ...]
    deprecation_date: str | None
    block_create_date: str | None
    block_update_date: str | None
    library_path: tuple[str, ...]
    path: tuple[str, ...]
    layer_directories: tuple[str, ...]
    sys_path: tuple[str, ...]
    node_path: tuple[str, ...]
    gem_path: tuple[str, ...]
    rubylib: tuple[str, ...]
    class_path: tuple[str, ...]
    bootstrap: tuple[str, ...]
    extension_suffixes: Mapping[str, tuple[str, ...]]
    node_module_version: int | None
    esm_uses_node_path: bool
    supported_in_api: bool
    sources: Mapping[str, str]
    confidence: Mapping[str, str]
    class_version: int | None = None

    def state(self, date: str) -> str:
        """What holds on an ISO date: ``supported``, ``deprecated``, ``blocked`` (no updates) or ``preview``.

        ``preview`` means that no deprecation date is known. Raises ValueError if ``date`` is not YYYY-MM-DD.
        """
        if not is_iso_date(date):
            raise ValueError(f"not a date (YYYY-MM-DD): {date!r}")
        if self.block_update_date is not None and date >= self.block_update_date:
            return "blocked"
        if self.deprecation_date is None:
            return "preview"
        return "deprecated" if date >= self.deprecation_date else "supported"


class Interpreter(NamedTuple):
    """A program that runs a language's code; ``version`` as in its name (3.12), None where it tells none."""

    language: str
    version: str | None
    needed: tuple[str, ...]


class Environment(NamedTuple):
    """What one runtime on one architecture offers to the dynamic loader, by the tables or by a capture.

    ``files`` maps absolute paths to files. Real files lie below /usr/lib64 and the runtime's directories; /lib64, /lib
    and /bin are Links, and so are a library's further names. Two environments of equal ``inventory`` have the same
    loader, files and library path: one resolution serves both.

    The rest is known of captured environments only. ``path`` is PATH, ``programs`` what can be started from there.
    ``interpreters`` maps the programs that run code to their facts, ``packages`` each directory of Python packages to
    distributions and versions. ``symbols`` has the records of the files' dynamic symbols, by their real paths, as the
    capture wrote them (``capture_symbols.symbols_of`` reads one); empty when it was made without.
    """

    name: str
    architecture: str
    runtime: Runtime | None
    loader: Loader
    library_path: tuple[str, ...]
    files: Mapping[str, EnvironmentFile]
    inventory: str
    path: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    interpreters: Mapping[str, Interpreter] = {}
    packages: Mapping[str, Mapping[str, str]] = {}
    symbols: Mapping[str, Any] = {}

    def with_library_path(self, directories: tuple[str, ...]) -> Environment:
        """The same environment with another LD_LIBRARY_PATH, and so another ``inventory``."""
        if directories == self.library_path:
            return self
        base = self.inventory.partition(" LD_LIBRARY_PATH=")[0]
        inventory = f"{base} LD_LIBRARY_PATH={':'.join(directories)}"
        return self._replace(library_path=directories, inventory=inventory)


def is_iso_date(text: str) -> bool:
    """Whether ``text`` is a date that exists, written YYYY-MM-DD."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return False
    digits = text[:4] + text[5:7] + text[8:]
    if not digits.isdigit():
        return False
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]
