"""What is looked for in a member while its bytes are at hand. Nothing else of them is kept."""

from __future__ import annotations

from functools import lru_cache

from ..elf import identify, read_elf
from ..elf.reader import Ranges, read_elf_ranges, whole
from .bytecode import BYTECODE, bytecode_facts
from .dotnet import TOO_LARGE, is_deps, read_deps
from .entry import Facts, NativeCalls, Opened
from .jars import CLASS, CLASS_MAGIC, JarReader, class_version, is_searched_jar
from .metadata import MAX_RECORD, is_kept, kept
from .metadata import NAMED as METADATA
from .npm import MARKS, MAX_BUNDLE, NAMED, bundled_pack, named_nodes, read_package, watched
from .opened import HEAD_OF_SOURCE, Openings
from .php import is_php_binary, is_php_ini, read_binary, read_ini
from .removed import mentioned
from .room import Room
from .runtime_client import BOOTSTRAP, mentions_runtime_api, small_script

MAX_FIRST_LINE = 256
MAX_TEXT = 256
HEAD = 4_096

_FOREIGN_FIRST_BYTES = frozenset(b"\xfe\xce\xcf\xca\xbe\x4d")
_CODE = ".py"
_OPENING = (_CODE, "odbcinst.ini", "odbc.ini")
_NAMED = (*METADATA, ".deps.json", ".ini")
_ARCHIVES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"!<arch>\n", "static library"),
    (b"-----BEGIN ", "pem"),
)
_TELLING_FIRST_BYTES = _FOREIGN_FIRST_BYTES | {0x7F, 0x23} | {magic[0] for magic, _ in _ARCHIVES}
_TEXT_BYTES = bytes(range(32, 127)) + b"\n\r\t"


class Readers:
    """What looks into the files of one artifact more closely, within bounds for all of them together."""

    def __init__(self) -> None:
        self.openings = Openings()
        self.jars = JarReader()
        self.room = Room()


def probe(data: bytes, path: str, readers: Readers, ranges: Ranges | None = None) -> Facts | None:
    """The facts of a regular file whose bytes are ``data``, or None when none is worth keeping.

    ``data`` may be a bytearray. With ``ranges`` the file is too large for memory: ``data`` is its head, and the rest is
    fetched from there.
    """
    if not data:
        return bytecode_facts(data, path) if path.endswith(BYTECODE) else None
    first = data[0]
    if first == 0x7F and data[:4] == b"\x7fELF":
        image = readers.room.for_image(lambda: read_elf(data) if ranges is None else read_elf_ranges(ranges))
        return Facts(
            elf=image,
            runtime_api=mentions_runtime_api(data, ranges) if path == BOOTSTRAP else None,
            php=read_binary(data, ranges) if is_php_binary(path) else None,
        )
    if not isinstance(data, bytes):
        # Of all but the large ELF files; what is kept of it, or compared, must not change.
        data = bytes(data)
    if first not in _TELLING_FIRST_BYTES:
        return _facts_of_text(data, path, readers, ranges)
    if first == 0x23 and data[:2] == b"#!":
        found = _opens(data, path, readers.openings, ranges) if path.endswith(_OPENING) else ()
        gone = mentioned(data, path) if path.endswith(_CODE) else ()
        facts = Facts(first_line=_first_line(data), text=_small_text(data, ranges), opens=found, gone=gone)
        if path != BOOTSTRAP:
            return facts
        return facts._replace(runtime_api=mentions_runtime_api(data, ranges), script=small_script(data, ranges))
    if first in _FOREIGN_FIRST_BYTES:
        foreign = identify(data[:HEAD])
        if foreign is not None:
            return Facts(foreign=foreign, calls=_calls(data, ranges) if foreign.managed else None)
        if data[:4] == CLASS_MAGIC and path.endswith(CLASS):
            return _class_facts(class_version(data[:8]))
    for magic, name in _ARCHIVES:
        if first == magic[0] and data.startswith(magic):
            if name == "pem":
                return Facts(magic=_pem(data))
            return Facts(magic=name, jar=readers.jars.read(data, ranges) if is_searched_jar(path) else None)
    return _facts_of_text(data, path, readers, ranges)


def _facts_of_text(data: bytes, path: str, readers: Readers, ranges: Ranges | None) -> Facts | None:
    found: tuple[Opened, ...] | None = ()
    gone: tuple[str, ...] = ()
    php = None
    if path.endswith(_OPENING):
        found = _opens(data, path, readers.openings, ranges)
        gone = mentioned(data, path) if path.endswith(_CODE) else ()
    elif path.endswith(BYTECODE):
        return bytecode_facts(data, path)
    elif path.endswith(_NAMED):
        metadata, deps, ini = is_kept(path), is_deps(path), is_php_ini(path)
        size = len(data) if ranges is None else ranges.size
        if (metadata or deps or ini) and readers.room.for_listing(min(size, MAX_RECORD)):
            if metadata:
                return Facts(metadata=kept(path, data, ranges), text=_small_text(data, ranges))
            if deps:
                return Facts(dotnet=read_deps(data) if ranges is None else TOO_LARGE)
            php = read_ini(data)
    text = _small_text(data, ranges)
    # Most members of a layer for Node.js are scripts of packages that do not matter here.
    if path.endswith(NAMED) and ("node_modules/" not in path or MARKS[0] in path or MARKS[1] in path):
        return _facts_of_node(data, path, text, ranges)
    if text is None and found == () and php is None and not gone:
        return None
    return Facts(text=text, opens=found, php=php, gone=gone)


def _opens(data: bytes, path: str, openings: Openings, ranges: Ranges | None) -> tuple[Opened, ...] | None:
    # Looking through all of the code would take a tenth of the scan; who uses ctypes or cffi imports it at the top, and
    # tests are not what runs.
    if ranges is not None or "/tests/" in path:
        return ()
    if not path.endswith(_CODE):
        return openings.of_odbc(data)
    if data.find(b"ctypes", 0, HEAD_OF_SOURCE) >= 0 or data.find(b"cffi", 0, HEAD_OF_SOURCE) >= 0:
        return openings.of_python(data, path)
    return ()


def _calls(data: bytes, ranges: Ranges | None) -> NativeCalls | None:
    # Most functions have no assembly at all: the reader is loaded with the first.
    from .assembly import TOO_LARGE, read_calls

    return read_calls(data) if ranges is None else TOO_LARGE


@lru_cache(maxsize=256)
def _class_facts(version: int) -> Facts:
    """Thousands of classes of one release share one fact."""
    return Facts(class_version=version)


def _facts_of_node(data: bytes, path: str, text: str | None, ranges: Ranges | None) -> Facts | None:
    package = watched(path)
    if path.endswith("/package.json"):
        if package is not None and path.endswith(f"node_modules/{package}/package.json"):
            return Facts(npm=read_package(package, data), text=text)
        return None if text is None else Facts(text=text)
    mentions: tuple[str, ...] = ()
    if package is not None:
        mentions = named_nodes(data)
    elif "node_modules/" not in path:
        if ranges is not None and ranges.size <= MAX_BUNDLE:
            data = whole(ranges)
        mentions = bundled_pack(data)
    return Facts(text=text, mentions=mentions) if mentions or text is not None else None


def _first_line(data: bytes) -> bytes:
    end = data.find(b"\n", 0, MAX_FIRST_LINE)
    return data[: end + 1] if end >= 0 else data[:MAX_FIRST_LINE]


def _small_text(data: bytes, ranges: Ranges | None) -> str | None:
    """The whole content when it is one short word: what a flattened symlink looks like."""
    if len(data) > MAX_TEXT or ranges is not None or b" " in data or b"\n" in data[:-2]:
        return None
    return None if data.translate(None, _TEXT_BYTES) else data.decode("ascii")


def _pem(data: bytes) -> str:
    label = data[11 : data.find(b"-----", 11, 80)]
    return "private key" if label.endswith(b"PRIVATE KEY") else "pem"
