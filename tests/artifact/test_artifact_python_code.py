"""When a module does what it does: guards, functions, conditions, versions."""

from __future__ import annotations

import ast

import pytest

from layercheck.artifact import open_artifact
from layercheck.artifact.python_code import read_code
from layercheck.artifact.python_facts import ATTRIBUTE, IMPORT, MISSING, Code
from layercheck.artifact.python_reader import MAX_FILE, PythonReader, absolute, skim
from support.zip_writer import simple_zip

NEW, OLD = (3, 12), (3, 8)


def code(text: str) -> Code:
    return read_code(ast.parse(text))


@pytest.mark.parametrize(
    ("test", "new", "old"),
    [
        ("sys.version_info >= (3, 12)", True, False),
        ("sys.version_info > (3, 12)", True, False),
        ("sys.version_info > (3, 11)", True, False),
        ("sys.version_info <= (3, 12)", False, True),
        ("sys.version_info < (3, 12)", False, True),
        ("sys.version_info[:2] <= (3, 12)", True, True),
        ("sys.version_info[:2] == (3, 8)", False, True),
        ("sys.version_info[:2] != (3, 8)", True, False),
        ("sys.version_info[0] >= 3", True, True),
        ("sys.version_info[0] == 2", False, False),
        ("sys.version_info.major == 3", True, True),
        ("sys.version_info >= (3, 12, 1)", True, False),
        ("not sys.version_info >= (3, 12)", False, True),
        ("PY2 or sys.version_info >= (3, 12)", True, False),
        ("PY3 and six.PY3", True, True),
        ("TYPE_CHECKING", False, False),
        ("typing.TYPE_CHECKING", False, False),
        ("sys.platform == 'linux'", True, True),
        ("sys.platform.startswith('win')", False, False),
        ("os.name == 'nt'", False, False),
        ("os.name != 'nt'", True, True),
        ("platform.system() == 'Windows'", False, False),
        ("platform.python_implementation() == 'CPython'", True, True),
        ("__name__ == '__main__'", False, False),
        ("True", True, True),
        ("0", False, False),
    ],
)
def test_conditions_that_are_known(test: str, new: bool, old: bool) -> None:
    found = code(f"if {test}:\n    import a\nelse:\n    import b\n")
    for version, expected in ((NEW, new), (OLD, old)):
        assert [item.module for item in found.imports if item.where.runs(version)] == ["a" if expected else "b"]


@pytest.mark.parametrize(
    "test", ["x", "f()", "os.environ.get('A')", "sys.version_info[1] > 3", "sys.hexversion > 3", "a and b", "x == 1"]
)
def test_conditions_that_are_not_known(test: str) -> None:
    found = code(f"if {test}:\n    import a\nelse:\n    import b\n")
    assert [item.where.runs(NEW) for item in found.imports] == [False, False]


def test_what_else_surely_runs_when_the_condition_does_not_hold() -> None:
    found = code("if sys.version_info >= (3, 12) and x:\n    pass\nelse:\n    import a\n")
    assert [item.where.runs(NEW) for item in found.imports] == [False]
    found = code("if sys.version_info >= (3, 8) and sys.version_info < (3, 12):\n    import a\n")
    assert [[item.where.runs(version) for item in found.imports] for version in (NEW, OLD)] == [[False], [True]]
    found = code("if sys.version_info >= (3, 12) or x:\n    pass\nelse:\n    import a\n")
    assert [item.where.runs(NEW) for item in found.imports] == [False]
    assert [item.where.names for item in found.imports] == [{"x"}]


@pytest.mark.parametrize(
    ("handler", "caught"),
    [
        ("except ImportError: pass", {IMPORT, MISSING}),
        ("except ModuleNotFoundError: pass", {MISSING}),
        ("except (KeyError, ImportError): pass", {IMPORT, MISSING}),
        ("except Exception as e: log(e)", {IMPORT, MISSING, ATTRIBUTE}),
        ("except: pass", {IMPORT, MISSING, ATTRIBUTE}),
        ("except OSError: pass", set()),
        ("except ImportError: raise", set()),
        ("except ImportError:\n    sys.exit(1)", set()),
        ("except ImportError:\n    if x: raise", {IMPORT, MISSING}),
        ("finally: pass", set()),
    ],
)
def test_guards(handler: str, caught: set[str]) -> None:
    (item,) = code(f"try:\n    import a\n{handler}\n").imports
    assert item.where.catches == caught
    assert item.where.runs(NEW)


def test_what_a_handler_does_is_not_sure_to_run() -> None:
    found = code("try:\n    import a\nexcept ImportError:\n    import b\nelse:\n    import c\nfinally:\n    import d\n")
    assert {item.module: item.where.runs(NEW) for item in found.imports} == {"a": 1, "b": 0, "c": 1, "d": 1}
    assert set(found.guards.values()) == {frozenset()}


def test_functions_that_are_called_at_once_run_under_the_guard_of_the_call() -> None:
    found = code(
        "def f():\n    import a\n"
        "def g():\n    f()\n    import b\n"
        "def h():\n    import c\n"
        "try:\n    g()\nexcept ImportError:\n    HAS = False\n"
    )
    assert {item.module: item.where.function for item in found.imports} == {"a": "", "b": "", "c": "h"}
    assert {item.module: IMPORT in item.where.catches for item in found.imports} == {"a": 1, "b": 1, "c": 0}
    assert found.guards == {IMPORT: {"HAS"}, MISSING: {"HAS"}}


def test_attributes_are_known_by_what_their_module_is_bound_to() -> None:
    found = code("import a.b as x, c.d\nfrom e import f as g\nx.y.z\nc.d.i\ng.h\nunknown.k\nx.w = 1\nsys = 1\n")
    assert [use.name for use in found.uses] == ["a.b.y.z", "c.d.i", "e.f.h"]
    assert found.patched == {"a.b.w"}


def test_names_that_a_module_defines() -> None:
    found = code(
        "import a.b\nfrom c import d as e\nf = g = 1\ndef h(i): j = 1\nclass K: l = 1\nfor m in n: pass\n"
        "with o as p: pass\ntry: pass\nexcept E as q: pass\nif (r := 1): s: int = 2\n__all__ = ['t', 'u']\n"
        "match f:\n    case {'x': v, **w}: pass\ndef x():\n    global y\n"
    )
    assert found.defined == {"a", "e", "f", "g", "h", "K", "m", "p", "q", "r", "s", "v", "w", "x", "y", "__all__"}
    assert found.exported == frozenset(("t", "u"))
    assert found.classes == {"K"}
    assert not found.dynamic
    assert code("def __getattr__(name): pass").dynamic
    assert code("__all__ = [*a]").exported is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"import a, b.c as d  # e", [("a", ()), ("b.c", ())]),
        (b"from a import b as c, d # e, f", [("a", ("b", "d"))]),
        (b"x = 1\r\nfrom .. import a\r\n", [("..", ("a",))]),
        (b"from .a import (  # why\n    b,  # c\n    d,\n)\nimport e", [(".a", ("b", "d")), ("e", ())]),
        (b"from a import *", [("a", ("*",))]),
        (b"import a; import b", [("a", ())]),
        (b"    import a\nimportant = 1\nimport\nfrom a\n", []),
        (b"import ,\nfrom a import ,\n", [("a", ())]),
    ],
)
def test_skimming(text: bytes, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(skim(text).imports) == expected


def test_relative_names() -> None:
    assert absolute("a.b", "p.q") == "a.b"
    assert absolute(".", "p.q") == "p.q"
    assert absolute(".a", "p.q") == "p.q.a"
    assert absolute("..a", "p.q") == "p.a"
    assert absolute("...a", "p.q") is None
    assert absolute(".a", "") is None


def test_each_file_is_read_once_and_large_ones_not_at_all() -> None:
    files = {"a.py": b"import b\n", "big.py": b"#" * (MAX_FILE + 1), "bad.py": b"import ("}
    with open_artifact(simple_zip(files)) as artifact:
        reader = PythonReader(artifact)
        before = artifact.inflate_count
        found = reader.code("a.py")
        assert found is not None
        assert [item.module for item in found.imports] == ["b"]
        assert reader.code("a.py") is found
        assert reader.skim("a.py") is not None
        assert artifact.inflate_count == before + 1
        assert reader.code("bad.py") is None
        assert not reader.gave_up
        assert reader.code("big.py") is None
        assert reader.skim("gone.py") is None
        assert reader.gave_up
