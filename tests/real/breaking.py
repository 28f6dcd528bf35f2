"""Ways to spoil a good layer, one fault each, as people do it without meaning to."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Callable, Mapping

from real.imports import SUFFIX, File, Tree, interpreter, tree_of

Change = Callable[[Tree], Tree]
Bytes = Callable[[bytes], bytes]
_COMPILE = """
import importlib._bootstrap_external as b, sys
sys.stdout.buffer.write(b._code_to_timestamp_pyc(compile(sys.stdin.buffer.read(), "m", "exec")))
"""


def nothing(tree: Tree) -> Tree:
    return tree


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(tree: Tree) -> Tree:
        for one in changes:
            tree = one(tree)
        return tree

    return change


def without(pattern: str) -> Change:
    """Files are forgotten: those whose path matches."""

    def change(tree: Tree) -> Tree:
        left = {path: file for path, file in tree.items() if not re.search(pattern, path)}
        assert len(left) < len(tree), pattern
        return left

    return change


def with_wheels(*names: str) -> Change:
    """Another package lies there too; its files win."""
    return lambda tree: {**tree, **tree_of(*names)}


def added(files: Mapping[str, bytes]) -> Change:
    return lambda tree: {**tree, **{path: File(data) for path, data in files.items()}}


def moved(pattern: str, to: str) -> Change:
    """Paths are others."""

    def change(tree: Tree) -> Tree:
        result = {re.sub(pattern, to, path): file for path, file in tree.items()}
        assert result.keys() != tree.keys(), pattern
        return result

    return change


def tagged(pattern: str, suffix: str) -> Change:
    """Extension modules are those of another build."""

    def change(tree: Tree) -> Tree:
        result = {}
        for path, file in tree.items():
            match = re.search(r"\.(cpython-311-x86_64-linux-gnu|abi3)\.so$", path) if re.search(pattern, path) else None
            result[path[: match.start()] + suffix if match else path] = file
        assert result.keys() != tree.keys(), pattern
        return result

    return change


def altered(pattern: str, how: Bytes) -> Change:
    """The content is another."""

    def change(tree: Tree) -> Tree:
        hit = [path for path in tree if re.search(pattern, path)]
        assert hit, pattern
        spoiled = {path: tree[path]._replace(data=how(tree[path].data)) for path in hit}
        assert any(spoiled[path] != tree[path] for path in hit), pattern
        return {**tree, **spoiled}

    return change


def permitted(pattern: str, mode: int) -> Change:
    """The permissions are others."""
    return lambda tree: {p: f._replace(mode=mode) if re.search(pattern, p) else f for p, f in tree.items()}


def linked(pattern: str, target: str) -> Change:
    """A symlink instead of the file."""

    def change(tree: Tree) -> Tree:
        return {p: File(target.encode(), 0o777, True) if re.search(pattern, p) else f for p, f in tree.items()}

    return change


def sourceless(pattern: str, magic: int) -> Change:
    """Only bytecode is shipped, compiled by this machine's 3.11 and marked with the magic number of a release."""

    def change(tree: Tree) -> Tree:
        result = {}
        for path, file in tree.items():
            if re.search(pattern, path):
                code = compiled(file.data)
                result[path + "c"] = File(struct.pack("<H", magic) + b"\r\n" + code[4:])
            else:
                result[path] = file
        assert result.keys() != tree.keys(), pattern
        return result

    return change


def compiled(source: bytes) -> bytes:
    python = interpreter()
    assert python is not None
    return subprocess.run([python, "-I", "-c", _COMPILE], input=source, capture_output=True, check=True).stdout


def for_arm64(data: bytes) -> bytes:
    return data[:18] + struct.pack("<H", 183) + data[20:]


def for_32_bits(data: bytes) -> bytes:
    return data[:4] + b"\1" + data[5:]


def halved(data: bytes) -> bytes:
    return data[: len(data) // 2]


def emptied(_: bytes) -> bytes:
    return b""


def pointer(data: bytes) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize %d\n" % len(data)


def text(words: str) -> Bytes:
    return lambda _: words.encode()


def renamed(old: bytes, new: bytes) -> Bytes:
    """A name in the tables of strings is another of the same length, and the version's hash with it."""
    assert len(old) == len(new)

    def change(data: bytes) -> bytes:
        assert b"\0" + old + b"\0" in data, old
        data = data.replace(b"\0" + old + b"\0", b"\0" + new + b"\0")
        return data.replace(struct.pack("<L", elf_hash(old)), struct.pack("<L", elf_hash(new)))

    return change


def elf_hash(name: bytes) -> int:
    """The hash of version names (System V gABI, figure 5-13)."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high & 0xFFFFFFFF
    return value


def shifted(data: bytes) -> bytes:
    """The second PT_LOAD begins elsewhere in the file than its address allows, as after a careless strip."""
    start, (size, count) = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<2H", data, 54)
    loads = [start + n * size for n in range(count) if struct.unpack_from("<L", data, start + n * size)[0] == 1]
    (offset,) = struct.unpack_from("<Q", data, loads[1] + 8)
    return data[: loads[1] + 8] + struct.pack("<Q", offset + 8) + data[loads[1] + 16 :]


def of_wheel(name: str, end: str) -> Bytes:
    """The bytes of a real file of another system's wheel."""
    from real.wheels import WHEELS, members_of

    (data,) = [data for path, data, _ in members_of(WHEELS[name]) if path.endswith(end)]
    return lambda _: data


EXTENSION = re.escape(SUFFIX) + "$"
