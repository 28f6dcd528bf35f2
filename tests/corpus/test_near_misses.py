"""Each group of reports has an artifact beside it in which the same thing was done right."""

from __future__ import annotations

import pytest

from support.recipes import CASES, load_cases

GOOD = {case.id: case for case in load_cases() if case.group == "good"}
# Reports about emulators and a broken container image: the artifact was fine.
NEGATIVE_CONTROLS = {"F140", "F141", "F327", "F469", "F471"}
NEAR_MISSES = {
    "bootstrap-name": ("go-bootstrap", "shell-bootstrap"),
    "class-version": ("java-of-many-releases", "java-layer"),
    "cpu": ("compiled-for-avx2", "web-adapter"),
    "crlf": ("shell-bootstrap", "editable-source-with-crlf", "extension-layer"),
    "data-files": ("odbc-driver",),
    "dlopen-name": ("names-that-are-there", "weasyprint-layer", "runtime-libmagic"),
    "elf-arch": ("abi3-arm64", "abi3-x86_64"),
    "elf-integrity": ("repaired-and-not-stripped",),
    "elf-os": ("setuptools-launchers", "dotnet-assemblies"),
    "glibc": ("manylinux-2-28-on-al2023",),
    "handler": ("handler-in-a-folder", "handler-in-a-package", "handler-in-a-layer", "handler-by-a-star"),
    "incomplete-pkg": ("slimmed-python-layer", "requirements-in-another-layer"),
    "layout": ("pure-python-layer", "psycopg2-renamed", "site-packages-layer", "php-extensions"),
    "lib-symver": ("libstdcxx-brought-along", "php-extensions"),
    "metadata": ("slimmed-python-layer", "version-asked-under-a-guard"),
    "musl-interp": ("go-cgo-for-glibc", "static-musl-bootstrap"),
    "needed": ("geolambda-with-base", "opencv-headless", "wkhtmltopdf-with-runpath", "dotnet-native-for-many"),
    "perms": ("execute-bits-kept", "shell-bootstrap"),
    "pyc-magic": ("bytecode-beside-its-source", "bytecode-alone-of-the-target"),
    "py-abi": (
        "many-python-abis",
        "numpy-hidden-by-the-function",
        "one-layer-for-each-python",
        "plain-names-of-this-python",
        "wheel-for-a-newer-glibc",
    ),
    "runtime-conflict": ("sdk-locked", "requests-with-urllib3-2", "one-version-in-both"),
    "size": ("just-below-the-limit",),
    "stdlib-shadow": ("names-near-the-standard-library", "backport-that-is-never-imported"),
    "symlink": ("lib-layer-with-links", "node-addon-built-for-linux"),
    "zip-form": ("windows-made-pure-python",),
}


@pytest.mark.parametrize("group", sorted({path.parent.name for path in CASES.glob("*/*.toml")} - {"good"}))
def test_every_group_has_a_near_miss(group: str) -> None:
    assert [name for name in NEAR_MISSES[group] if name not in GOOD] == []


def test_every_negative_control_is_a_good_case() -> None:
    held = {number for case in GOOD.values() for number in case.incidents}
    assert NEGATIVE_CONTROLS - held == set()
