"""Compiled files that a package has for some systems only, and modules that have a twin in Python."""

from __future__ import annotations

import pytest

from check.made import SUFFIX, judge, module, of
from rules.distributions_made import wheel
from support.foreign_writer import build_macho, build_pe

PYD = "pkg/_fast.cp39-win_amd64.pyd"


def spread(tag: str, **files: bytes) -> dict[str, bytes]:
    """A layer of one wheel under ``tag`` with a helper for Linux on one processor, and others beside it."""
    made = wheel("pkg", "1.0", {"pkg/__init__.py": b"", "pkg/attach_linux.so": module(), **files})
    about = "python/pkg-1.0.dist-info/WHEEL"
    return {**made, about: f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()}


@pytest.mark.parametrize("other", [{PYD: build_pe()}, {"pkg/attach.dylib": build_macho()}])
def test_files_for_several_systems_in_a_wheel_for_any_are_extras(other: dict[str, bytes]) -> None:
    found = of(judge(spread("py3-none-any", **other), architecture="arm64"), "LC301")
    assert [(item.path, item.severity.value, item.confidence.value) for item in found] == [
        ("python/pkg/attach_linux.so", "warning", "likely")
    ]
    assert "its package is for any system" in found[0].message


@pytest.mark.parametrize(
    ("tag", "other"), [("py3-none-any", {}), ("cp39-cp39-win_amd64", {PYD: build_pe()}), ("", {PYD: build_pe()})]
)
def test_one_system_alone_or_a_wheel_for_one_is_no_excuse(tag: str, other: dict[str, bytes]) -> None:
    (found,) = of(judge(spread(tag, **other), architecture="arm64"), "LC301")
    assert found.severity.value == "error"


def test_a_module_for_windows_is_an_extra_only_there() -> None:
    (extra,) = of(judge(spread("py2.py3-none-any", **{PYD: build_pe()})), "LC302")
    (fault,) = of(judge(spread("cp39-cp39-win_amd64", **{PYD: build_pe()})), "LC302")
    assert (extra.severity.value, fault.severity.value) == ("warning", "error")


def test_a_twin_in_python_helps_only_where_the_module_is_not_found() -> None:
    """Python looks no further when the name fits and loading fails."""
    named_for_this = {
        "python/pkg/__init__.py": b"from . import md\n",
        f"python/pkg/md{SUFFIX}": module(machine="aarch64"),
    }
    named_for_that = {"python/pkg/__init__.py": b"from . import md\n"}
    named_for_that["python/pkg/md" + SUFFIX.replace("x86_64", "aarch64")] = module(machine="aarch64")
    for files, severity in ((named_for_this, "error"), (named_for_that, "warning")):
        (found,) = of(judge({**files, "python/pkg/md.py": b""}), "LC301")
        assert found.severity.value == severity
