"""LC401 to LC405: which of them speaks, how loud, and which file it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import SUFFIX, Files, judge, link, module, of, program, told
from support.elf_writer import build_elf

M = "python/pkg/_m.abi3.so"
NEW = build_elf(needed=["libc.so.6"], verneed={"libc.so.6": ["GLIBC_2.28", "GLIBC_2.34"]})

CASES: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("a module's library is nowhere", {M: module("libnone.so.1")}, {}, [("LC401", "error", M)]),
    ("a program's", {"bin/tool": (program("libnone.so.1"), 0o755)}, {}, [("LC401", "error", "bin/tool")]),
    ("a plain .so is a module too", {"python/pkg/_m.so": module("libnone.so.1"), "python/pkg/__init__.py": b""}, {},
     [("LC401", "error", "python/pkg/_m.so")]),
    ("a plain .so outside any package may be any plugin", {"python/pkg/plugins/m.so": module("libnone.so.1")}, {},
     [("LC401", "warning", "python/pkg/plugins/m.so")]),
    ("a library that nothing is seen to load", {"lib/libplugin.so": module("libnone.so.1")}, {},
     [("LC401", "warning", "lib/libplugin.so")]),
    ("through a library: the root is named", {M: module("liba.so.1"), "lib/liba.so.1": module("libnone.so.1")}, {},
     [("LC401", "error", M)]),
    ("a module of another Python does not count", {
        M: module(), "python/pkg/_o.cpython-311-x86_64-linux-gnu.so": module("libnone.so.1"),
        f"python/pkg/_o{SUFFIX}": module(),
    }, {}, []),
    ("nor does one for another machine", {
        f"python/pkg/_o{SUFFIX}": module(),
        f"python/pkg/_o{SUFFIX.replace('x86_64', 'aarch64')}": module("libnone.so.1", machine="aarch64"),
    }, {}, []),
    ("bundled, found by the RPATH of the module", {
        "python/pkg/_m.abi3.so": module("liba-12345678.so.1", rpath="$ORIGIN/../pkg.libs"),
        "python/pkg.libs/liba-12345678.so.1": module("libb-12345678.so.1"),
        "python/pkg.libs/libb-12345678.so.1": module(),
    }, {}, []),
    ("the same with RUNPATH really fails", {
        "python/pkg/_m.abi3.so": module("liba-12345678.so.1", runpath="$ORIGIN/../pkg.libs"),
        "python/pkg.libs/liba-12345678.so.1": module("libb-12345678.so.1"),
        "python/pkg.libs/libb-12345678.so.1": module(),
    }, {}, [("LC404", "error", M)]),
    ("in the layer, where nothing searches", {M: module("liba.so.1"), "vendor/liba.so.1": module()}, {},
     [("LC404", "error", M)]),
    ("beside the module, which is not searched", {M: module("liba.so.1"), "python/pkg/liba.so.1": module()}, {},
     [("LC404", "error", M)]),
    ("in lib, which is", {M: module("liba.so.1"), "lib/liba.so.1": module()}, {}, []),
    ("under another file name, known by its soname", {M: module("liba.so.1"), "lib/liba.so.1.2": module(
        soname="liba.so.1")}, {}, [("LC404", "error", M)]),
    ("on the path for another machine", {M: module("liba.so.1"), "lib/liba.so.1": module(machine="aarch64")}, {},
     [("LC301", "error", "lib/liba.so.1")]),
    ("a text on the path ends the load", {M: module("liba.so.1"), "lib/liba.so.1": b"INPUT ( -la )\n"}, {},
     [("LC405", "error", M)]),
    ("text behind a good copy", {M: module("libz.so.1"), "lib/libz.so.1": b"INPUT ( -lz )\n"}, {}, []),
    ("glibc of Amazon Linux 2", {M: NEW}, {"runtime": "python3.11"}, [("LC402", "error", M)]),
    ("glibc of Amazon Linux 2023", {M: NEW}, {}, []),
    ("weak version needs", {M: build_elf(needed=["libc.so.6"], verneed={"libc.so.6": [("GLIBC_2.39", 2)]})}, {}, []),
    ("a library's versions, nothing loads it", {"lib/libplugin.so": build_elf(
        needed=["libc.so.6"], verneed={"libc.so.6": ["GLIBC_2.39"]})}, {}, [("LC402", "warning", "lib/libplugin.so")]),
    ("a newer copy in the layer does not help", {
        M: build_elf(needed=["libstdc++.so.6"], verneed={"libstdc++.so.6": ["GLIBCXX_3.4.99"]}),
        "lib/libstdc++.so.6": build_elf(soname="libstdc++.so.6", verdef=["GLIBCXX_3.4.99"]),
    }, {}, [("LC402", "error", M)]),
    ("it helps through RPATH", {
        M: build_elf(needed=["libstdc++.so.6"], verneed={"libstdc++.so.6": ["GLIBCXX_3.4.99"]}, rpath="/opt/lib"),
        "lib/libstdc++.so.6": build_elf(soname="libstdc++.so.6", verdef=["GLIBCXX_3.4.99"]),
    }, {}, []),
    ("shadowed, and no harm", {M: module("libz.so.1"), "lib/libz.so.1": module(soname="libz.so.1")}, {},
     [("LC403", "info", "lib/libz.so.1")]),
    ("bundled under a name of the system, with RUNPATH", {
        M: module("libz.so.1", runpath="$ORIGIN/libs"), "python/pkg/libs/libz.so.1": module(soname="libz.so.1"),
    }, {}, [("LC403", "info", "python/pkg/libs/libz.so.1")]),
    ("the same through '..'", {
        M: module("liba-12345678.so.1", rpath="$ORIGIN/../pkg.libs"),
        "python/pkg.libs/liba-12345678.so.1": module("libz.so.1", runpath="$ORIGIN"),
        "python/pkg.libs/libz.so.1": module(soname="libz.so.1"),
    }, {}, [("LC403", "info", "python/pkg.libs/libz.so.1")]),
    ("a static program needs nothing", {"bin/tool": (build_elf(etype="exec", dynamic=False, go_note=True), 0o755)}, {},
     []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_verdicts(files: Files, options: dict[str, Any], expected: list[tuple[str, str, str | None]]) -> None:
    assert told(judge(files, **options)) == expected


def test_a_missing_library_tells_chain_and_every_directory() -> None:
    files: Files = {M: module("liba.so.1", rpath="$ORIGIN"), "python/pkg/liba.so.1": module("libnone.so.1")}
    (finding,) = of(judge(files), "LC401")
    assert finding.details["chain"] == ["/opt/python/pkg/_m.abi3.so", "/opt/python/pkg/liba.so.1"]
    assert finding.details["library"] == "libnone.so.1"
    assert finding.details["required_by"] == "/opt/python/pkg/liba.so.1"
    tried = finding.details["tried"]
    assert tried[0] == "/opt/python/pkg/libnone.so.1: absent (rpath)"
    assert "/opt/lib/libnone.so.1: absent (library-path)" in tried
    assert "libnone.so.1" in finding.message
    assert M in finding.message


def test_one_library_missing_below_one_root_is_one_finding() -> None:
    """Two libraries of a package need the same missing one: one cause, one finding."""
    files: Files = {
        M: module("liba.so.1", "libb.so.1", rpath="$ORIGIN"),
        "python/pkg/liba.so.1": module("libnone.so.1"),
        "python/pkg/libb.so.1": module("libnone.so.1"),
    }
    assert told(judge(files)) == [("LC401", "error", M)]


def test_one_requirer_below_many_roots_is_one_finding() -> None:
    roots = {f"python/pkg/_m{n}.abi3.so": module("liba.so.1", rpath="$ORIGIN") for n in range(5)}
    (finding,) = of(judge({**roots, "python/pkg/liba.so.1": module("libnone.so.1")}), "LC401")
    assert finding.details["roots"] == [f"/opt/{path}" for path in sorted(roots)]


def opencv(rpath: str) -> Files:
    return {
        "python/cv2/cv2.abi3.so": module("libQt5Gui-12345678.so.5", rpath=rpath),
        "python/opencv_python.libs/libQt5Gui-12345678.so.5": module("libGL.so.1"),
        "python/opencv_python-4.11.0.86.dist-info/RECORD": (
            b"cv2/cv2.abi3.so,,\nopencv_python.libs/libQt5Gui-12345678.so.5,,\n"
        ),
    }


@pytest.mark.parametrize("rpath", ["/opt/python/opencv_python.libs", "$ORIGIN/../opencv_python.libs"])
def test_the_fix_names_the_package_to_use_instead(rpath: str) -> None:
    (finding,) = of(judge(opencv(rpath)), "LC401")
    assert (finding.path, finding.severity.value) == ("python/cv2/cv2.abi3.so", "error")
    assert "opencv-python-headless" in (finding.fix or "")
    assert "pip install" in (finding.fix or "")


def test_the_fix_for_a_lost_bundled_library_is_to_install_it_whole() -> None:
    files: Files = {
        M: module("libgomp-f7e03b3e.so.1", rpath="$ORIGIN/../pkg.libs"),
        "python/pkg-3.1.dist-info/RECORD": b"pkg/_m.abi3.so,,\n",
    }
    (finding,) = of(judge(files), "LC401")
    assert "pkg==3.1" in (finding.fix or "")


def test_versions_are_told_together_sorted_and_with_the_newer_runtime() -> None:
    library = build_elf(needed=["libc.so.6"], verneed={"libc.so.6": ["GLIBC_2.34", "GLIBC_2.4", "GLIBC_2.28"]})
    (finding,) = of(judge({M: library}, "python3.11"), "LC402")
    assert "GLIBC_2.28, GLIBC_2.34 of /lib64/libc.so.6" in finding.fact
    assert "python3.12 or newer" in (finding.fix or "")
    assert [version["version"] for version in finding.details["versions"]] == ["GLIBC_2.34", "GLIBC_2.28"]


def test_versions_told_together_name_every_root() -> None:
    """As PyTorch: one module fails by two of its libraries, another root by the second alone."""
    lacking = {"libc.so.6": ["GLIBC_2.28"]}
    files = {
        M: module("liba.so", "libb.so", rpath="$ORIGIN"),
        "python/pkg/_n.abi3.so": module("libb.so", rpath="$ORIGIN"),
        "python/pkg/liba.so": module(verneed=lacking),
        "python/pkg/libb.so": module(verneed=lacking),
        "python/pkg-1.dist-info/METADATA": b"Name: pkg\nVersion: 1\n",
        "python/pkg-1.dist-info/RECORD": b"pkg/_m.abi3.so,,\npkg/_n.abi3.so,,\npkg/liba.so,,\npkg/libb.so,,\n",
    }
    (finding,) = of(judge(files, runtime="python3.11"), "LC402")
    assert (finding.path, len(finding.details["versions"])) == (M, 2)
    assert finding.details["roots"] == ["/opt/python/pkg/_m.abi3.so", "/opt/python/pkg/_n.abi3.so"]


def test_a_library_in_a_later_layer_or_in_the_function_counts() -> None:
    from support.zip_writer import simple_zip

    layer = {M: module("liba.so.1")}
    other = simple_zip({"lib/liba.so.1": module()})
    assert told(judge(layer, layers=[other])) == []
    function = {"app.py": b"x", "_m.so": module("liba.so.1")}
    assert told(judge(function, kind="function", layers=[other])) == []
    assert told(judge(function, kind="function")) == [("LC401", "error", "_m.so")]


def test_libraries_of_the_function_lie_in_its_root_and_lib() -> None:
    for place in ("liba.so.1", "lib/liba.so.1"):
        assert told(judge({"app.py": b"x", "_m.so": module("liba.so.1"), place: module()}, kind="function")) == []
    files = {"app.py": b"x", "_m.so": module("liba.so.1"), "libs/liba.so.1": module()}
    assert told(judge(files, kind="function")) == [("LC404", "error", "_m.so")]


def test_a_link_carries_the_soname() -> None:
    files: Files = {M: module("liba.so.1"), "lib/liba.so.1": link("liba.so.1.2"), "lib/liba.so.1.2": module()}
    assert told(judge(files)) == []
    assert told(judge({M: module("liba.so.1"), "lib/liba.so.1": link("gone.so")})) == [
        ("LC010", "error", "lib/liba.so.1")
    ]
