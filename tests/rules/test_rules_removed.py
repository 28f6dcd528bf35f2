"""LC509: what the target's Python no longer has."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from check.made import Files, judge, of
from layercheck.artifact.removed import mentioned, modules_of, names_of, removed
from support.zip_writer import simple_zip

DATA = Path(__file__).resolve().parents[2] / "layercheck" / "artifact" / "data" / "removed.json"
H = b"def handler(event, context):\n    return 1\n"
OLD: Files = {
    "old/__init__.py": b"from .x import y\n",
    "old/x.py": b"from distutils.version import LooseVersion as y\n",
}
INFO = {"python/old-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: old\nVersion: 1.0\n",
        "python/old-1.0.dist-info/RECORD": b"old/__init__.py,,\nold/x.py,,\n"}  # fmt: skip
VENDORED = (
    b"from botocore.vendored import requests\ndef handler(event, context):\n    return requests.get('http://x')\n"
)


def app(code: bytes, **more: bytes) -> Files:
    return {"app.py": code + H, **{name.replace("__", "/") + ".py": data for name, data in more.items()}}


def layer(files: Files) -> Files:
    return {"python/" + path: data for path, data in files.items()}


# (what, files, handler or None, options, (severity, confidence, path) of the finding)
CASES: Sequence[tuple[str, Files, str | None, dict[str, Any], tuple[str, str, str] | None]] = (
    ("the handler's module", app(b"import imp\n"), "app.handler", {}, ("error", "certain", "app.py")),
    ("before it went", app(b"import imp\n"), "app.handler", {"runtime": "python3.11"}, None),
    ("among others", app(b"import os, imp as i, sys\n"), "app.handler", {}, ("error", "certain", "app.py")),
    ("behind a semicolon", app(b"import os; import imp\n"), "app.handler", {}, ("error", "certain", "app.py")),
    ("below another package", app(b"import distutils.core\n"), "app.handler", {}, ("error", "certain", "app.py")),
    ("a name", app(b"from collections import Mapping\n"), "app.handler", {}, ("error", "certain", "app.py")),
    ("a name that stayed", app(b"from collections import OrderedDict\nfrom collections.abc import Mapping\n"),
     "app.handler", {}, None),
    ("a base class", app(b"import collections as c\nclass A(c.MutableMapping): pass\n"), "app.handler", {},
     ("error", "certain", "app.py")),
    ("a decorator", app(b"import asyncio\n@asyncio.coroutine\ndef f(): yield\n"), "app.handler", {},
     ("error", "certain", "app.py")),
    ("in a function", app(b"import inspect\ndef f(g): return inspect.getargspec(g)\n"), "app.handler", {},
     ("warning", "likely", "app.py")),
    ("in a function that is called at once", app(b"def f():\n    import imp\nf()\n"), "app.handler", {},
     ("error", "certain", "app.py")),
    ("in an import", {**app(b"import old\n"), **OLD}, "app.handler", {}, ("error", "certain", "old/x.py")),
    ("in an import by a function", {**app(b"def f(): import old\n"), **OLD}, "app.handler", {}, None),
    ("not imported", {**app(b""), **OLD}, "app.handler", {}, None),
    ("guarded", app(b"try:\n    import imp\nexcept ImportError:\n    imp = None\n"), "app.handler", {}, None),
    ("guarded by anything", app(b"try:\n    import imp\nexcept Exception:\n    imp = None\n"), "app.handler", {}, None),
    ("guarded by nothing", app(b"try:\n    import imp\nexcept: pass\n"), "app.handler", {}, None),
    ("guarded for something else", app(b"try:\n    import imp\nexcept KeyError: pass\n"), "app.handler", {},
     ("error", "certain", "app.py")),
    ("raised again", app(b"try:\n    import imp\nexcept ImportError as e:\n    raise RuntimeError() from e\n"),
     "app.handler", {}, ("error", "certain", "app.py")),
    ("a fallback", app(b"try:\n    import importlib\nexcept ImportError:\n    import imp\n"), "app.handler", {}, None),
    ("suppressed", app(b"from contextlib import suppress\nwith suppress(ImportError):\n    import imp\n"),
     "app.handler", {}, None),
    ("a name guarded", app(b"try:\n    from collections import Mapping\nexcept ImportError:\n    Mapping = dict\n"),
     "app.handler", {}, None),
    ("an attribute guarded", app(b"import collections\ntry:\n    M = collections.Mapping\nexcept AttributeError:\n"
                                 b"    M = dict\n"), "app.handler", {}, None),
    ("an attribute asked for", app(b"import collections\nif hasattr(collections, 'Mapping'):\n"
                                   b"    M = collections.Mapping\n"), "app.handler", {}, None),
    ("an attribute set", app(b"import collections\ncollections.Mapping = dict\nM = collections.Mapping\n"),
     "app.handler", {}, None),
    ("for older versions", app(b"import sys\nif sys.version_info < (3, 12):\n    import imp\n"), "app.handler", {},
     None),
    ("else for older versions", app(b"import sys\nif sys.version_info[:2] >= (3, 12):\n    imp = None\nelse:\n"
                                    b"    import imp\n"), "app.handler", {}, None),
    ("for newer versions", app(b"import sys\nif sys.version_info >= (3, 8):\n    import imp\n"), "app.handler", {},
     ("error", "certain", "app.py")),
    ("for Python 2", app(b"import six\nif six.PY2:\n    import urllib2\n"), "app.handler", {}, None),
    ("for Windows", app(b"import sys\nif sys.platform == 'win32':\n    import imp\n"), "app.handler", {}, None),
    ("for type checkers", app(b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import imp\n"), "app.handler",
     {}, None),
    ("on a condition", app(b"import os\nif os.environ.get('X'):\n    import imp\n"), "app.handler", {}, None),
    ("guarded further up", {**app(b"try:\n    import old\nexcept ImportError: pass\n"), **OLD}, "app.handler", {},
     None),
    ("two ways, one guarded", {**app(b"try:\n    import old\nexcept ImportError: pass\nimport b\n"), **OLD,
                               "b.py": b"import old\n"}, "app.handler", {}, ("error", "certain", "old/x.py")),
    ("a package's submodule", {**app(b"from pkg import sub\n"), "pkg/__init__.py": b"", "pkg/sub.py": b"import imp\n"},
     "app.handler", {}, ("error", "certain", "pkg/sub.py")),
    ("a package around it", {**app(b"import pkg.sub\n"), "pkg/__init__.py": b"import imp\n", "pkg/sub.py": b""},
     "app.handler", {}, ("error", "certain", "pkg/__init__.py")),
    ("relative, two up", {"a/app.py": b"from .b.c import d\n" + H, "a/b/c.py": b"from .. import e\nd = 1\n",
                          "a/e.py": b"import imp\n"}, "a.app.handler", {}, ("error", "certain", "a/e.py")),
    ("brought along", app(b"import imp\n", imp=b""), "app.handler", {}, None),
    ("brought along by a layer", app(b"import cgi\n"), "app.handler",
     {"runtime": "python3.13", "layers": [{"python/cgi.py": b""}]}, None),
    ("brought along by a hook", app(b"import distutils\n"), "app.handler",
     {"layers": [{"python/setuptools/__init__.py": b"", "python/setuptools/_distutils/__init__.py": b""}]},
     ("info", "likely", "app.py")),
    ("put into sys.modules", app(b"import sys\nsys.modules['imp'] = sys\nimport imp\n"), "app.handler", {}, None),
    ("in the layer that is used", app(b"import old\n"), "app.handler", {"layers": [layer(OLD)]},
     ("error", "certain", "python/old/x.py")),
    ("a layer alone", layer(OLD), None, {}, ("warning", "likely", "python/old/x.py")),
    ("a layer alone, with its name", {**layer(OLD), **INFO}, None, {}, ("warning", "likely", "python/old/x.py")),
    ("a layer alone: not imported by its package", {**layer(OLD), "python/old/__init__.py": b""}, None, {}, None),
    ("a layer alone: by another package", {**layer(OLD), "python/old/__init__.py": b"",
                                           "python/new/__init__.py": b"import old.x\n"}, None, {},
     ("warning", "likely", "python/old/x.py")),
    ("a layer alone: a name", {"python/old.py": b"from inspect import getargspec\n"}, None, {},
     ("warning", "certain", "python/old.py")),
    ("a layer alone: tests", {"python/p/__init__.py": b"", "python/p/tests/a.py": b"import imp\n"}, None, {}, None),
    ("a layer alone: setup.py", {"python/p/__init__.py": b"", "python/setup.py": b"import imp\n"}, None, {}, None),
    ("a layer alone: setuptools", {"python/setuptools/__init__.py": b"import distutils.core\n",
                                   "python/setuptools/_distutils/__init__.py": b""}, None, {}, None),
    ("a layer alone: in a namespace", {"python/google/old/__init__.py": b"import imp\n"}, None, {},
     ("warning", "likely", "python/google/old/__init__.py")),
    ("a circle", {**app(b"import a\n"), "a.py": b"import b\n", "b.py": b"import a\nimport imp\n"}, "app.handler", {},
     ("error", "certain", "b.py")),
    ("the SDK's requests", {"app.py": VENDORED}, "app.handler", {}, ("warning", "likely", "app.py")),
    ("the SDK's requests, at once", {"app.py": b"from botocore.vendored import requests as r\ns = r.Session()\n" + H},
     "app.handler", {}, ("error", "certain", "app.py")),
    ("the SDK's requests: what it kept", {"app.py": b"from botocore.vendored.requests.exceptions import Timeout\n"
                                                    b"from botocore.vendored import requests\n"
                                                    b"E = requests.exceptions.HTTPError\n" + H}, "app.handler", {},
     None),
    ("the SDK's requests, in an SDK that has it", {"app.py": VENDORED,
                                                   "botocore/vendored/requests/__init__.py": b"",
                                                   "botocore/vendored/requests/api.py": b""}, "app.handler", {}, None),
    ("no handler given", app(b"import imp\n"), None, {"kind": "function"}, ("warning", "certain", "app.py")),
    ("not Python", app(b"import imp\n"), None, {"kind": "function", "runtime": "nodejs22.x"}, None),
    ("no syntax of any Python", app(b"import imp\nclass = 1\n"), "app.handler", {}, None),
)  # fmt: skip


def run(files: Files, handler: str | None, options: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    options = {**options, "layers": [simple_zip(layer) for layer in options.get("layers", ())]}
    found = of(judge(files, **({"handler": handler} if handler else {}), **options), "LC509")
    return [(f.severity.value, f.confidence.value, f.path) for f in found]


@pytest.mark.parametrize(("files", "handler", "options", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(
    files: Files, handler: str | None, options: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    assert run(files, handler, options) == ([] if expected is None else [expected])


def test_the_way_to_it_is_told() -> None:
    (finding,) = of(judge({**app(b"import old\n"), **OLD}, handler="app.handler"), "LC509")
    assert "app → old → old.x" in finding.message
    assert finding.details["chain"] == ["app", "old", "old.x"]
    assert "setuptools" in (finding.fix or "")


def test_one_finding_for_a_package_and_a_fix_for_it() -> None:
    files = {
        **layer(OLD),
        **INFO,
        "python/old/x.py": b"import imp\nfrom . import z\n",
        "python/old/z.py": b"import cgi\n",
    }
    (finding,) = of(judge(files, "python3.13"), "LC509")
    assert "pip install" in (finding.fix or "")
    assert "'old>1.0'" in (finding.fix or "")
    assert finding.details["files"] == ["python/old/x.py", "python/old/z.py"]


@pytest.mark.parametrize(
    "code",
    [
        b"import imp\n" + b"(" * 5_000,
        b"import imp\n" + b"x = " + b"-" * 20_000 + b"1\n",
        b"import imp\n" + b"\0" * 10,
        b"import " + b"a." * 5_000 + b"imp\n",
        b"from " + b"." * 500 + b" import imp\n",
        b"\xff\xfeimport imp\n",
        b"import imp" + b", a" * 30_000 + b"\n",
        b"from collections import (" + b"Mapping, " * 2_000,
    ],
)
def test_hostile_code_is_no_exception(code: bytes) -> None:
    judge({"app.py": code + H}, handler="app.handler")
    judge({"python/app/__init__.py": code + H})


def test_a_chain_of_many_modules_is_followed_and_one_without_end_is_given_up() -> None:
    files = {f"m{n}.py": b"import m%d\n" % (n + 1) for n in range(300)} | {"m300.py": b"import imp\n"}
    assert run({**files, "app.py": b"import m0\n" + H}, "app.handler", {}) == [("error", "certain", "m300.py")]


def test_each_module_of_the_table_is_seen_by_the_quick_look() -> None:
    for name in modules_of():
        line = f"import os\nfrom {name} import x\n".encode()
        assert mentioned(line, "a.py") == (name,), name
    for name in names_of():
        module, _, last = name.rpartition(".")
        assert name in mentioned(f"from {module} import a, {last} as b\n".encode(), "a.py"), name
        assert name in mentioned(f"from {module} import (\n    a,\n    {last},\n)\n".encode(), "a.py"), name


def test_the_quick_look_passes_over_what_is_all_right() -> None:
    code = (
        b"import os, sys, re\nimport collections\nfrom typing import Callable, Mapping, Sequence\nfrom . import imp\n"
    )
    assert mentioned(code + b"x = collections.OrderedDict()\n", "a.py") == ()
    assert mentioned(b"import imp\n", "pkg/tests/a.py") == ()
    assert removed("collections.abc.Mapping") is None


def test_the_table_agrees_with_the_python_that_runs() -> None:
    mine = sys.version_info[:2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, record in modules_of().items():
            if record.version is not None and not name.startswith("typing.") and name != "tkinter.tix":
                assert (importlib.util.find_spec(name) is not None) == (record.version > mine), name
        for name, record in names_of().items():
            module, _, last = name.rpartition(".")
            assert record.version is not None
            if importlib.util.find_spec(module.partition(".")[0]) is not None:
                assert hasattr(importlib.import_module(module), last) == (record.version > mine), name


def test_the_table_is_whole() -> None:
    data = json.loads(DATA.read_text("utf-8"))
    for record in [*data["modules"], *data["names"], *data["bundled"]]:
        assert record["source"]
        assert record["use"]
        assert record["confidence"] in ("measured", "high", "medium", "low")
    names = [record["name"] for record in data["modules"]]
    assert len(names) == len(set(names))


def test_what_a_layer_that_is_not_at_hand_may_bring_is_not_checked() -> None:
    arn = "arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Python312:95"
    report = judge(app(b"import imp\n"), handler="app.handler", layers=[arn])
    assert of(report, "LC509") == []
    assert "imp, which it imports" in [item.what for item in report.unchecked]
    report = judge(app(b"from collections import Mapping\n"), handler="app.handler", layers=[arn])
    assert [finding.rule for finding in of(report, "LC509")] == ["LC509"]


def test_a_file_that_is_too_large_is_not_checked() -> None:
    report = judge(layer({"old.py": b"import imp\n" + b"#" * 300_000}))
    assert [(item.path, item.what) for item in report.unchecked] == [("python/old.py", "what it imports")]
