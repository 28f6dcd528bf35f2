"""LC571: the file, the class or the function that a handler names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, link, module, of, told
from layercheck.artifact import handler_code, open_artifact
from layercheck.artifact.handler_code import read_handler_code
from layercheck.artifact.python_source import parse, syntax_fault
from support.zip_writer import simple_zip

PY, JS, RB = (
    b"def handler(event, context):\n    return 1\n",
    b"exports.handler = async () => 1;\n",
    b"def handler(a)\nend\n",
)
NODE, RUBY, JAVA, NET = ({"runtime": name} for name in ("nodejs22.x", "ruby3.3", "java21", "dotnet8"))
ARN = "arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python312:95"

# (what, files, handler, options, path of the finding; "" for none at a file, None for no finding)
CASES: Sequence[tuple[str, Files, str, dict[str, Any], str | None]] = (
    ("Python", {"app.py": PY}, "app.handler", {}, None),
    ("Python in a folder, with dots", {"src/app.py": PY}, "src.app.handler", {}, None),
    ("Python in a folder, with a slash", {"src/app.py": PY, "a": b"1"}, "src/app.handler", {}, None),
    ("Python package", {"app/__init__.py": PY}, "app.handler", {}, None),
    ("Python bytecode", {"app.pyc": b"1"}, "app.handler", {}, None),
    ("Python extension", {"app.cpython-312-x86_64-linux-gnu.so": b"\x7fELF"}, "app.handler", {}, None),
    ("Python through a link", {"app.py": link("src/real.py"), "src/real.py": PY}, "app.handler", {}, None),
    ("Python elsewhere", {"src/app.py": PY, "x.txt": b"1"}, "app.handler", {}, "src/app.py"),
    ("Python one level too deep in the handler", {"app.py": PY}, "src/app.handler", {}, "app.py"),
    ("Python in another case", {"App.py": PY}, "app.handler", {}, "App.py"),
    ("Python not there", {"main.py": PY}, "app.handler", {}, ""),
    ("Python without a function", {"app.py": PY}, "app", {}, ""),
    ("Python with backslashes", {"src/app.py": PY}, "src\\app.handler", {}, ""),
    ("Python with another function", {"app.py": PY}, "app.lambda_handler", {}, "app.py"),
    ("Python method only", {"app.py": b"class A:\n  def handler(self): pass\n"}, "app.handler", {}, "app.py"),
    ("Python assignment", {"app.py": b"handler = make()\n"}, "app.handler", {}, None),
    ("Python import", {"app.py": b"from x import run as handler\n"}, "app.handler", {}, None),
    ("Python in a try", {"app.py": b"try:\n  import handler\nexcept E: handler = 1\n"}, "app.handler", {}, None),
    ("Python global", {"app.py": b"def f():\n  global handler\n  handler = 1\n"}, "app.handler", {}, None),
    ("Python star import", {"app.py": b"from x import *\n"}, "app.handler", {}, None),
    ("Python __getattr__", {"app.py": b"def __getattr__(name): return f\n"}, "app.handler", {}, None),
    ("Python globals()", {"app.py": b"globals()['handler'] = 1\n"}, "app.handler", {}, None),
    ("Python of a newer syntax", {"app.py": b"x = t'{y}' if z else t''\nhandler = 1\n"}, "app.handler",
     {"runtime": "python3.15"}, None),
    ("Python 2", {"app.py": b"def handler(event, context):\n    print 'x'\n"}, "app.handler",
     {"runtime": "python3.15"}, "app.py"),
    ("Python with tabs and spaces", {"app.py": b"def handler(e, c):\n    a = 1\n\tb = 2\n"}, "app.handler", {},
     "app.py"),
    ("Python without a body", {"app.py": b"def handler(e, c):\n"}, "app.handler", {}, "app.py"),
    ("Python that is cut off", {"app.py": PY + b"x = (1,\n"}, "app.handler", {"runtime": "python3.8"}, "app.py"),
    ("Python with match, before it came", {"app.py": PY + b"match x:\n  case 1: pass\n"}, "app.handler",
     {"runtime": "python3.9"}, "app.py"),
    ("Python with match", {"app.py": PY + b"match x:\n  case 1: pass\n"}, "app.handler", {"runtime": "python3.10"},
     None),
    ("Python in Latin-1", {"app.py": b"x = 'caf\xe9'\n" + PY}, "app.handler", {}, "app.py"),
    ("Python in Latin-1 that says so", {"app.py": b"# coding: latin-1\nx = 'caf\xe9'\n" + PY}, "app.handler", {}, None),
    ("Python with NUL", {"app.py": PY + b"\0"}, "app.handler", {}, "app.py"),
    ("Python: a class", {"app.py": b"class Handler:\n    def __call__(self, e, c): pass\n"}, "app.Handler", {}, None),
    ("Python: a method", {"app.py": b"class App:\n    def handler(self, e, c): pass\n"}, "app.App.handler", {},
     "app.py"),
    ("Python: a module of the interpreter", {"time.py": PY}, "time.handler", {}, ""),
    ("Python: a module of the interpreter in a folder", {"src/time.py": PY}, "src/time.handler", {}, None),
    ("Python: a folder without __init__", {"app/main.py": PY, "x.py": b""}, "app.handler", {}, ""),
    ("Python: a package in a folder without __init__", {"src/app/__init__.py": PY}, "src.app.handler", {}, None),
    ("Python: a package before a module", {"app.py": PY, "app/__init__.py": b""}, "app.handler", {},
     "app/__init__.py"),
    ("Python: a module before a folder", {"app.py": PY, "app/x.py": b""}, "app.handler", {}, None),
    ("Python: imported", {"app.py": b"from core.run import handler\n", "core/run.py": PY}, "app.handler", {}, None),
    ("Python: imported under a name", {"app.py": b"from .run import go as handler\n", "run.py": b"go = 1\n"},
     "app.handler", {}, None),
    ("Python: imported from where it is not", {"app.py": b"from core.run import handler\n", "core/run.py": b"x = 1\n"},
     "app.handler", {}, "app.py"),
    ("Python: imported, unless", {"app.py": b"try:\n  from run import handler\nexcept ImportError:\n  handler = 1\n",
                                  "run.py": b"x = 1\n"}, "app.handler", {}, None),
    ("Python: a module of its package", {"app.py": b"from core import handler\n", "core/__init__.py": b"",
                                         "core/handler.py": b""}, "app.handler", {}, None),
    ("Python: imported in a circle", {"app.py": b"from b import handler\n", "b.py": b"from app import handler\n"},
     "app.handler", {}, None),
    ("Python: a star", {"app.py": b"from run import *\n", "run.py": PY}, "app.handler", {}, None),
    ("Python: a star that lacks it", {"app.py": b"from run import *\n", "run.py": b"x = 1\n"}, "app.handler", {},
     "app.py"),
    ("Python: a star of stars", {"app.py": b"from a import *\n", "a.py": b"from b import *\n", "b.py": PY},
     "app.handler", {}, None),
    ("Python: a star of stars that lacks it", {"app.py": b"from a import *\n", "a.py": b"from b import *\n",
                                               "b.py": b""}, "app.handler", {}, "app.py"),
    ("Python: a star with __all__", {"app.py": b"from run import *\n", "run.py": PY + b"__all__ = ['x']\n"},
     "app.handler", {}, "app.py"),
    ("Python: a star with a made __all__", {"app.py": b"from run import *\n", "run.py": b"__all__ = list(x)\n"},
     "app.handler", {}, None),
    ("Python: a star and a name of its own", {"app.py": b"from run import *\n", "run.py": b"_go = 1\n"}, "app._go",
     {}, "app.py"),
    ("Python: a star from a layer", {"app.py": b"from run import *\n"}, "app.handler",
     {"layers": [simple_zip({"python/run.py": b"x = 1\n"})]}, "app.py"),
    ("Python: a star in a circle", {"app.py": b"from a import *\n", "a.py": b"from app import *\n"}, "app.handler",
     {}, None),
    ("Python: where PYTHONPATH says", {"lib/app.py": PY, "x.py": b""}, "app.handler",
     {"env": {"PYTHONPATH": "/var/task/lib"}}, None),
    ("Python: another Python's module", {"app.cpython-38-x86_64-linux-gnu.so": module()}, "app.handler", {}, None),
    ("Python of the standard library", {"a.py": PY}, "http/server.handler", {}, None),
    ("unreadable is told as that", {"app.py": (PY, 0o600)}, "app.handler", {}, None),
    ("Node.js", {"index.js": JS}, "index.handler", NODE, None),
    ("Node.js module", {"index.mjs": b"export const handler = 1"}, "index.handler", NODE, None),
    ("Node.js CommonJS", {"index.cjs": JS}, "index.handler", NODE, None),
    ("Node.js folder", {"app/index.js": JS, "x": b"1"}, "app.handler", NODE, None),
    ("Node.js in a folder", {"src/index.js": JS, "x": b"1"}, "src/index.handler", NODE, None),
    ("Node.js with dots for slashes", {"src/index.js": JS, "x": b"1"}, "src.index.handler", NODE, "src/index.js"),
    ("Node.js package", {"node_modules/w/package.json": b"{}", "a.js": JS}, "w.handler", NODE, None),
    ("Node.js nested function", {"index.js": b"exports.api = {handler: 1}"}, "index.api.handler", NODE, None),
    ("Node.js TypeScript", {"index.ts": b"export const handler = 1"}, "index.handler", NODE, "index.ts"),
    ("Node.js not there", {"lib/redshift.js": JS, "test/index.js": JS}, "index.handler", NODE, "test/index.js"),
    ("Node.js dependencies are no handler", {"node_modules/a/index.js": JS, "x": b"1"}, "index.handler", NODE, ""),
    ("Node.js without the function", {"index.js": b"exports.main = 1;"}, "index.handler", NODE, "index.js"),
    ("Node.js that exports another's", {"index.js": b"module.exports = require('./x');"}, "index.handler", NODE, None),
    ("Node.js that exports all", {"index.mjs": b"export * from './x.mjs';"}, "index.handler", NODE, None),
    ("Node.js bundle", {"index.js": b"Object.assign(exports, o)"}, "index.handler", NODE, None),
    ("Ruby", {"app.rb": RB}, "app.handler", RUBY, None),
    ("Ruby class", {"app.rb": b"class A\ndef self.run(e)\nend\nend"}, "app.A.run", RUBY, None),
    ("Ruby not there", {"main.rb": RB}, "app.handler", RUBY, ""),
    ("Ruby without the method", {"app.rb": b"def other\nend"}, "app.handler", RUBY, "app.rb"),
    ("Ruby that requires", {"app.rb": b"require_relative 'x'"}, "app.handler", RUBY, None),
    ("Java class", {"com/example/H.class": b"\xca\xfe\xba\xbe"}, "com.example.H::run", JAVA, None),
    ("Java jar", {"lib/a.jar": simple_zip({"com/example/H.class": b"1"})}, "com.example.H", JAVA, None),
    ("Java not there", {"com/example/H.class": b"1", "lib/a.jar": simple_zip({"x": b"1"})}, "H::run", JAVA,
     "com/example/H.class"),
    ("Java Spring Boot", {"lib/a.jar": simple_zip({"BOOT-INF/classes/H.class": b"1"})}, "com.H::run", JAVA, None),
    (".NET", {"Fn.dll": b"MZ", "Fn.deps.json": b"{}"}, "Fn::Fn.Function::Run", NET, None),
    (".NET executable", {"Fn.dll": b"MZ"}, "Fn", NET, None),
    (".NET in a folder", {"publish/Fn.dll": b"MZ", "x": b"1"}, "Fn::Fn.Function::Run", NET, "publish/Fn.dll"),
    (".NET in another case", {"fn.dll": b"MZ"}, "Fn::Fn.Function::Run", NET, "fn.dll"),
    (".NET not there", {"Other.dll": b"MZ"}, "Fn::Fn.Function::Run", NET, ""),
    ("OS-only runtimes have no handler", {"bootstrap": (b"#!/bin/sh\nexec x\n", 0o755)}, "a.b",
     {"runtime": "provided.al2023"}, None),
)  # fmt: skip


@pytest.mark.parametrize(("files", "handler", "options", "path"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, handler: str, options: dict[str, Any], path: str | None) -> None:
    found = of(judge(files, handler=handler, **options), "LC571")
    assert [(f.severity.value, f.path or "") for f in found] == ([] if path is None else [("error", path)])


@pytest.mark.parametrize(
    ("files", "handler", "options", "words"),
    [
        ({"src/app.py": PY, "x": b"1"}, "app.handler", {}, ("--handler src/app.handler", "cd src && ")),
        ({"App.py": PY}, "app.handler", {}, ("--handler App.handler",)),
        ({"main.py": PY}, "app.handler", {}, ("--handler main.handler",)),
        ({"data.txt": PY}, "app.handler", {}, ("app.py", "zip -qry")),
        ({"src/app.py": PY}, "src\\app.handler", {}, ("--handler src/app.handler",)),
        ({"index.ts": b"1"}, "index.handler", NODE, ("npx esbuild index.ts", "--outfile=index.js")),
        ({"fn.dll": b"MZ"}, "Fn::F.G::R", NET, ("--handler fn::F.G::R",)),
        ({"H.txt": b"1"}, "com.example.H::r", JAVA, ("jar tf", "H.class")),
        ({"src/index.js": JS, "x": b"1"}, "src.index.handler", NODE, ("--handler src/index.handler",)),
        ({"app.py": PY}, "app.run", {}, ("--handler app.FUNCTION",)),
    ],
)
def test_the_fix_is_a_command(files: Files, handler: str, options: dict[str, Any], words: Sequence[str]) -> None:
    (finding,) = of(judge(files, handler=handler, **options), "LC571")
    assert [word for word in words if word not in (finding.fix or "")] == []


def test_a_handler_may_lie_in_a_layer() -> None:
    layer = simple_zip({"python/wrapper/run.py": PY})
    assert told(judge({"app.py": PY}, handler="wrapper.run.handler", layers=[layer])) == []
    node = simple_zip({"nodejs/node_modules/w/handler.js": JS})
    assert (
        told(judge({"a.js": JS}, "nodejs22.x", handler="/opt/nodejs/node_modules/w/handler.handler", layers=[node]))
        == []
    )
    assert told(
        judge({"a.js": JS}, "nodejs22.x", handler="/opt/nodejs/node_modules/w/other.handler", layers=[node])
    ) == [("LC571", "error", None)]


def test_a_handler_may_lie_in_a_layer_that_is_not_at_hand() -> None:
    report = judge({"app.py": PY}, handler="datadog_lambda.handler.handler", layers=[ARN])
    assert told(report) == []
    assert [item.what for item in report.unchecked] == ["its handler"]
    assert ARN in report.unchecked[0].why


def test_a_layer_alone_has_no_handler() -> None:
    assert told(judge({"python/a.py": PY}, kind="layer", handler="app.handler")) == []


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs22.x", "ruby3.3", "java21", "dotnet8", "provided.al2023"])
@pytest.mark.parametrize(
    "handler", [".", "..", "/", "a/", "\udcff.x", "a" * 5000, "a.b" * 500, "::", "\0.x", "*.[x", " "]
)
def test_hostile_handlers_never_raise(handler: str, runtime: str) -> None:
    judge({"a.py": PY, "a.js": JS, "a.rb": RB, "a.dll": b"MZ"}, runtime, handler=handler)


def test_only_files_of_that_name_are_read_and_few_of_them() -> None:
    files: dict[str, bytes] = {f"d{number}/index.js": JS for number in range(100)}
    files |= {f"node_modules/p{number}/index.js": JS for number in range(100)} | {"other.js": JS}
    with open_artifact(simple_zip(files)) as artifact:
        before = artifact.inflate_count
        assert set(read_handler_code(artifact, "other.handler", jars=True)) == {"other.js"}
        assert artifact.inflate_count == before + 1
        assert len(read_handler_code(artifact, "index.handler", jars=True)) == handler_code.MAX_FILES


def test_jars_are_searched_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler_code, "MAX_JARS", 10)
    files: Files = {"lib/a.jar": simple_zip({"com/H.class": b"\xca\xfe\xba\xbe\0\0\0\x41"})}
    report = judge(files, "java21", handler="com.X::run", kind="function")
    assert told(report) == []
    assert "its handler's class" in [item.what for item in report.unchecked]
    with open_artifact(simple_zip(files)) as artifact:
        assert read_handler_code(artifact, "com.H", jars=False) == {}


def test_large_sources_are_left_alone() -> None:
    files: Files = {"app.py": b"x = 1\n" * 60_000}
    assert told(judge(files, handler="app.handler")) == []


HOSTILE = (
    b"a" + b".b" * 60_000, b"a+" * 60_000 + b"1", b"(" * 60_000, b"-" * 60_000 + b"1", b"\0", b"\xff\xfe",
    b"# coding: x\n",
    b"not " * 30_000 + b"1", b"x=" * 30_000 + b"1", b"lambda:" * 20_000 + b"1", b"f'{" * 300, b"if 1:\n" * 3,
)  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_source_is_bounded(data: bytes) -> None:
    assert {finding.rule for finding in judge({"app.py": data}, handler="app.handler").findings} <= {"LC571", "LC008"}


def test_old_pythons_are_spared_deep_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.10 does not survive them."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    monkeypatch.setattr(ast, "parse", lambda data: pytest.fail("parsed"))
    deep = b"x = (a\n" + b" .b\n" * 10_000 + b")\n"
    assert parse(deep) is None
    assert syntax_fault(deep, (3, 12)) is None
    monkeypatch.undo()
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert parse(b"def f():\n    pass\n" * 5_000) is not None


def test_doubtful_source_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    files: Files = {"app.py": b"x = '\\d'\nassert (1, 'a')\ndef handler(): 1\n"}
    assert told(judge(files, handler="app.handler")) == []
    assert list(recwarn) == []


def test_what_only_a_newer_python_can_tell_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    files: Files = {"app.py": PY + b"type = = 1\n"}
    assert [f.rule for f in judge(files, "python3.8", handler="app.handler").findings] == ["LC571"]
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    report = judge(files, "python3.15", handler="app.handler")
    assert told(report) == []
    (item,) = report.unchecked
    assert (item.path, item.what) == ("app.py", "whether it defines the handler")
    assert "python3.15 is newer" in item.why


@pytest.mark.parametrize(
    ("files", "handler", "words", "fix"),
    [
        ({"app.py": b"print 'x'\n"}, "app.handler", ("line 1", "Missing parentheses"), "-m py_compile app.py"),
        ({"time.py": PY}, "time.handler", ("Cannot use built-in module time",), "--handler app.handler"),
        ({"app.py": b"class App:\n    def run(self): pass\n"}, "app.App.run", ("module app.App", "class"), "app.run"),
        ({"app/main.py": PY, "b.py": b""}, "app.handler", ("folder without __init__.py",), "app.main.handler"),
        ({"app.py": b"from run import go\n", "run.py": b""}, "app.go", ("imports from run", "import name"), "run.py"),
    ],
)  # fmt: skip
def test_python_findings_say_what_to_do(files: Files, handler: str, words: Sequence[str], fix: str) -> None:
    (finding,) = of(judge(files, handler=handler), "LC571")
    assert [word for word in words if word not in finding.message] == []
    assert fix in (finding.fix or "")


def test_a_handler_that_is_an_extension_for_another_python_is_told_once() -> None:
    files: Files = {"app.cpython-38-x86_64-linux-gnu.so": module(), "b.py": b""}
    (finding,) = judge(files, handler="app.handler").findings
    assert finding.rule == "LC501"
    assert finding.details["consequences"] == {"LC571": 1}
