"""LC512: imports on the handler's way that nothing provides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check.made import Files, judge, of
from layercheck.finding import Report

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:x:1"


def checked(files: Files, runtime: str = "python3.12", **options: object) -> Report:
    return judge(files, runtime=runtime, kind="function", handler="app.handler", **options)  # type: ignore[arg-type]


def app(code: str, **others: bytes) -> dict[str, bytes]:
    return {"app.py": f"{code}\ndef handler(event, context):\n    return 1\n".encode(), **others}


def test_the_way_to_what_is_missing_is_told() -> None:
    files = app(
        "import json\nfrom inner import tool", **{"inner/__init__.py": b"", "inner/tool.py": b"\nimport yaml\n"}
    )
    (found,) = of(checked(files), "LC512")
    assert (found.path, found.severity.value, found.confidence.value) == ("inner/tool.py", "warning", "likely")
    assert found.details == {"module": "yaml", "way": ["app.py:2", "inner/tool.py:2"]}
    assert found.fix is not None
    assert "pyyaml" in found.fix


@pytest.mark.parametrize(
    "code",
    [
        "import json, os.path, concurrent.futures, tomllib, annotationlib",
        "import boto3, botocore.config, dateutil.parser, awslambdaric",
        "try:\n    import gone\nexcept ImportError:\n    gone = None",
        "try:\n    import gone\nexcept Exception:\n    gone = None",
        "def late():\n    import gone",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import gone",
        "import sys\nif sys.version_info < (3, 9):\n    import gone",
        "import imp",
        "from . import other",
        "from here import anything",
        "x = 'import gone'",
    ],
)
def test_what_is_there_or_need_not_be(code: str) -> None:
    report = checked(app(code, **{"here.py": b"", "other.py": b""}))
    assert of(report, "LC512") == []
    assert not any("gone" in item.what for item in report.unchecked)


def test_a_layer_may_bring_it() -> None:
    from support.zip_writer import simple_zip

    layer = simple_zip({"python/gone.py": b""})
    assert of(checked(app("import gone"), layers=[layer]), "LC512") == []


def test_a_pythonpath_that_hides_the_layers_is_named() -> None:
    from support.zip_writer import simple_zip

    layer = simple_zip({"python/gone.py": b""})
    (found,) = of(checked(app("import gone"), layers=[layer], env={"PYTHONPATH": "/var/task/vendored"}), "LC512")
    assert "which a layer has where Python does not look, for PYTHONPATH is set" in found.message
    assert found.fix is not None
    assert found.fix.endswith("PYTHONPATH=/var/task/vendored:/opt/python")
    mended = {"PYTHONPATH": "/var/task/vendored:/opt/python"}
    assert of(checked(app("import gone"), layers=[layer], env=mended), "LC512") == []
    (other,) = of(checked(app("import other"), layers=[layer], env={"PYTHONPATH": "/var/task/vendored"}), "LC512")
    assert "which nothing here provides" in other.message
    report = checked(app("import gone"), layers=[ARN])
    assert of(report, "LC512") == []
    assert [item.why for item in report.unchecked] == [f"could be in {ARN}, which is not at hand"]


@pytest.mark.parametrize(
    "code", ["import sys\nsys.path.insert(0, '/tmp/lib')\nimport gone", "import inner\nimport gone"]
)
def test_code_that_changes_the_search_leaves_it_unchecked(code: str) -> None:
    report = checked(app(code, **{"inner.py": b"import site\nsite.addsitedir('vendor')\n"}))
    assert of(report, "LC512") == []
    assert any("gone" in item.what and "changes where Python looks" in item.why for item in report.unchecked)


def test_requirements_that_are_unpacked_at_the_start() -> None:
    files = app(
        "try:\n    import unzip_requirements\nexcept ImportError:\n    pass\nimport numpy",
        **{"unzip_requirements.py": b"import sys\n", ".requirements.zip": b"PK"},
    )
    assert of(checked(files), "LC512") == []


def test_what_a_package_declares_is_told_once() -> None:
    about = b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nRequires-Dist: gone\n"
    files = app("import pkg", **{"pkg/__init__.py": b"import gone\n", "pkg-1.0.dist-info/METADATA": about})
    report = checked(files)
    assert of(report, "LC512") == []
    assert len(of(report, "LC505")) == 1


def test_the_runtimes_differ() -> None:
    files = app("import pkg_resources")
    assert of(checked(files, "python3.11"), "LC512") == []
    assert len(of(checked(files, "python3.12"), "LC512")) == 1


def test_circles_end() -> None:
    files = app("import a", **{"a.py": b"import b\nimport gone\n", "b.py": b"import a\nimport app\n"})
    assert [item.path for item in of(checked(files), "LC512")] == ["a.py"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="import fromas.,*()\\\n\t#'\"xé\0", max_size=60))
def test_any_code_is_taken(code: str) -> None:
    checked({"app.py": code.encode("utf-8", "surrogatepass") + b"\ndef handler(e, c): pass\n"})
