"""What an expression of Python code comes to on Linux, as far as it consists of constants and of the platform."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final

from ..named_tuple import NamedTuple
from .entry import Opened
from .printable import is_printable


class _Unknown:
    pass


UNKNOWN: Final = _Unknown()
"""The value of what is not understood."""
_MAX_VALUE = 1_000
_MAX_NAME, _MAX_NAMES = 128, 24
_ODD = frozenset(' %{}*"')
_OTHER_SUFFIXES = (".dll", ".dylib", ".pyd", ".exe", ".lib", ".a", ".bundle")
_LINUX = {"sys.platform": "linux", "os.name": "posix", "os.sep": "/"}
_SYSTEM = {"platform.system": "Linux", "platform.uname": UNKNOWN}
_ABSENT = frozenset(("add_dll_directory", "windll", "WinDLL", "WinError", "getwindowsversion"))
"""What os, ctypes and sys have on Windows only."""
_ELSEWHERE = frozenset(
    (
        "kernel32", "user32", "advapi32", "ole32", "oleaut32", "shell32", "ntdll", "ws2_32", "msvcrt", "gdi32",
        "crypt32", "secur32", "winmm", "dbghelp", "libeay32", "ssleay32", "shlwapi", "psapi", "iphlpapi", "setupapi",
        "opengl32", "comctl32", "bcrypt", "ncrypt", "wininet", "winhttp", "version",
        "Security", "CoreFoundation", "CoreServices", "CoreGraphics", "CoreText", "CoreAudio", "Foundation", "AppKit",
        "Carbon", "Cocoa", "IOKit", "ApplicationServices", "AudioToolbox", "AudioUnit", "OpenGL", "OpenCL", "objc",
        "System", "SystemConfiguration", "Quartz", "Metal",
    )
)  # fmt: skip
"""Libraries of Windows and macOS, as they are asked for."""


class Target(NamedTuple):
    """What is opened: names for dlopen, and names for find_library."""

    names: tuple[str, ...]
    sought: tuple[str, ...]


def dotted(node: ast.AST | None) -> str:
    """``a.b.c`` of a name, an attribute or a call; "" for anything else. Underscores of private imports are dropped."""
    parts: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Call)):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        else:
            node = node.func
    if not isinstance(node, ast.Name):
        return ".".join(reversed(parts))
    return ".".join([node.id if not parts else node.id.lstrip("_"), *reversed(parts)])


def value_of(node: ast.expr, known: Mapping[str, object]) -> Any:
    """The value of ``node``, UNKNOWN when it does not follow from constants; ``known`` has those of names."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        value = known.get(node.id, UNKNOWN)
        return UNKNOWN if isinstance(value, Target) else value
    if isinstance(node, ast.Attribute):
        return _LINUX.get(dotted(node), UNKNOWN)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        values = [value_of(item, known) for item in node.elts]
        return UNKNOWN if UNKNOWN in values or len(values) > _MAX_VALUE else tuple(values)
    if isinstance(node, ast.Call):
        return _call(node, known)
    if isinstance(node, ast.Compare):
        return _compare(node, known)
    if isinstance(node, ast.BoolOp):
        return _either(node, known)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        value = value_of(node.operand, known)
        return UNKNOWN if value is UNKNOWN else not value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = value_of(node.left, known), value_of(node.right, known)
        if type(left) is type(right) and isinstance(left, (str, tuple)) and len(left) + len(right) <= _MAX_VALUE:
            return left + right
        return UNKNOWN
    if isinstance(node, ast.Subscript):
        return _item(node, known)
    if isinstance(node, ast.IfExp):
        test = value_of(node.test, known)
        return UNKNOWN if test is UNKNOWN else value_of(node.body if test else node.orelse, known)
    return UNKNOWN


def _call(node: ast.Call, known: Mapping[str, object]) -> Any:
    path = dotted(node.func)
    if path in _SYSTEM and not node.args:
        return _SYSTEM[path]
    arguments = [value_of(item, known) for item in node.args]
    if path == "hasattr" and len(arguments) == 2 and arguments[1] in _ABSENT:
        return False
    if not isinstance(node.func, ast.Attribute) or UNKNOWN in arguments or node.keywords:
        return UNKNOWN
    text = value_of(node.func.value, known)
    if not isinstance(text, str):
        return UNKNOWN
    if node.func.attr in ("lower", "strip") and not arguments:
        return getattr(text, node.func.attr)()
    if node.func.attr in ("startswith", "endswith") and len(arguments) == 1 and _is_text(arguments[0]):
        return getattr(text, node.func.attr)(arguments[0])
    return UNKNOWN


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(item, str) for item in value))


def _compare(node: ast.Compare, known: Mapping[str, object]) -> Any:
    left, right = value_of(node.left, known), value_of(node.comparators[0], known)
    if left is UNKNOWN or right is UNKNOWN or len(node.ops) != 1:
        return UNKNOWN
    operator = node.ops[0]
    if isinstance(operator, (ast.Eq, ast.Is)):
        return left == right
    if isinstance(operator, (ast.NotEq, ast.IsNot)):
        return left != right
    if isinstance(right, tuple) or (isinstance(right, str) and isinstance(left, str)):
        return (left in right) == isinstance(operator, ast.In)
    return UNKNOWN


def _either(node: ast.BoolOp, known: Mapping[str, object]) -> Any:
    ends = isinstance(node.op, ast.Or)
    values = [value_of(item, known) for item in node.values]
    for value in values:
        if value is not UNKNOWN and bool(value) == ends:
            # `unknown or True` is true all the same; which value it is does not matter to a test.
            return value if UNKNOWN not in values[: values.index(value)] else ends
    return UNKNOWN if UNKNOWN in values else values[-1]


def _item(node: ast.Subscript, known: Mapping[str, object]) -> Any:
    if isinstance(node.value, ast.Dict):
        wanted = value_of(node.slice, known)
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            if key is not None and wanted is not UNKNOWN and value_of(key, known) == wanted:
                return value_of(value, known)
        return UNKNOWN
    value = value_of(node.value, known)
    if isinstance(node.slice, ast.Slice) and isinstance(value, (str, tuple)):
        ends = [None if part is None else value_of(part, known) for part in (node.slice.lower, node.slice.upper)]
        if all(end is None or type(end) is int for end in ends) and node.slice.step is None:
            return value[ends[0] : ends[1]]
    return UNKNOWN


def libraries_in(value: object) -> list[str] | None:
    """The names in a text or in lists of texts; None when there is anything else."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, tuple):
        return None
    names: list[str] = []
    for item in value:
        found = libraries_in(item)
        if found is None:
            return None
        names += found
    return names


def for_linux(found: Opened) -> Opened | None:
    """Without the names of other systems; None where what is left cannot be libraries of Linux."""
    everything = (*found.names, *found.sought)
    if not _ELSEWHERE.isdisjoint(everything) or any("/System/" in name or ".framework" in name for name in everything):
        return None
    if any(not is_printable(name) or len(name) > _MAX_NAME or set(name) & _ODD for name in everything):
        return None
    names = tuple([name for name in found.names if not name.lower().endswith(_OTHER_SUFFIXES)])
    sought = tuple([name for name in found.sought if not name.lower().endswith(_OTHER_SUFFIXES)])
    if not (names or sought) or (names and not sought and not any(".so" in name for name in names)):
        return None
    return found._replace(names=names[:_MAX_NAMES], sought=sought[:_MAX_NAMES])
