"""LC505: what installed Python packages require, and nothing has."""

from __future__ import annotations

import pytest

from check.made import SUFFIX, judge, module, of, told
from rules.distributions_made import one, said, wheel


def layer(requires: tuple[str, ...], code: bytes = b"import other\n") -> dict[str, bytes]:
    return wheel("pkg", "1.0", {"pkg/__init__.py": code}, requires=requires)


def test_a_layer_alone_is_likely_and_a_function_certain() -> None:
    found = one(judge(layer(("other>=1.2",))), "LC505")
    assert (found.severity.value, found.confidence.value) == ("warning", "likely")
    assert found.path == "python/pkg-1.0.dist-info/METADATA"
    assert "the function or another layer would have to bring it" in found.message
    assert found.fix is not None
    assert "'other>=1.2'" in found.fix
    function = wheel("pkg", "1.0", {"pkg/__init__.py": b"import other\n"}, requires=("other",), root="")
    found = one(judge({**function, "app.py": b"import pkg\n"}, kind="function"), "LC505")
    assert (found.severity.value, found.confidence.value) == ("warning", "certain")
    assert "ModuleNotFoundError" in found.message


@pytest.mark.parametrize(
    "requirement",
    [
        'other; python_version < "3.8"', "other; extra == 'x'", "other; sys_platform == 'win32'", "boto3>=1.20", "pkg",
        "other; platform_machine == 'arm64'", "urllib3<3,>=1.21.1", "-e nonsense", "",
    ],
)  # fmt: skip
def test_what_does_not_count_or_is_there(requirement: str) -> None:
    assert told(judge(layer((requirement,)))) == []


@pytest.mark.parametrize(
    "there",
    ["other.py", "other/__init__.py", f"other{SUFFIX}", "other-2.0.dist-info/METADATA", "other/data.txt", "other.pyc"],
)
def test_what_is_there_with_or_without_metadata(there: str) -> None:
    content = module() if there.endswith(".so") else b"Name: other\nVersion: 2.0\n"
    assert of(judge({**layer(("other",)), "python/" + there: content}), "LC505") == []


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        (b"import PIL.Image\n", "warning"),
        (b"def f():\n    from PIL import Image\n", "info"),
        (b"try:\n    import PIL\nexcept ImportError:\n    PIL = None\n", "info"),
        (b"import os\n", "info"),
    ],
)
def test_the_code_tells_how_much_it_matters(code: bytes, severity: str) -> None:
    found = one(judge(layer(("Pillow",), code)), "LC505")
    assert (found.severity.value, found.details["requirement"]) == (severity, "pillow")


def test_a_name_that_cannot_be_told_stays_a_warning() -> None:
    assert said(layer(("odd-name",), b"import os\n"), "LC505")[0][0] == "warning"


def test_extras_count_where_another_asks_for_them() -> None:
    inner = wheel("inner", "1.0", {"inner.py": b"import other\n"}, requires=("other; extra == 'fast'",))
    assert told(judge({**layer(("inner",), b"import inner\n"), **inner})) == []
    found = one(judge({**layer(("inner[Fast]",), b"import inner\n"), **inner}), "LC505")
    assert found.path == "python/inner-1.0.dist-info/METADATA"


def test_extras_that_may_be_asked_for_are_unchecked() -> None:
    inner = wheel("inner", "1.0", {"inner.py": b"import other\n"}, requires=("other; extra == 'fast'",))
    asked = "inner[fast]; python_full_version >= '3.12.4'"
    report = judge({**layer((asked,), b"import inner\n"), **inner})
    assert (of(report, "LC505"), [item.what for item in report.unchecked]) == ([], ["other, which inner may require"])
    sure = judge({**layer((asked, "inner[fast]"), b"import inner\n"), **inner})
    assert one(sure, "LC505").path == "python/inner-1.0.dist-info/METADATA"


def test_one_finding_for_each_name() -> None:
    second = wheel("second", "1.0", {"second.py": b"import other\n"}, requires=("other<3",))
    found = one(judge({**layer(("other>=1",)), **second}), "LC505")
    assert "so does second" in found.message or "so does pkg" in found.message
    assert found.fix is not None
    assert "other" in found.fix
    assert [item["distribution"] for item in found.details["required_by"]] == ["pkg", "second"]


def test_versions() -> None:
    old = wheel("other", "1.0", {"other.py": b"1\n"})
    found = one(judge({**layer(("other>=1.2,<3",)), **old}), "LC505")
    assert "is 1.0" in found.message
    runtime = one(judge(layer(("urllib3>=2.2",))), "LC505")
    assert "the runtime's own urllib3" in runtime.message
    assert of(judge(layer(("urllib3>=2.2",)), "python3.14"), "LC505") == []


def test_an_open_deployment_leaves_it_unchecked() -> None:
    report = judge(layer(("other",)), layers=["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"])
    assert (of(report, "LC505"), [item.what for item in report.unchecked]) == ([], ["other, which pkg requires"])


def test_what_the_target_leaves_open_is_unchecked() -> None:
    report = judge(layer(("other; python_full_version >= '3.12.4'",)))
    assert (of(report, "LC505"), [item.what for item in report.unchecked]) == ([], ["other, which pkg may require"])


def test_a_function_gives_what_a_layer_lacks() -> None:
    from support.zip_writer import simple_zip

    function = wheel("other", "1.0", {"other.py": b"1\n"}, root="")
    below = simple_zip(layer(("other",)))
    assert of(judge({**function, "app.py": b"1"}, kind="function", layers=[below]), "LC505") == []


def test_eggs_have_requirements_too() -> None:
    files = {"python/old.py": b"import other\n", "python/old-1.0.egg-info/PKG-INFO": b"Name: old\nVersion: 1.0\n",
             "python/old-1.0.egg-info/requires.txt": b"other\n\n[test]\nnose\n",
             "python/old-1.0.egg-info/top_level.txt": b"old\n"}  # fmt: skip
    assert [item.details["requirement"] for item in of(judge(files), "LC505")] == ["other"]


FUNCTION = {"app.py": b"import requests\nimport boto3\n", "tools/dev.py": b"def f():\n    import black\n"}


def test_a_list_of_requirements_that_nobody_installed() -> None:
    wanted = b"# mine\nboto3\nrequests[socks] >=2.0 --hash=sha256:1 # why\n-r more.txt\npytest==8.0\nblack\n"
    wanted += b"other; sys_platform == 'win32'\n./local\n"
    found = of(judge({**FUNCTION, "requirements.txt": wanted}, kind="function"), "LC505")
    assert [(item.severity.value, item.details["requirement"], item.details["line"]) for item in found] == [
        ("warning", "requests", 3), ("warning", "black", 6),
    ]  # fmt: skip
    assert "app.py line 1 imports it" in "".join(item.message for item in found)
    there = {**FUNCTION, "requirements.txt": wanted, "requests/__init__.py": b"1", "black.py": b"1"}
    assert of(judge(there, kind="function"), "LC505") == []
    report = judge({**FUNCTION, "requirements.txt": b"requests"}, kind="function",
                   layers=["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"])  # fmt: skip
    assert (of(report, "LC505"), [item.what for item in report.unchecked]) == ([], ["requests, which line 1 lists"])


@pytest.mark.parametrize(
    ("requires", "tag", "expected"),
    [
        (">=3.13", "py3-none-any", ["warning"]),
        (">=3.8,<3.12", "py3-none-any", ["info"]),
        (">=3.8", "py3-none-any", []),
        (">=3.12.4", "py3-none-any", []),
        ("nonsense", "py3-none-any", []),
        (">=3.13", "cp313-cp313-manylinux2014_x86_64", []),
        (">=3.13", "cp313-abi3-manylinux2014_x86_64", ["warning"]),
    ],
)
def test_packages_for_another_python(requires: str, tag: str, expected: list[str]) -> None:
    files = wheel("pkg", "1.0", {"pkg.py": b"1\n"})
    files["python/pkg-1.0.dist-info/METADATA"] += f"Requires-Python: {requires}\n".encode()
    files["python/pkg-1.0.dist-info/WHEEL"] = f"Wheel-Version: 1.0\nTag: {tag}\n".encode()
    assert [severity for severity, _, _ in said(files, "LC505")] == expected
