"""What is known of one member of an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..elf import ElfImage, ForeignBinary
from ..finding import Defect
from ..named_tuple import NamedTuple
from .npm import NpmPackage

FILE, DIRECTORY, SYMLINK, OTHER = "file", "directory", "symlink", "other"


class Entry(NamedTuple):
    """One member. A tuple, since an artifact may hold 200,000.

    ``raw`` is the name as it stands in the archive; ``path`` the same as UTF-8 with surrogateescape, without "." parts
    and trailing slash. ``mode`` is None where the archive stores none. ``size`` counts the bytes while inflating (-1:
    not inflated), ``declared`` is what the archive says. ``time`` is the DOS date and time, 0 in directories.
    """

    raw: bytes
    path: str
    kind: str
    mode: int | None
    size: int
    declared: int
    compressed: int
    crc: int
    method: int
    host: int
    time: int

    @property
    def bytes(self) -> int:
        """The bytes that it adds to the unzipped total: as counted, or as declared where it was not inflated."""
        return self.size if self.size >= 0 else self.declared


class Opened(NamedTuple):
    """Library names that code tries one after the other at run time; one that opens is enough.

    ``names`` go to dlopen as they are, ``sought`` to ctypes.util.find_library (cffi's dlopen does both). ``line`` is
    1-based. ``always``: importing the module does it; else only a function that something may call. ``config``: not
    code but a driver named in a configuration file.
    """

    names: tuple[str, ...]
    sought: tuple[str, ...]
    line: int
    always: bool = True
    config: bool = False


class Jar(NamedTuple):
    """The classes of one jar, by their path without ``.class``, with the major version of each; 0: no class file.

    ``versioned`` are those below META-INF/versions of a multi-release jar. ``damage`` says why it is no jar at all,
    ``unread`` why it was not looked into; both are None where all is known.
    """

    classes: Mapping[str, int] = {}
    versioned: Mapping[str, int] = {}
    damage: str | None = None
    unread: str | None = None


class NativeAsset(NamedTuple):
    """A file that a .deps.json lists besides the managed assemblies.

    ``path`` is relative to the package; ``rid`` names the system that it is for (linux-x64), empty where the whole
    application is published for one. ``kind`` is ``native`` or ``runtime``.
    """

    package: str
    path: str
    rid: str
    kind: str


class DotnetDeps(NamedTuple):
    """A .deps.json: ``rid`` that the application is published for, empty when for any; packages with their versions;

    ``needs`` maps each package to the names of those that it depends on, ``projects`` are those of them that are the
    application's own code. ``damage``: why it cannot be read.
    """

    rid: str = ""
    packages: Mapping[str, str] = {}
    needs: Mapping[str, tuple[str, ...]] = {}
    assets: tuple[NativeAsset, ...] = ()
    damage: str | None = None
    projects: frozenset[str] = frozenset()


class NativeImport(NamedTuple):
    """A native library that a .NET assembly calls: its name, or the names in which it seeks the same functions, one for
    each system. ``functions`` counts them."""

    names: tuple[str, ...]
    functions: int


class NativeCalls(NamedTuple):
    """What a .NET assembly declares of native code (P/Invoke).

    ``guided``: it finds libraries its own way too (NativeLibrary.SetDllImportResolver, AssemblyLoadContext).
    ``beside``: it has them sought in the directories of the application alone, never by dlopen. ``damage``: why it
    cannot be read.
    """

    imports: tuple[NativeImport, ...] = ()
    guided: bool = False
    beside: bool = False
    damage: str | None = None


class PhpExtension(NamedTuple):
    """A line ``extension=`` or ``zend_extension=`` of an .ini file; ``line`` is 1-based."""

    directive: str
    value: str
    line: int


class Php(NamedTuple):
    """What PHP's own files tell: settings of an .ini file, or the API for which a program or extension is built.

    ``api`` is PHP's module API with its build options (API20210902,NTS); ``extension_dir`` is set, or compiled in.
    """

    extensions: tuple[PhpExtension, ...] = ()
    extension_dir: str | None = None
    api: str | None = None


class Facts(NamedTuple):
    """What survived the one pass over a member's bytes.

    ``elf`` is a Defect when the file says that it is ELF and cannot be read. ``first_line`` is set for scripts
    (``#!``), with its line end; ``text`` for files of at most 256 bytes that hold one word. ``magic`` names an archive
    or a key by its first bytes. ``metadata`` are the bytes of a Python distribution's own files, bounded (see the
    module metadata). ``opens``: what Python code opens by literal names; None where there was too much code to read it.
    Of the file ``bootstrap`` at the root there is ``runtime_api``, whether it mentions the Runtime API (None: it cannot
    be told), and the text of a small ``script``. ``class_version`` is the major version of a Java class. ``jar``,
    ``dotnet`` and ``php`` are what these languages' own files tell. ``bytecode`` is the magic number of a .pyc file
    that is not cached, -1 without a header; ``gone`` what Python code imports that some Python no longer has. ``npm``
    is set for the package.json of packages with packed programs, ``mentions`` for scripts (see the module npm).
    ``calls``: the native functions that a .NET assembly declares.
    """

    elf: ElfImage | Defect | None = None
    foreign: ForeignBinary | None = None
    link_target: str | None = None
    first_line: bytes | None = None
    text: str | None = None
    magic: str | None = None
    metadata: bytes | None = None
    opens: tuple[Opened, ...] | None = ()
    runtime_api: bool | None = None
    script: str | None = None
    class_version: int | None = None
    bytecode: int | None = None
    gone: tuple[str, ...] = ()
    jar: Jar | None = None
    dotnet: DotnetDeps | None = None
    php: Php | None = None
    npm: NpmPackage | None = None
    mentions: tuple[str, ...] = ()
    calls: NativeCalls | None = None


def decode_name(raw: bytes) -> str:
    """A member's name as text: UTF-8 with surrogateescape, since Lambda's file system keeps the bytes as they are."""
    return raw.decode("utf-8", "surrogateescape")


def members_without_files(kinds: Sequence[str]) -> bool:
    """Whether there is nothing but directories."""
    return all(kind == DIRECTORY for kind in kinds)
