"""Extensions that a package does without, by its own code."""

from __future__ import annotations

import pytest

from check.made import SUFFIX, Files, judge, module, told

LOST = module("libnowhere.so.1")
FAST, OTHER = f"python/pkg/_fast{SUFFIX}", f"python/pkg/_other{SUFFIX}"
PLAIN = b"from ._fast import f\n"
TRY = b"try:\n    from ._fast import f\nexcept ImportError:\n    f = None\n"
IN_FUNCTION = b"def g():\n    from . import _fast\n    return _fast.f()\n"
HAS = b"try:\n    from . import _fast\n    HAS = True\nexcept ImportError:\n    HAS = False\n"


def run(init: bytes, **more: bytes) -> list[tuple[str, str, str | None]]:
    files: Files = {FAST: LOST, "python/pkg/__init__.py": init}
    files = {**files, **{f"python/pkg/{name.replace('__', '/')}.py": data for name, data in more.items()}}
    return told(judge(files))


ERROR = [("LC401", "error", FAST)]
WARNING = [("LC401", "warning", FAST)]


@pytest.mark.parametrize(
    ("init", "more", "expected"),
    [
        (PLAIN, {}, ERROR),
        (TRY, {}, WARNING),
        (TRY.replace(b"ImportError", b"Exception"), {}, WARNING),
        (TRY.replace(b"ImportError", b"(ImportError, OSError)"), {}, WARNING),
        (TRY.replace(b"from ._fast", b"from pkg._fast"), {}, WARNING),
        # Loading fails with ImportError itself.
        (TRY.replace(b"ImportError", b"ModuleNotFoundError"), {}, ERROR),
        (TRY.replace(b"ImportError", b"OSError"), {}, ERROR),
        (TRY.replace(b"    f = None", b"    raise RuntimeError('broken')"), {}, ERROR),
        (TRY.replace(b"    f = None", b"    if x:\n        raise"), {}, WARNING),
        (TRY, {"core": PLAIN}, ERROR),
        (TRY + b"from . import core\n", {"core": PLAIN}, ERROR),
        # A module that is itself imported under a guard only.
        (b"try:\n    from .core import f\nexcept ImportError:\n    pass\n", {"core": PLAIN}, WARNING),
        (b"try:\n    from .a import f\nexcept ImportError:\n    pass\n", {"a": b"from .b import f\n", "b": PLAIN},
         WARNING),
        (HAS + b"if HAS:\n    from .core import f\n", {"core": PLAIN}, WARNING),
        (b"from .compat import HAS\nif not HAS:\n    f = None\nelse:\n    from ._fast import f\n", {"compat": HAS},
         WARNING),
        (b"import os\nif os.environ.get('X'):\n    from ._fast import f\n", {"compat": HAS}, ERROR),
        (b"def f():\n    from . import _fast\ntry:\n    f()\nexcept ImportError:\n    pass\n", {}, WARNING),
        (b"def f():\n    from . import _fast\nf()\n", {}, ERROR),
        (b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ._fast import f\n" + TRY, {}, WARNING),
        (b"import importlib\ntry:\n    importlib.import_module('pkg._fast')\nexcept ImportError: pass\n", {}, WARNING),
        # The only extension of a package is what it is for.
        (IN_FUNCTION, {}, ERROR),
        (b"", {}, ERROR),
        (b"", {"tests__a": TRY}, ERROR),
        (b"# _fast, pkg\nclass = 1\n", {}, ERROR),
        (b"_fast = 'pkg'\n", {}, ERROR),
    ],
)  # fmt: skip
def test_imports(init: bytes, more: dict[str, bytes], expected: list[tuple[str, str, str | None]]) -> None:
    assert run(init, **more) == expected


def test_the_finding_says_where_the_guard_is() -> None:
    (finding,) = judge({FAST: LOST, "python/pkg/__init__.py": b"\n" + TRY}).findings
    assert "under a guard (python/pkg/__init__.py, line 3)" in finding.message
    assert "libnowhere.so.1" in finding.message


def test_what_only_functions_import_of_a_package_with_other_extensions() -> None:
    files: Files = {FAST: LOST, OTHER: module(), "python/pkg/__init__.py": b"from . import _other\n" + IN_FUNCTION}
    (finding,) = judge(files).findings
    assert (finding.rule, finding.severity.value, finding.path) == ("LC401", "warning", FAST)
    assert "in functions only" in finding.message


def test_one_that_is_needed_is_blamed_before_those_that_are_not() -> None:
    files: Files = {FAST: LOST, OTHER: LOST, "python/pkg/__init__.py": TRY + b"from . import _other\n"}
    assert ("LC401", "error", OTHER) in told(judge(files))


@pytest.mark.parametrize(("architecture", "runtime", "rule"), [("arm64", "python3.12", "LC301"),
                                                              ("x86_64", "python3.13", "LC501")])  # fmt: skip
def test_wrong_machines_and_versions(architecture: str, runtime: str, rule: str) -> None:
    files: Files = {FAST: module(), "python/pkg/__init__.py": TRY.replace(b"ImportError", b"ModuleNotFoundError")}
    assert told(judge(files, runtime, architecture)) == [(rule, "warning", FAST)]
    files = {**files, "python/pkg/__init__.py": PLAIN}
    assert told(judge(files, runtime, architecture)) == [(rule, "error", FAST)]


def test_a_stable_abi_module_for_another_machine_is_found_and_fails() -> None:
    files: Files = {"python/pkg/_fast.abi3.so": module(), "python/pkg/__init__.py": TRY}
    assert told(judge(files, architecture="arm64")) == [("LC301", "warning", "python/pkg/_fast.abi3.so")]
    files = {**files, "python/pkg/__init__.py": TRY.replace(b"ImportError", b"ModuleNotFoundError")}
    assert told(judge(files, architecture="arm64")) == [("LC301", "error", "python/pkg/_fast.abi3.so")]


def test_a_twin_in_python_helps_only_where_the_extension_is_not_found() -> None:
    files: Files = {FAST: LOST, "python/pkg/__init__.py": PLAIN, "python/pkg/_fast.py": b"f = 1\n"}
    assert told(judge(files)) == ERROR
    assert all(severity != "error" for _, severity, _ in told(judge(files, architecture="arm64")))


def test_a_symbol_version_is_judged_alike() -> None:
    new = module(verneed={"libc.so.6": ["GLIBC_2.99"]})
    files: Files = {FAST: new, "python/pkg/__init__.py": TRY}
    assert told(judge(files)) == [("LC402", "warning", FAST)]
    assert told(judge({**files, "python/pkg/__init__.py": PLAIN})) == [("LC402", "error", FAST)]


def test_a_package_that_loses_many_is_not_read() -> None:
    files = {f"python/pkg/_fast{n}{SUFFIX}": module() for n in range(8)}
    report = judge({**files, "python/pkg/__init__.py": b"try:\n    from . import _fast1\nexcept: pass\n"}, "python3.13")
    assert {severity for _, severity, _ in told(report)} == {"error"}


def test_a_module_at_the_top_is_guarded_by_its_distribution() -> None:
    info = "python/pkg-1.0.dist-info"
    init = b"try:\n    import _fast\nexcept ImportError:\n    pass\nelse:\n    from _fast import f\n"
    record = f"_fast{SUFFIX},,\npkg/__init__.py,,\n".encode()
    files: Files = {
        f"python/_fast{SUFFIX}": LOST,
        "python/pkg/__init__.py": init,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n",
        f"{info}/RECORD": record,
    }
    found = [(rule, severity) for rule, severity, _ in told(judge(files)) if rule == "LC401"]
    assert found == [("LC401", "warning")]


@pytest.mark.parametrize(
    ("metadata", "severity"), [("tool/pkg-1.0.dist-info/METADATA", "warning"), ("tool/x", "error")]
)
def test_packages_in_a_folder_of_their_own_are_named_from_where_their_metadata_lie(
    metadata: str, severity: str
) -> None:
    """The AWS CLI's layer has all its packages in awscli/, which the program in it puts on its path."""
    fast = "tool/pkg/_fast.cpython-312-x86_64-linux-gnu.so"
    files: Files = {
        fast: module(),
        "tool/pkg/__init__.py": TRY.replace(b"from ._fast", b"from pkg._fast"),
        metadata: b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n",
    }
    assert ("LC301", severity, fast) in told(judge(files, architecture="arm64", kind="layer"))
