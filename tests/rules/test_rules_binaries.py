"""LC301 to LC308 at their edges: what is at fault, and what looks like it and is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import SUFFIX, Files, judge, link, module, of, program, static_program, told
from support.elf_writer import build_elf
from support.foreign_writer import build_macho, build_pe
from support.zip_writer import simple_zip

ARM = module(machine="aarch64")
X86 = module()
MUSL = build_elf(needed=["libc.musl-x86_64.so.1"])
PY = "python/pkg/_x"
JS = "nodejs/node_modules/addon"

FAULTS: Sequence[tuple[str, Files, dict[str, Any], list[tuple[str, str, str | None]]]] = (
    ("abi3 module for arm64", {f"{PY}.abi3.so": ARM}, {}, [("LC301", "error", f"{PY}.abi3.so")]),
    ("x86_64 on arm64", {f"{PY}.abi3.so": X86}, {"architecture": "arm64"}, [("LC301", "error", f"{PY}.abi3.so")]),
    ("32-bit", {f"{PY}.abi3.so": module(machine="i386")}, {}, [("LC301", "error", f"{PY}.abi3.so")]),
    ("x32", {f"{PY}.abi3.so": module(bits=32)}, {}, [("LC301", "error", f"{PY}.abi3.so")]),
    ("only the other prebuild", {f"{JS}/prebuilds/linux-arm64/a.node": ARM}, {"runtime": "nodejs22.x"},
     [("LC301", "error", f"{JS}/prebuilds/linux-arm64/a.node")]),
    ("program in bin", {"bin/tool": (program(machine="aarch64"), 0o755)}, {}, [("LC301", "error", "bin/tool")]),
    ("Mach-O module", {f"{PY}.cpython-312-darwin.so": build_macho()}, {},
     [("LC302", "error", f"{PY}.cpython-312-darwin.so")]),
    ("fat Mach-O", {f"{PY}.abi3.so": build_macho(fat=("x86_64", "arm64"))}, {}, [("LC302", "error", f"{PY}.abi3.so")]),
    ("pyd alone", {f"{PY}.cp312-win_amd64.pyd": build_pe()}, {}, [("LC302", "error", f"{PY}.cp312-win_amd64.pyd")]),
    ("Mach-O node addon", {f"{JS}/build/Release/a.node": build_macho()}, {"runtime": "nodejs22.x"},
     [("LC302", "error", f"{JS}/build/Release/a.node")]),
    ("Mach-O bootstrap", {"bootstrap": (build_macho(), 0o755)}, {"runtime": "provided.al2023", "kind": "function"},
     [("LC302", "error", "bootstrap")]),
    ("Mach-O program", {"bin/tool": (build_macho(), 0o755)}, {}, [("LC302", "error", "bin/tool")]),
    ("Mach-O shadows the layer's good copy", {"python/pkg/_x.so": build_macho(), "python/other/_x.so": X86}, {},
     [("LC302", "error", "python/pkg/_x.so")]),
    ("empty module", {f"{PY}{SUFFIX}": b""}, {}, [("LC303", "error", f"{PY}{SUFFIX}")]),
    ("text for a module", {f"{PY}.abi3.so": b"404: Not Found\n"}, {}, [("LC303", "error", f"{PY}.abi3.so")]),
    ("truncated module", {f"{PY}.abi3.so": X86[:100]}, {}, [("LC303", "error", f"{PY}.abi3.so")]),
    ("misaligned", {f"{PY}.abi3.so": module(misaligned=True)}, {}, [("LC304", "error", f"{PY}.abi3.so")]),
    ("musl module", {f"{PY}.abi3.so": MUSL}, {}, [("LC305", "error", f"{PY}.abi3.so")]),
    ("musl program", {"bin/tool": (program(interp="/lib/ld-musl-x86_64.so.1"), 0o755)}, {},
     [("LC305", "error", "bin/tool")]),
    ("only the musl variant of sharp", {"nodejs/node_modules/@img/sharp-linuxmusl-x64/lib/sharp.node": MUSL},
     {"runtime": "nodejs22.x"}, [("LC305", "error", "nodejs/node_modules/@img/sharp-linuxmusl-x64/lib/sharp.node")]),
    ("nix interpreter", {"bin/tool": (program(interp="/nix/store/x-glibc/lib/ld-linux-x86-64.so.2"), 0o755)}, {},
     [("LC306", "error", "bin/tool")]),
    ("x86-64-v4", {f"{PY}.abi3.so": module(isa_needed=8)}, {}, [("LC307", "warning", f"{PY}.abi3.so")]),
    ("executable stack", {f"{PY}.abi3.so": module(gnu_stack="rwx")}, {}, [("LC308", "info", f"{PY}.abi3.so")]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("files", "options", "expected"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_faults_are_told_once(
    files: Files, options: dict[str, Any], expected: list[tuple[str, str, str | None]]
) -> None:
    report = judge(files, **options)
    assert told(report) == expected, report.findings
    assert all(finding.message and finding.fact for finding in report.findings)


FINE: Sequence[tuple[str, Files, dict[str, Any]]] = (
    ("prebuilds for both", {f"{JS}/prebuilds/linux-{cpu}/a.node": elf for cpu, elf in (("x64", X86), ("arm64", ARM))},
     {"runtime": "nodejs22.x"}),
    ("prebuilds for both, on arm64",
     {f"{JS}/prebuilds/linux-{cpu}/a.node": elf for cpu, elf in (("x64", X86), ("arm64", ARM))},
     {"runtime": "nodejs22.x", "architecture": "arm64"}),
    ("prebuilds for all systems", {
        f"{JS}/prebuilds/linux-x64/a.glibc.node": X86, f"{JS}/prebuilds/linux-x64/a.musl.node": MUSL,
        f"{JS}/prebuilds/darwin-arm64/a.node": build_macho(), f"{JS}/prebuilds/win32-x64/a.node": build_pe(),
    }, {"runtime": "nodejs22.x"}),
    ("one prebuild for each Node ABI", {
        f"{JS}/bin/linux-x64-127/a.node": X86, f"{JS}/bin/linux-arm64-127/a.node": ARM,
        f"{JS}/bin/darwin-arm64-127/a.node": build_macho(),
    }, {"runtime": "nodejs22.x"}),
    ("platform packages of esbuild", {
        "nodejs/node_modules/@esbuild/linux-x64/bin/esbuild": (static_program(), 0o755),
        "nodejs/node_modules/@esbuild/darwin-arm64/bin/esbuild": (build_macho(), 0o755),
    }, {"runtime": "nodejs22.x"}),
    ("glibc and musl sharp", {
        "nodejs/node_modules/@img/sharp-linux-x64/lib/sharp.node": X86,
        "nodejs/node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.42": X86,
        "nodejs/node_modules/@img/sharp-linuxmusl-x64/lib/sharp.node": MUSL,
        "nodejs/node_modules/@img/sharp-libvips-linuxmusl-x64/lib/libvips-cpp.so.42": MUSL,
    }, {"runtime": "nodejs22.x"}),
    ("one extension for each machine", {f"{PY}{SUFFIX}": X86, f"{PY}{SUFFIX.replace('x86_64', 'aarch64')}": ARM}, {}),
    ("a musl program with its loader and a library for it", {
        "bin/tool": (build_elf(etype="pie", interp="/opt/lib/ld-musl-x86_64.so.1", needed=["libown.so"]), 0o755),
        "lib/ld-musl-x86_64.so.1": build_elf(soname="libc.so"),
        "lib/libown.so": build_elf(soname="libown.so", needed=["libc.so"]),
    }, {}),
    ("glibc and musl module", {f"{PY}{SUFFIX}": X86, f"{PY}{SUFFIX.replace('gnu', 'musl')}": MUSL}, {}),
    ("pyd beside the so", {f"{PY}{SUFFIX}": X86, f"{PY}.cp312-win_amd64.pyd": build_pe()}, {}),
    ("bare pyd beside the bare so", {f"{PY}.so": X86, f"{PY}.pyd": build_pe()}, {}),
    ("launchers of setuptools", {f"python/setuptools/{name}.exe": build_pe() for name in ("cli-64", "gui-arm64")}, {}),
    ("managed assemblies", {"app.dll": build_pe(managed=True), "app.deps.json": b"{}"},
     {"runtime": "dotnet8", "kind": "function"}),
    ("object file of another machine", {"python/pkg/probe.o": build_elf(machine="aarch64", etype="rel")}, {}),
    ("eBPF object", {"python/pkg/probe.bpf": build_elf(machine=247, etype="rel")}, {}),
    ("static program", {"bin/tool": (static_program(), 0o755)}, {}),
    ("static pie with no interpreter", {"bin/tool": (program(interp=None, flags_1=0), 0o755)}, {}),
    ("program with the usual loader", {"bin/tool": (program(), 0o755)}, {}),
    ("program with arm64's loader", {
        "bin/tool": (program(interp="/lib/ld-linux-aarch64.so.1", machine="aarch64"), 0o755)
    }, {"architecture": "arm64"}),
    ("library with a nix interpreter", {"lib/libx.so.1": module(interp="/nix/ld.so")}, {}),
    ("program that brings its loader", {
        "bin/tool": (program(interp="/opt/lib/ld-own.so"), 0o755), "lib/ld-own.so": build_elf(),
    }, {}),
    ("musl with its own loader", {
        "bin/tool": (build_elf(etype="pie", interp="/opt/lib/ld-musl-x86_64.so.1"), 0o755),
        "lib/ld-musl-x86_64.so.1": build_elf(),
    }, {}),
    ("x86-64-v3", {f"{PY}.abi3.so": module(isa_needed=4)}, {}),
    ("plain stack", {f"{PY}.abi3.so": module(gnu_stack="rw")}, {}),
    ("no stack header", {f"{PY}.abi3.so": module(gnu_stack=None)}, {}),
    ("a data file that is called .so", {"python/pkg/locale/messages.so": b"somali"}, {}),
    ("Java class, which begins as a fat Mach-O", {"java/lib/a.jar": simple_zip({"A.txt": b"1"}), "java/lib/A.class":
        b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(60)}, {"runtime": "java21"}),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options"), [case[1:] for case in FINE], ids=[case[0] for case in FINE])
def test_what_looks_like_a_fault_and_is_none(files: Files, options: dict[str, Any]) -> None:
    report = judge(files, **options)
    assert [line for line in told(report) if line[1] != "info"] == []
    assert report.exit_code == 0


UNUSED: Sequence[tuple[str, Files, dict[str, Any]]] = (
    ("fsevents, which is for macOS alone and guarded", {
        "nodejs/node_modules/fsevents/fsevents.node": build_macho(), "nodejs/node_modules/chokidar/index.js": b"1",
    }, {"runtime": "nodejs22.x"}),
    ("firmware for a chip", {"python/esptool/stub.elf": build_elf(machine=94, etype="exec")}, {}),
    ("test data of a package", {"python/pkg/a.py": b"1", "python/pkg/tests/data/arm.so": ARM,
                                "python/pkg/tests/data/mach": build_macho()}, {}),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options"), [case[1:] for case in UNUSED], ids=[case[0] for case in UNUSED])
def test_what_nothing_here_opens_is_no_error(files: Files, options: dict[str, Any]) -> None:
    assert judge(files, **options).exit_code == 0


def test_one_fix_mends_all_packages_of_another_architecture() -> None:
    files: dict[str, bytes] = {
        "python/aa/_a.abi3.so": ARM,
        "python/aa-1.0.dist-info/RECORD": b"aa/_a.abi3.so,,\n",
        "python/bb/_b.abi3.so": ARM,
        "python/bb-2.5.dist-info/RECORD": b"bb/_b.abi3.so,,\n",
    }
    fixes = {finding.fix for finding in of(judge(files), "LC301")}
    (fix,) = fixes
    assert fix is not None
    for word in ("aa==1.0", "bb==2.5", "manylinux_2_28_x86_64", "--python-version 3.12", "--target python"):
        assert word in fix


def test_a_link_to_a_binary_is_not_told_a_second_time() -> None:
    files: Files = {"lib/liba.so.1.2": ARM, "lib/liba.so.1": link("liba.so.1.2"), "lib/liba.so": link("liba.so.1")}
    assert told(judge(files)) == [("LC301", "error", "lib/liba.so.1.2")]


def test_wrong_machine_is_told_by_name_and_by_number() -> None:
    (finding,) = of(judge({f"{PY}.abi3.so": module(machine=243)}), "LC301")
    assert "riscv64" in finding.fact
    assert finding.details["e_machine"] == 243
