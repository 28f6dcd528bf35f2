"""Every entry of the table of advice is told to whom it concerns, and what is to be typed can be typed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import layercheck.rules
from check.made import Files, judge, module, of, program
from layercheck.finding import Report
from support.foreign_writer import build_macho
from support.zip_writer import simple_zip

FILE = Path(layercheck.rules.__file__).parent / "data" / "advice.json"
TABLE: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
LIBRARIES: Mapping[str, Mapping[str, Any]] = TABLE["libraries"]
PACKAGES: Mapping[str, Mapping[str, Any]] = TABLE["packages"]
REPLACED = [(library, package) for library, entry in LIBRARIES.items() for package in entry["replace"]]
NPM = ("sharp", "oracledb")
AL2, AL2023 = "python3.11", "python3.12"
SYSTEMS = (AL2, AL2023, "provided.al2", "provided.al2023")


def fixes(report: Report, rule: str = "LC401") -> str:
    return "\n".join(finding.fix or "" for finding in of(report, rule))


def name_of(key: str) -> str:
    return key + ".7" if key.endswith(".so") and key not in ("libnss3.so", "libnssutil3.so", "libnspr4.so") else key


def dist(name: str, *tops: str, version: str = "1.0") -> Files:
    info = f"python/{name.replace('-', '_')}-{version}.dist-info"
    record = "".join(f"{top},,\n" for top in tops)
    return {f"{info}/RECORD": record.encode(), f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n".encode()}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_is_told_and_so_is_what_to_do(library: str) -> None:
    entry = LIBRARIES[library]
    told = [fixes(judge({"bin/tool": (program(name_of(library)), 0o755)}, runtime)) for runtime in SYSTEMS]
    assert any(entry["text"] in fix for fix in told), told
    if entry.get("then") in ("copy", "wheel"):
        assert any(f"'{name_of(library)}()(64bit)'" in fix for fix in told)


@pytest.mark.parametrize(("library", "package"), REPLACED)
def test_each_replacement_is_a_command(library: str, package: str) -> None:
    wanted = LIBRARIES[library]["replace"][package]
    if package in NPM and wanted.endswith("@latest"):
        files: Files = {f"nodejs/node_modules/{package}/build/Release/x.node": module(name_of(library))}
        told = fixes(judge(files, "nodejs18.x")) + fixes(judge(files, "nodejs20.x"))
        assert shlex.split(told.splitlines()[-1])[-1] == wanted
        return
    files = {**dist(package, "pkg/__init__.py"), "python/pkg/__init__.py": b"", "python/pkg/_x.abi3.so": module(
        name_of(library))}  # fmt: skip
    told = fixes(judge(files, AL2)) or fixes(judge(files, AL2023))
    assert any(shlex.split(line)[-1] == wanted for line in told.splitlines() if line.startswith("pip install ")), told


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_told(package: str) -> None:
    entry = PACKAGES[package]
    files = {**dist(package, "pkg/__init__.py"), "python/pkg/__init__.py": b"", "python/pkg/_x.abi3.so": module(
        "libnone.so.1")}  # fmt: skip
    told = fixes(judge(files, AL2023))
    assert entry["text"] in told
    assert shlex.split(told.splitlines()[-1])[-1] == entry["use"]


def test_each_entry_has_a_source() -> None:
    for key, entry in {**LIBRARIES, **PACKAGES}.items():
        assert len(entry["source"]) > 4, key
        assert entry["confidence"] in ("measured", "high", "medium"), key
        assert set(entry) <= {"replace", "text", "then", "source", "confidence", "use", "same"}, key
        assert entry.get("then") in (None, "copy", "wheel", "wheel-only", "rust"), key


@pytest.mark.parametrize(
    ("runtime", "architecture", "platforms"),
    [
        ("python3.11", "x86_64", ["manylinux_2_26_x86_64", "manylinux2014_x86_64"]),
        ("python3.11", "arm64", ["manylinux_2_26_aarch64", "manylinux2014_aarch64"]),
        (
            "python3.13",
            "arm64",
            ["manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64"],
        ),
    ],
)
def test_pip_takes_every_tag_that_the_runtime_does(runtime: str, architecture: str, platforms: list[str]) -> None:
    other = "aarch64" if architecture == "x86_64" else "x86_64"
    files = {**dist("pkg", "pkg/__init__.py", version="2.1"), "python/pkg/__init__.py": b"", "python/pkg/_x.abi3.so":
             module(machine=other)}  # fmt: skip
    command = shlex.split(fixes(judge(files, runtime, architecture), "LC301"))
    assert [command[i + 1] for i, word in enumerate(command) if word == "--platform"] == platforms
    assert command[command.index("--python-version") + 1] == runtime[6:]
    assert command[-2:] == ["python", "pkg==2.1"]


def test_a_package_without_wheels_is_installed_as_its_twin() -> None:
    files = {**dist("psycopg2", "psycopg2/__init__.py", version="2.9.6"), "python/psycopg2/__init__.py": b"",
             "python/psycopg2/_psycopg.cpython-312-darwin.so": build_macho()}  # fmt: skip
    assert "psycopg2-binary==2.9.6" in fixes(judge(files, AL2023), "LC302")


@pytest.mark.parametrize(
    "library", ["lib'x.so.1", "lib$(id).so.1", "-x.so.1", "lib x.so.1", 'lib".so.1', "lib\nx.so.1"]
)
def test_hostile_names_do_not_enter_commands(library: str) -> None:
    told = fixes(judge({"bin/tool": (program(library), 0o755)}, AL2023))
    assert told
    assert "docker" not in told


def test_the_command_that_copies_a_library_is_one_for_a_shell() -> None:
    for runtime, architecture, image, tool, platform in (
        (AL2, "x86_64", "amazonlinux:2", "yum", "linux/amd64"),
        (AL2023, "arm64", "amazonlinux:2023", "dnf", "linux/arm64"),
    ):
        machine = "x86_64" if architecture == "x86_64" else "aarch64"
        loader = "/lib64/ld-linux-x86-64.so.2" if machine == "x86_64" else "/lib/ld-linux-aarch64.so.1"
        files: Files = {"bin/tool": (program("libunheard-of.so.3", machine=machine, interp=loader), 0o755)}
        command = fixes(judge(files, runtime, architecture)).splitlines()[-1]
        words = shlex.split(command)
        assert words[:6] == ["docker", "run", "--rm", "--platform", platform, "-v"]
        assert words[7] == image
        inner = shlex.split(words[-1])
        assert inner[:5] == [tool, "install", "-y", "findutils", "libunheard-of.so.3()(64bit)"]
        assert inner[-9:] == ["-name", "libunheard-of.so.3", "-exec", "cp", "-L", "-t", "/out/lib", "{}", "+"]


def go_program(machine: str) -> bytes:
    loader = "/lib64/ld-linux-x86-64.so.2" if machine == "x86_64" else "/lib/ld-linux-aarch64.so.1"
    return program("libpthread.so.0", machine=machine, interp=loader, go_note=True)


@pytest.mark.parametrize(
    ("runtime", "data", "rule", "words"),
    [
        ("provided.al2", go_program("aarch64"), "LC301", ["GOOS=linux GOARCH=amd64", "-o bootstrap"]),
        ("provided.al2", program(machine="aarch64"), "LC301", ["x86_64-unknown-linux-gnu.2.26", "Swift", "Go: "]),
        ("provided.al2023", program(machine="aarch64"), "LC301", ["cargo lambda build --release --x86-64"]),
        ("provided.al2023", build_macho(), "LC302", ["GraalVM", "Go: GOOS=linux"]),
        ("provided.al2", program(verneed={"libc.so.6": ["GLIBC_2.28"]}), "LC402", ["gnu.2.26", "provided.al2023"]),
        ("provided.al2", program("libstdc++.so.6", verneed={"libstdc++.so.6": ["GLIBCXX_3.4.29"]}), "LC402",
         ["-static-libstdc++"]),
        ("provided.al2023", program(interp="/lib/ld-musl-x86_64.so.1"), "LC305", ["crt-static", "linux-musl"]),
    ],
)  # fmt: skip
def test_bootstraps_are_told_how_to_be_built(runtime: str, data: bytes, rule: str, words: list[str]) -> None:
    told = fixes(judge({"bootstrap": (data, 0o755)}, runtime, kind="function"), rule)
    assert [word for word in words if word not in told] == [], told
    assert "or newer" not in told


def test_a_library_from_a_newer_system_is_taken_from_the_right_one() -> None:
    files: Files = {"lib/libmagic.so.1": module(verneed={"libc.so.6": ["GLIBC_2.28"]}, soname="libmagic.so.1")}
    assert "'libmagic.so.1()(64bit)'" in fixes(judge(files, AL2), "LC402")


def test_addons_that_a_script_fetches_are_told_of_the_platform() -> None:
    place = "node_modules/better-sqlite3/build/Release/better_sqlite3.node"
    told = fixes(judge({place: build_macho(), "index.js": b""}, "nodejs22.x", "arm64", kind="function"), "LC302")
    words = shlex.split(told)
    assert {"npm_config_platform=linux", "npm_config_arch=arm64", "npm_config_target_libc=glibc"} <= set(words)
    assert words[words.index("npm") :] == ["npm", "install", "--os=linux", "--cpu=arm64", "--libc=glibc", "--force",
                                           "better-sqlite3"]  # fmt: skip
    prebuilt = "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node"
    told = fixes(judge({prebuilt: build_macho(), "index.js": b""}, "nodejs22.x", "arm64", kind="function"), "LC302")
    assert not told or told.startswith("npm install --os=linux")


def test_a_copy_that_hides_the_one_of_a_layer() -> None:
    mine = "node_modules/@duckdb/x/lib/binding/duckdb.node"
    layer = simple_zip({"nodejs/" + mine: module()})
    told = fixes(judge({mine: build_macho(), "index.js": b""}, "nodejs20.x", kind="function", layers=[layer]), "LC302")
    assert "has it for Linux" in told
    assert "rm -r node_modules/@duckdb/x" in told.splitlines()
    alone = fixes(judge({mine: build_macho(), "index.js": b""}, "nodejs20.x", kind="function"), "LC302")
    assert "rm -r" not in alone


def test_several_libraries_with_one_cure_are_one_finding() -> None:
    found = of(judge({"bin/tool": (program("libssl.so.1.1", "libcrypto.so.1.1"), 0o755)}, AL2023), "LC401")
    assert [finding.details["libraries"] for finding in found] == [["libssl.so.1.1", "libcrypto.so.1.1"]]


def test_no_advice_is_told_twice() -> None:
    texts = [re.sub(r"\s+", " ", entry["text"]) for entry in PACKAGES.values()]
    assert len(set(texts)) == len(texts)


TAGGED = "pkg/_x.cpython-312-{}.so"


@pytest.mark.parametrize(("runtime", "pin"), [("python3.9", "<="), ("python3.12", "=="), ("python3.14", ">=")])
@pytest.mark.parametrize(
    ("platform", "content", "rule"),
    [
        ("aarch64-linux-gnu", module(machine="aarch64"), "LC301"),
        ("darwin", build_macho(), "LC302"),
        ("x86_64-linux-musl", module("libc.musl-x86_64.so.1"), "LC305"),
    ],
    ids=["machine", "system", "musl"],
)
def test_for_another_python_the_release_is_left_to_pip(
    runtime: str, pin: str, platform: str, content: bytes, rule: str
) -> None:
    files = {**dist("pkg", "pkg/__init__.py", version="2.1"), "python/pkg/__init__.py": b"",
             "python/" + TAGGED.format(platform): content}  # fmt: skip
    (command,) = [line for line in fixes(judge(files, runtime), rule).splitlines() if line.startswith("pip install")]
    assert shlex.split(command)[-1] == f"pkg{pin}2.1"


@pytest.mark.parametrize(("runtime", "pin"), [("python3.9", "<="), ("python3.14", ">=")])
def test_what_was_compiled_for_another_python_is_not_moved_but_installed(runtime: str, pin: str) -> None:
    site = "python/lib/python3.12/site-packages/"
    files = {
        **dist("pkg", "pkg/__init__.py", version="2.1"),
        "python/pkg/__init__.py": b"",
        "python/" + TAGGED.format("x86_64-linux-gnu"): module(),
    }
    files = {site + path.removeprefix("python/"): content for path, content in files.items()}
    told = fixes(judge(files, runtime), "LC103").splitlines()
    assert told[0] == "What is compiled in it is for Python 3.12 alone: install it anew, or use that Python's runtime."
    assert told[1] == "rm -r python/lib/python3.12"
    assert shlex.split(told[2])[-3:] == ["--target", "python", f"pkg{pin}2.1"]
    del files[site + TAGGED.format("x86_64-linux-gnu")]
    assert (
        fixes(judge(files, runtime), "LC103") == "mv python/lib/python3.12/site-packages/* python/ && rm -r python/lib"
    )


def test_what_is_compiled_for_another_machine_too_is_installed_where_python_searches() -> None:
    site = "python/lib/python3.12/site-packages/"
    packed = {**dist("pkg", "pkg/__init__.py"), "python/pkg/__init__.py": b"",
              "python/" + TAGGED.format("aarch64-linux-gnu"): module(machine="aarch64")}  # fmt: skip
    files = {path.replace("python/", site): content for path, content in packed.items()}
    told = shlex.split(fixes(judge(files, "python3.12"), "LC301"))
    assert told[-3:] == ["--target", site.rstrip("/"), "pkg==1.0"]
    told = shlex.split(fixes(judge(files, "python3.11"), "LC301"))
    assert told[-3:] == ["--target", "python", "pkg<=1.0"]
