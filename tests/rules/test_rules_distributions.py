"""LC503 and LC504: what of installed Python packages is gone, and how much that matters."""

from __future__ import annotations

import pytest

from check.made import SUFFIX, judge, module, of, told
from rules.distributions_made import one, said, wheel

# LC503


INIT = b"from . import api\nfrom .models import Model\n"


def test_a_module_that_importing_the_package_needs() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": INIT, "pkg/api.py": b"import os\nfrom .deep import x\n"},
                  lost={"pkg/models.py": b"class Model: pass\n", "pkg/deep.py": b"x = 1\n"})  # fmt: skip
    found = one(judge(files), "LC503")
    assert (found.severity.value, found.confidence.value) == ("error", "certain")
    assert found.path == "python/pkg/models.py"
    assert "python/pkg/__init__.py line 2" in found.message
    assert found.details["files"] == ["python/pkg/models.py", "python/pkg/deep.py"]
    assert found.fix is not None
    assert "pip install" in found.fix
    assert "pkg==1.0" in found.fix
    assert "--target python" in found.fix


def test_the_way_to_it_is_told() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from . import api\n", "pkg/api.py": b"\nimport pkg.deep\n"},
                  lost={"pkg/deep.py": b"x = 1\n"})  # fmt: skip
    assert "python/pkg/__init__.py line 1 → python/pkg/api.py line 2" in one(judge(files), "LC503").message


@pytest.mark.parametrize(
    ("init", "other", "expected"),
    [
        (b"", b"from .gone import x\n", ("warning", "likely")),
        (b"", b"def f():\n    from .gone import x\n", ("warning", "likely")),
        (b"try:\n    from .gone import x\nexcept ImportError:\n    x = None\n", b"", ("warning", "likely")),
        (b'"""Use it:\n\nfrom pkg.gone import x\n"""\n', b"", ("warning", "likely")),
        (b"", b"", ("info", "likely")),
    ],
)
def test_what_not_every_import_needs_is_milder(init: bytes, other: bytes, expected: tuple[str, str]) -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": init + b"#", "pkg/other.py": other + b"#"},
                  lost={"pkg/gone.py": b"x = 1\n"})  # fmt: skip
    assert said(files, "LC503") == [(*expected, "python/pkg/gone.py")]


@pytest.mark.parametrize(
    "gone",
    [
        "pkg/tests/test_a.py", "pkg/tests/__init__.py", "pkg/a.pyi", "pkg/py.typed", "pkg/include/a.h", "pkg/docs/a.py",
        "pkg/__pycache__/a.cpython-312.pyc", "../../bin/pkg", "pkg/a.pyx", "pkg/conftest.py",
    ],
)  # fmt: skip
def test_what_people_trim_is_no_fault(gone: str) -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"x = 1\n"}, lost={gone: b"y = 2\n"})
    assert told(judge(files)) == []


def test_empty_modules_are_not_missed() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from pkg.sub.a import x", "pkg/sub/a.py": b"x = 1"},
                  lost={"pkg/sub/__init__.py": b""})  # fmt: skip
    assert told(judge(files)) == []


def test_tests_that_the_package_imports_are_missed() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from pkg.tests.run import go\n"},
                  lost={"pkg/tests/run.py": b"def go(): pass\n", "pkg/tests/other.py": b"1\n"})  # fmt: skip
    assert said(files, "LC503") == [("error", "certain", "python/pkg/tests/run.py")]


def test_modules_in_another_form_are_there() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": INIT, "pkg/api.pyc": b"", "pkg/models" + SUFFIX: module()},
                  lost={"pkg/api.py": b"1\n", "pkg/models.py": b"1\n"})  # fmt: skip
    assert of(judge(files), "LC503") == []


def test_a_module_for_another_python_is_not_missed() -> None:
    older = ".cpython-311-x86_64-linux-gnu.so"
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from . import _x\n", "pkg/_x" + SUFFIX: module()},
                  lost={"pkg/_x" + older: b"1", "pkg/_y" + older: b"1"})  # fmt: skip
    assert of(judge(files), "LC503") == []


def test_native_modules() -> None:
    init = {"pkg/__init__.py": b"from ._x import f\n"}
    files = wheel("pkg", "1.0", init, lost={f"pkg/_x{SUFFIX}": b"1"})
    assert said(files, "LC503") == [("error", "certain", f"python/pkg/_x{SUFFIX}")]
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"1\n"}, lost={f"pkg/_x{SUFFIX}": b"1"})
    assert said(files, "LC503") == [("warning", "likely", f"python/pkg/_x{SUFFIX}")]


def test_a_library_that_the_loader_misses_is_told_once() -> None:
    name = "libz-1a2b3c4d.so.1"
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from ._x import f\n", f"pkg/_x{SUFFIX}": module(name)},
                  lost={f"pkg.libs/{name}": b"1"})  # fmt: skip
    assert [rule for rule, _, _ in told(judge(files))] == ["LC401"]


def test_a_library_that_the_package_opens_itself() -> None:
    code = b"import ctypes\nlib = ctypes.CDLL(here + '/libthing.so')\n"
    files = wheel("pkg", "1.0", {"pkg/__init__.py": code}, lost={"pkg/libthing.so": b"1", "pkg/liballother.so.2": b"1"})
    assert said(files, "LC503") == [("warning", "likely", "python/pkg/libthing.so")]


def test_a_package_without_its_init() -> None:
    files = wheel("pkg", "1.0", {"pkg/a.py": b"x = 1\n"}, lost={"pkg/__init__.py": b"from .a import x\n" * 99})
    found = one(judge(files), "LC503")
    assert (found.severity.value, found.confidence.value) == ("error", "likely")
    assert "an empty package" in found.message
    files = wheel("pkg", "1.0", {"pkg/a.py": b"x = 1\n"}, lost={"pkg/__init__.py": b"__version__ = 1\n"})
    assert said(files, "LC503") == [("warning", "likely", "python/pkg/__init__.py")]


def test_modules_below_a_lost_init_are_not_what_people_import() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"#\n", "pkg/sub/a.py": b"from . import y\n"},
                  lost={"pkg/sub/__init__.py": b"y = 1\n"})  # fmt: skip
    assert said(files, "LC503") == [("warning", "likely", "python/pkg/sub/__init__.py")]


def test_names_from_an_inner_package_without_its_init() -> None:
    lost = {"pkg/sub/__init__.py": b"y = 1\n"}
    for line, expected in ((b"from pkg.sub import a\n", "info"), (b"from .sub import y\n", "error")):
        files = wheel("pkg", "1.0", {"pkg/__init__.py": line, "pkg/sub/a.py": b"x = 1\n"}, lost=lost)
        assert [severity for severity, _, _ in said(files, "LC503")] == [expected]


def test_only_the_metadata_is_left() -> None:
    husk = wheel("left-over", "1.0", {}, lost={"left_over.py": b"1\n"})
    found = one(judge(husk), "LC503")
    assert (found.severity.value, found.confidence.value) == ("warning", "likely")
    user = wheel("user", "1.0", {"user.py": b"import left_over\n"}, requires=("left-over",))
    report = judge({**husk, **user})
    assert "user requires it" in one(report, "LC503").message
    assert of(report, "LC505") == []


@pytest.mark.parametrize(("name", "top"), [("boto3", "boto3"), ("pip", "pip"), ("setuptools", "setuptools")])
def test_packages_that_are_taken_out_on_purpose(name: str, top: str) -> None:
    assert told(judge(wheel(name, "1.42.97", {}, lost={f"{top}/__init__.py": b"1\n"}))) == []


def test_another_layer_supplies_it() -> None:
    from support.zip_writer import simple_zip

    files = wheel("pkg", "1.0", {"pkg/__init__.py": INIT, "pkg/api.py": b"1\n"}, lost={"pkg/models.py": b"1\n"})
    other = simple_zip({"python/pkg/models.py": b"Model = 1\n"})
    assert of(judge(files, layers=[other]), "LC503") == []
    assert of(judge(files, layers=[simple_zip({"python/other.py": b"1"})]), "LC503")


def test_a_directory_that_the_target_does_not_search() -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": INIT, "pkg/api.py": b"1\n"}, lost={"pkg/models.py": b"1\n"},
                  root="python/lib/python3.11/site-packages/")  # fmt: skip
    assert of(judge(files, "python3.11"), "LC503")
    assert of(judge(files, "python3.12"), "LC503") == []
    assert of(judge(files, "nodejs22.x"), "LC503") == []


@pytest.mark.parametrize(
    "row",
    [
        "/etc/passwd.py", "../x.py", "a" * 5000 + ".py", '"a\nb.py"', "pkg/" * 400 + "x.py", "pkg/\udcff.py",
        "pkg/\udcff.so.1", ",,,", "pkg//x.py",
    ],
)  # fmt: skip
def test_hostile_records(row: str) -> None:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"from .gone import y\n"})
    files["python/pkg-1.0.dist-info/RECORD"] += row.encode("utf-8", "surrogateescape") + b",sha256=x,9\n"
    judge(files, verify_hashes=True)


# --verify-hashes


def altered(path: str, before: bytes, after: bytes) -> dict[str, bytes]:
    files = wheel("pkg", "1.0", {"pkg/__init__.py": b"1\n", path: before})
    return {**files, "python/" + path: after}


def test_altered_files_are_told_when_asked_for() -> None:
    files = altered("pkg/a.py", b"x = 1\n", b"x = 2\n")
    assert told(judge(files)) == []
    assert said(files, "LC503", verify_hashes=True) == [("warning", "likely", "python/pkg/a.py")]
    assert told(judge(wheel("pkg", "1.0", {"pkg/__init__.py": b"1\n"}), verify_hashes=True)) == []


def test_stripped_libraries_are_harmless() -> None:
    found = one(judge(altered(f"pkg/_x{SUFFIX}", b"\x7fELF whole", module()), verify_hashes=True), "LC503")
    assert (found.severity.value, "stripped" in found.message) == ("info", True)


def test_converted_line_ends() -> None:
    assert "line ends" in one(judge(altered("pkg/a.py", b"x\n", b"x\r\n"), verify_hashes=True), "LC503").message


def test_a_file_of_two_distributions_may_be_either() -> None:
    first = wheel("one", "1.0", {"ns/__init__.py": b"a = 1\n", "one.py": b"1\n"})
    second = wheel("two", "1.0", {"ns/__init__.py": b"b = 1\n", "two.py": b"1\n"})
    assert told(judge({**first, **second}, verify_hashes=True)) == []


# LC504


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b'from importlib.metadata import version\n__version__ = version("My_Pkg")\n', "error"),
        (b"import importlib.metadata\nV = importlib.metadata.version(__name__)\n", "error"),
        (b"import importlib.metadata as m\nclass A:\n    v = m.version(__package__)\n", "error"),
        (b"try:\n    from importlib import metadata\nexcept ImportError:\n    import importlib_metadata as metadata\n"
         b'__version__ = metadata.version("my_pkg")\n', "error"),
        (b'import pkg_resources\nV = pkg_resources.get_distribution("my-pkg").version\n', "error"),
        (b"from .version import v\n", "error"),
        (b"from importlib.metadata import version\ntry:\n    v = version(__name__)\nexcept:\n    v = 0\n", None),
        (b"from importlib.metadata import version\ndef __getattr__(name):\n    return version(__name__)\n", None),
        (b"from importlib.metadata import version\nif DEBUG:\n    print(version(__name__))\n", None),
        (b'from importlib.metadata import version\nv = version("boto3")\n', None),
        (b"def version(x): return x\nv = version(__name__)  # metadata\n", None),
        (b"from importlib.metadata import version\nv = version(f'{a}')\n", None),
        (b"metadata version( is no python", None),
    ],
)  # fmt: skip
def test_code_that_asks_for_its_version(code: bytes, expected: str | None) -> None:
    inner = b'from importlib.metadata import version\nv = version("my-pkg")\n'
    files = {"python/my_pkg/__init__.py": code}
    if b".version" in code and b"from ." in code:
        files["python/my_pkg/version.py"] = inner
    found = of(judge(files), "LC504")
    assert [item.severity.value for item in found] == ([] if expected is None else [expected])
    kept = {**files, "python/my_pkg-1.0.dist-info/METADATA": b"Name: my-pkg\nVersion: 1.0\n"}
    assert of(judge(kept), "LC504") == []


def test_a_version_module_that_nothing_imports() -> None:
    code = b"from importlib.metadata import version\nv = version('my_pkg')\n"
    files = {"python/my_pkg/__init__.py": b"", "python/my_pkg/_version.py": code}
    assert said(files, "LC504") == [("warning", "likely", "python/my_pkg/_version.py")]


def test_metadata_in_another_layer() -> None:
    from support.zip_writer import simple_zip

    files = {"python/p/__init__.py": b"from importlib.metadata import version\nv = version('p')\n"}
    other = simple_zip({"python/p-1.dist-info/METADATA": b"Name: p\nVersion: 1\n"})
    assert of(judge(files, layers=[other]), "LC504") == []
    report = judge(files, layers=["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"])
    assert (of(report, "LC504"), [item.what for item in report.unchecked]) == (
        [], ['the metadata of p, for which importlib.metadata.version("p") asks'],
    )  # fmt: skip


def test_importlib_metadata_asks_for_itself() -> None:
    code = b"def version(name):\n    return distribution(name).version\n\n__version__ = version(__name__)  # metadata\n"
    assert said({"python/importlib_metadata/__init__.py": code}, "LC504")[0][0] == "error"


def test_entry_points_that_are_needed() -> None:
    files = {
        "python/opentelemetry/context/__init__.py": b'entry_points(group="opentelemetry_context")  # fallback to\n'
    }
    found = one(judge(files), "LC504")
    assert (found.severity.value, "StopIteration" in found.message) == ("error", True)
    kept = {**files, "python/opentelemetry_api-1.25.0.dist-info/entry_points.txt": b"[opentelemetry_context]\n"}
    assert of(judge(kept), "LC504") == []
