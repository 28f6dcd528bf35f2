"""What Python code opens by name: found where its text says so, and nothing claimed where it does not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from layercheck.artifact import Facts, Opened, open_artifact
from layercheck.artifact.opened import MAX_SOURCE, MAX_SOURCES, Openings
from layercheck.artifact.opened_code import opened_by
from support.zip_writer import simple_zip

IMPORTS = "import ctypes, cffi, sys, os, platform\nfrom ctypes.util import find_library\n"
NAME = "libx.so.1"
HELPER = """
def load(ffi, *names, allow_fail=False):
    for name in names:
        try:
            return ffi.dlopen(name)
        except OSError:
            pass
    if allow_fail:
        return None
    raise OSError("none of %s" % ", ".join(names))
"""

SHIPPED_FIRST = f"""
try:
    x = ctypes.CDLL(packaged())
except OSError:
    try:
        p = find_library("x")
        if p is None:
            raise OSError("x")
        x = ctypes.CDLL(p)
    except OSError:
        x = ctypes.CDLL("{NAME}")
"""
OTHERS_TOO = f"""
def load():
    try:
        return ctypes.CDLL("{NAME}")
    except OSError:
        pass
    for number in NUMBERS:
        try:
            return ctypes.CDLL("libx.so.%s" % number)
        except OSError:
            pass
    raise OSError("x")
x = load()
"""
GUARDED_CALL = f"""
def check():
    try:
        ctypes.CDLL("{NAME}")
    except OSError:
        raise ImportError("x")
def use():
    try:
        check()
    except ImportError:
        pass
"""


# What it is, the code, and for each group: names, sought, whether it happens on import.
Group = tuple[tuple[str, ...], tuple[str, ...], bool]
ONE: list[Group] = [((NAME,), (), True)]
FOUND: Sequence[tuple[str, str, list[Group]]] = (
    ("CDLL", f"x = ctypes.CDLL('{NAME}', use_errno=True)", ONE),
    ("PyDLL", f"ctypes.PyDLL('{NAME}')", ONE),
    ("LoadLibrary", f"ctypes.cdll.LoadLibrary('{NAME}')", ONE),
    ("an alias", f"from ctypes import CDLL as Load\nLoad('{NAME}')", ONE),
    ("a constant", f"LIB = '{NAME}'\nx = ctypes.CDLL(LIB)", ONE),
    ("a constant by platform", "LIB = 'x.dll' if os.name == 'nt' else 'libx.so.1'\nctypes.CDLL(LIB)", ONE),
    ("a table by platform", "N = {'Linux': 'libx.so.1', 'Darwin': 'x.dylib'}[platform.system()]\nctypes.CDLL(N)", ONE),
    ("the branch for Linux", f"if sys.platform == 'win32':\n  L = 'x.dll'\nelse:\n  L = '{NAME}'\nctypes.CDLL(L)", ONE),
    ("in a function that the module calls", f"def load():\n  return ctypes.CDLL('{NAME}')\nx = load()", ONE),
    ("in a function that nothing calls", f"def load():\n  return ctypes.CDLL('{NAME}')", [((NAME,), (), False)]),
    ("in a method", f"class A:\n  def f(self):\n    return ctypes.CDLL('{NAME}')", [((NAME,), (), False)]),
    ("under a condition that is not known", f"if FLAG:\n  ctypes.CDLL('{NAME}')", [((NAME,), (), False)]),
    ("an error of another kind", f"try:\n  ctypes.CDLL('{NAME}')\nexcept OSError as e:\n  raise ImportError(e)", ONE),
    ("caught, and then missed", f"x = None\ntry:\n  x = ctypes.CDLL('{NAME}')\nexcept OSError:\n  pass\n"
     "if x is None:\n  raise ImportError('no x')", ONE),
    ("one instead of the other", f"try:\n  x = ctypes.CDLL('{NAME}')\nexcept OSError:\n  x = ctypes.CDLL('libx.so')",
     [((NAME, "libx.so"), (), True)]),
    ("three of them", "try:\n  x = ctypes.CDLL('liba.so')\nexcept OSError:\n  try:\n    x = ctypes.CDLL('libb.so')\n"
     "  except OSError:\n    x = ctypes.CDLL('libc1.so')", [(("liba.so", "libb.so", "libc1.so"), (), True)]),
    ("a loop that raises at its end", "for n in ['liba.so', 'libb.so']:\n  try:\n    x = ctypes.CDLL(n)\n    break\n"
     "  except OSError:\n    pass\nelse:\n  raise ImportError('x')", [(("liba.so", "libb.so"), (), True)]),
    ("find_library inside CDLL", "ctypes.CDLL(find_library('x'))", [((), ("x",), True)]),
    ("find_library or a name", f"ctypes.CDLL(find_library('x') or '{NAME}')", [((NAME,), ("x",), True)]),
    ("find_library that must answer", "def load():\n  p = find_library('x')\n  if not p:\n    raise ImportError('x')\n"
     "  return ctypes.CDLL(p)", [((), ("x",), True)]),
    ("a check that is called under a guard", GUARDED_CALL, [((NAME,), (), False)]),
    ("a check for other modules", GUARDED_CALL.partition("def use")[0], ONE),
    ("cffi", "ffi = cffi.FFI()\nx = ffi.dlopen('pango-1.0')", [(("pango-1.0",), ("pango-1.0",), True)]),
    ("a helper", HELPER + "a = load(ffi, 'a-1', 'liba.so.1', 'a.dylib')",
     [(("a-1", "liba.so.1"), ("a-1", "liba.so.1"), True)]),
    ("a helper of another module, with lists", "from pkg import dlopen, ffi\na = dlopen(ffi, ('a',), ('liba.so.1',))",
     [(("a", "liba.so.1"), ("a", "liba.so.1"), True)]),
)  # fmt: skip

SILENT: Sequence[tuple[str, str]] = (
    ("the program itself", "ctypes.CDLL(None)\nctypes.CDLL('')"),
    ("a name that is made up", "ctypes.CDLL('lib' + name + '.so')\nctypes.CDLL(f'lib{name}.so')"),
    ("a path beside the module", "ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'libx.so'))"),
    ("a guard", f"try:\n  x = ctypes.CDLL('{NAME}')\nexcept OSError:\n  x = None"),
    ("a bare guard", f"try:\n  x = ctypes.CDLL('{NAME}')\nexcept:\n  pass"),
    ("suppress", f"import contextlib\nwith contextlib.suppress(OSError):\n  ctypes.CDLL('{NAME}')"),
    ("a guard with something else that is not known", f"try:\n  ctypes.CDLL('{NAME}')\nexcept OSError:\n"
     "  ctypes.CDLL(other())"),
    ("a fallback of a library that is shipped", SHIPPED_FIRST),
    ("others that are made up", OTHERS_TOO),
    ("Windows", f"if sys.platform == 'win32':\n  ctypes.CDLL('{NAME}')"),
    ("Windows by its name for os", f"if os.name != 'posix':\n  ctypes.CDLL('{NAME}')"),
    ("macOS", f"if platform.system().lower() == 'darwin':\n  ctypes.CDLL('{NAME}')"),
    ("a module for another system",
     f"if not sys.platform.startswith('win'):\n  raise ImportError()\nctypes.CDLL('{NAME}')"),
    ("a library of Windows", "ctypes.CDLL('x.dll')\nctypes.WinDLL('kernel32.so')\nctypes.windll.LoadLibrary('a.so')"),
    ("a framework of macOS", "ctypes.CDLL(find_library('Security'))"),
    ("run as a program", f"if __name__ == '__main__':\n  ctypes.CDLL('{NAME}')"),
    ("find_library that is looked at", "p = find_library('x')\nif p:\n  ctypes.CDLL(p)"),
    ("find_library in a function", "def f():\n  return ctypes.CDLL(find_library('x'))"),
    ("only asked", "p = find_library('x')"),
    ("a helper that may fail", HELPER + "a = load(ffi, 'liba.so.1', allow_fail=True)"),
    ("a helper that makes names up", "def load(name):\n  return ctypes.CDLL('lib%s.so' % name)\nload('x.so')"),
    ("a loop whose failure does not matter", "for n in ['liba.so', 'libb.so']:\n  try:\n    x = ctypes.CDLL(n)\n"
     "  except OSError:\n    pass"),
    ("Python 2", f"print 'x'\nctypes.CDLL('{NAME}')"),
    ("no Python", f"ctypes.CDLL('{NAME}'"),
    ("NUL", f"\0ctypes.CDLL('{NAME}')"),
    ("a text", f"'''ctypes.CDLL('{NAME}')'''\n# ctypes.CDLL('{NAME}')"),
)  # fmt: skip


@pytest.mark.parametrize(("code", "groups"), [row[1:] for row in FOUND], ids=[row[0] for row in FOUND])
def test_names_are_found(code: str, groups: list[Group]) -> None:
    found = opened_by(IMPORTS + code + "\n")
    assert [(item.names, item.sought, item.always) for item in found] == groups


@pytest.mark.parametrize("code", [row[1] for row in SILENT], ids=[row[0] for row in SILENT])
def test_nothing_is_claimed(code: str) -> None:
    assert opened_by(IMPORTS + code + "\n") == ()


def test_lines_count_from_one() -> None:
    assert [item.line for item in opened_by(IMPORTS + "\nctypes.CDLL('liba.so')\nctypes.CDLL('libb.so')\n")] == [4, 5]


def opens_of(files: dict[str, bytes]) -> dict[str, tuple[Opened, ...] | None]:
    with open_artifact(simple_zip(files)) as artifact:
        return {path: facts.opens for path, facts in artifact.facts.items()}


CODE = b"import ctypes\nctypes.CDLL('libx.so.1')\n"
GROUP = (Opened((NAME,), (), 2),)


def test_the_one_pass_keeps_it() -> None:
    assert opens_of({"python/a.py": CODE}) == {"python/a.py": GROUP}
    script = opens_of({"a.py": b"#!/usr/bin/python\n" + CODE})
    assert script == {"a.py": (Opened((NAME,), (), 3),)}
    assert opens_of({"python/a.py": b"# import ctypes\nx = 1\n", "python/b.txt": CODE}) == {}


@pytest.mark.parametrize(
    "path", ["a/tests/b.py", "tests/b.py", "setup.py", "a/docs/conf.py", "examples/b.py", "conftest.py"]
)
def test_code_that_nothing_imports_is_left_out(path: str) -> None:
    assert opens_of({path: CODE}) == {}


def test_a_directory_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(CODE)
    with open_artifact(str(tmp_path)) as artifact:
        assert artifact.facts == {"a.py": Facts(opens=GROUP)}


def test_too_much_code_is_not_passed_over_silently() -> None:
    openings = Openings()
    filling = CODE + b"#" * (MAX_SOURCE - len(CODE))
    assert openings.of_python(filling + b"#", "a.py") is None
    for _ in range(MAX_SOURCES // MAX_SOURCE):
        assert openings.of_python(filling, "a.py") == GROUP
    assert openings.of_python(filling, "a.py") is None
    assert openings.of_python(b"#" * (MAX_SOURCE + 1), "a.py") == ()


@pytest.mark.parametrize("expression", [
    "1" + "+1" * 40_000, "a" + ".b" * 40_000, "f" + "()" * 40_000, "-" * 40_000 + "1", "(" * 5_000,
    "not " * 20_000 + "1", "[" * 90 + "]" * 90, "x = x + x\n" * 5_000, "'\\d'",
])  # fmt: skip
def test_hostile_code_ends(expression: str) -> None:
    start = time.monotonic()
    found = Openings().of_python(f"import ctypes\nctypes.CDLL('{NAME}')\nx = 'a'\n{expression}\n".encode(), "a.py")
    assert found in ((), GROUP)
    assert time.monotonic() - start < 10


def test_the_same_functions_calling_each_other_end() -> None:
    code = "import ctypes\ndef a():\n  b()\ndef b():\n  a()\n  ctypes.CDLL('libx.so.1')\na()\n"
    assert opened_by(code) == (Opened((NAME,), (), 6),)


def test_drivers_of_odbc() -> None:
    text = b"[A]\nDescription=x\nDriver = /opt/lib/liba.so \nDriver64='/opt/lib/libb.so'\nSetup=/opt/lib/libs.so\n"
    text += b"; Driver=/opt/lib/libc.so\n[B]\ndriver=FreeTDS\n[C]\r\nDRIVER=/var/task/libd.so\r\n"
    found = opens_of({"etc/odbcinst.ini": text})["etc/odbcinst.ini"]
    assert found == (
        Opened(("/opt/lib/liba.so",), (), 3, config=True),
        Opened(("/opt/lib/libb.so",), (), 4, config=True),
        Opened(("/var/task/libd.so",), (), 10, config=True),
    )
