"""``layercheck capture`` and ``--environment``: judged against this machine's own loader."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from check.made import module
from cli.runs import here
from support.elf_writer import build_elf
from support.root_tree import CAN_ENTER, REQUIRED, copy_program, trace, write_tree
from support.zip_writer import simple_zip

LD = "/lib64/ld-linux-x86-64.so.2"
needs_loader = pytest.mark.skipif(
    not CAN_ENTER and not REQUIRED, reason="root on Linux x86_64 is needed to enter another root"
)
TREE: dict[str, bytes | str | None] = {
    "/lib64": "usr/lib64",
    "/usr/lib64/ld-linux-x86-64.so.2": build_elf(soname="ld-linux-x86-64.so.2") + b"\0/lib64/\0/usr/lib64/\0",
    "/usr/lib64/libc.so.6": build_elf(soname="libc.so.6", verdef=["GLIBC_2.2.5"]),
    "/usr/lib64/libq.so.1": build_elf(soname="libq.so.1", verdef=["Q_1"]),
}


@pytest.fixture
def captured(tmp_path: Path) -> str:
    root, file = write_tree(tmp_path / "root", TREE), tmp_path / "env.json"
    done = here("capture", str(root), "-o", str(file))
    assert (done.code, done.out, done.err) == (0, "", "")
    return str(file)


def layer(tmp_path: Path, **files: bytes) -> str:
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip({name.replace("__", "/"): data for name, data in files.items()}))
    return str(path)


def test_a_captured_environment_is_a_target_by_itself(captured: str, tmp_path: Path) -> None:
    good = layer(tmp_path, python__m=module("libq.so.1", verneed={"libq.so.1": ["Q_1"]}))
    assert here("libs", good, "--environment", captured).code == 0
    done = here("check", good, "--environment", captured, "--require-target")
    assert (done.code, done.err) == (0, "")
    assert "captured on x86_64" in done.out
    bad = layer(tmp_path, python__m=module("libq.so.1", "libz.so.1", verneed={"libq.so.1": ["Q_2"]}))
    assert here("libs", bad, "--environment", captured).code == 1
    report = json.loads(here("check", bad, "--environment", captured, "-f", "json").out)
    assert {"LC401", "LC402"} <= {finding["rule"] for finding in report["findings"]}
    assert report["targets"][0]["runtime"] == "captured"


def test_a_runtime_gives_the_facts_of_its_language(captured: str, tmp_path: Path) -> None:
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip({"python/m.cpython-311-x86_64-linux-gnu.so": module("libq.so.1")}))
    plain, wrong, right = (
        [f["rule"] for f in json.loads(here(str(path), "--environment", captured, *more, "-f", "json").out)["findings"]]
        for more in ((), ("-r", "python3.12"), ("-r", "python3.11"))
    )
    assert "LC501" in wrong
    assert "LC501" not in [*plain, *right]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("-a", "arm64"), "the environment is for x86_64, not arm64"),
        (("--libraries", "floor"), "--libraries does not go with --environment"),
        (("-r", "python3.99"), "python3.99"),
    ],
)
@pytest.mark.parametrize("command", ["check", "libs"])
def test_options_that_do_not_go_with_it(
    captured: str, tmp_path: Path, command: str, more: tuple[str, ...], words: str
) -> None:
    done = here(command, layer(tmp_path, python__m=module()), "--environment", captured, *more)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.parametrize("command", ["check", "libs"])
@pytest.mark.parametrize("content", [None, b"", b"PK\3\4", b"[]", b'{"schema_version": "9.0"}'])
def test_a_wrong_environment_file_is_a_wrong_command_line(command: str, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "env.json"
    if content is not None:
        path.write_bytes(content)
    done = here(command, layer(tmp_path, python__m=module()), "--environment", str(path))
    assert (done.code, done.out) == (2, "")
    assert str(path) in done.err


def test_what_is_no_root_cannot_be_captured(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_bytes(b"text\n" * 300)
    (tmp_path / "empty").mkdir()
    for name, words in (
        ("gone", "No such file"),
        ("text", "neither a directory, a tar"),
        ("empty", "no dynamic loader"),
    ):
        done = here("capture", str(tmp_path / name), "-o", str(tmp_path / "out.json"))
        assert (done.code, done.out) == (3, "")
        assert words in done.err
    assert not (tmp_path / "out.json").exists()
    assert here("capture").code == 2


def test_a_tar_and_a_directory_give_the_same_bytes(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", TREE)
    with tarfile.open(tmp_path / "root.tgz", "w:gz") as archive:
        archive.add(root, ".")
    assert here("capture", str(root)).out == here("capture", str(tmp_path / "root.tgz")).out != ""


REAL = ("/usr/bin/env", "/bin/sh", "/usr/bin/tar", "/bin/cp", "/usr/bin/openssl", "/usr/bin/curl", "/usr/bin/node")
PATHS = ("", "/usr/lib64:/opt/lib", "/opt/lib", "/var/lang/lib:/lib64:/usr/lib64:/var/task:/var/task/lib:/opt/lib")


def loads(root: Path, environment: str, source: str, program: str, library_path: str) -> tuple[list[str], set[str]]:
    done = here(
        "libs", source, "--environment", environment, "--library-path", library_path, "--root", program, "-f", "json"
    )
    assert done.err == ""
    (item,) = json.loads(done.out)["objects"]
    assert item["path"] == program
    paths = [need["path"] for need in item["needed"] if need["path"] and need["via"] != "loaded"]
    return [path for path in dict.fromkeys(paths) if path != LD], set(item["missing"])


@needs_loader
@pytest.mark.parametrize("library_path", PATHS)
def test_real_programs_resolve_as_the_real_loader_resolves_them(tmp_path: Path, library_path: str) -> None:
    root, environment = tmp_path / "root", tmp_path / "env.json"
    programs = [program for program in REAL if Path(program).exists()]
    assert len(programs) >= 4
    # Half of the libraries where this machine has them, half where Lambda does, and some copies in the way.
    copy_program(root, programs[::2])
    copy_program(root, programs[1::2], at="/usr/lib64")
    copy_program(root, ["/usr/bin/env"], at="/opt/lib")
    (root / "var/task").mkdir(parents=True)
    for program in programs:
        place = root / "srv/bin" / Path(program).name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Path(program).read_bytes())
        place.chmod(0o755)
    assert here("capture", str(root), "-o", str(environment)).code == 0
    source = layer(tmp_path, readme=b"nothing of its own")
    for program in programs:
        inside = f"/srv/bin/{Path(program).name}"
        real, missing = trace(root, inside, library_path)
        assert loads(root, str(environment), source, inside, library_path) == (real, missing), (inside, library_path)


@needs_loader
def test_real_extension_modules_on_a_captured_root(tmp_path: Path) -> None:
    """libstdc++, libm, libz and libc of this machine, and a library built here against them, as a layer."""
    root, environment = tmp_path / "root", tmp_path / "env.json"
    names = {name: Path("/usr/lib/x86_64-linux-gnu", name) for name in ("libstdc++.so.6", "libz.so.1", "libgcc_s.so.1")}
    assert all(path.exists() for path in names.values())
    copy_program(root, [str(path.resolve()) for path in names.values()])
    for name, path in names.items():
        (root / "usr/lib64").mkdir(parents=True, exist_ok=True)
        (root / "usr/lib64" / name).write_bytes(path.read_bytes())
    (root / "var/task").mkdir(parents=True)
    files = {
        "python/m.abi3.so": build_elf(needed=["libstdc++.so.6", "libz.so.1", "libgone.so.1"], runpath="$ORIGIN/libs"),
        "python/libs/libz.so.1": build_elf(soname="libz.so.1"),
    }
    write_tree(root, {f"/opt/{name}": data for name, data in files.items()})
    assert here("capture", str(root), "-o", str(environment)).code == 0
    source = tmp_path / "layer.zip"
    source.write_bytes(simple_zip(files))
    for library_path in PATHS:
        real, missing = trace(root, "/opt/python/m.abi3.so", library_path)
        assert "libgone.so.1" in missing
        ours = loads(root, str(environment), str(source), "/opt/python/m.abi3.so", library_path)
        assert ours == (real, missing), library_path


@needs_loader
def test_the_default_directories_and_the_release_are_those_of_the_real_loader(tmp_path: Path) -> None:
    copy_program(tmp_path, ["/usr/bin/env"])
    loader: dict[str, Any] = json.loads(here("capture", str(tmp_path)).out)["loader"]
    told = subprocess.run([LD, "--help"], capture_output=True, text=True, check=True).stdout
    defaults = [line.split()[0] for line in told.splitlines() if line.endswith("(system search path)")]
    assert loader["default_directories"] == defaults
    release = subprocess.run([LD, "--version"], capture_output=True, text=True, check=True).stdout
    assert f"version {loader['version']}." in release


@needs_loader
def test_the_cache_is_read_as_ldconfig_reads_it(tmp_path: Path) -> None:
    told = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    expected: dict[str, str] = {}
    for line in told.splitlines():
        match = re.match(r"^\t(\S+) \(libc6,x86-64\) => (\S+)$", line)
        if match is not None:
            expected.setdefault(match[1], match[2])
    assert len(expected) > 5
    copy_program(tmp_path, ["/usr/bin/env"])
    write_tree(tmp_path, {"/etc/ld.so.cache": Path("/etc/ld.so.cache").read_bytes()})
    assert json.loads(here("capture", str(tmp_path)).out)["cache"] == expected


@needs_loader
@pytest.mark.parametrize("library_path", ["", "/srv/d"])
@pytest.mark.parametrize("flags_1", [None, 0x800])
def test_the_cache_answers_as_it_does_the_real_loader(tmp_path: Path, library_path: str, flags_1: int | None) -> None:
    root, environment = tmp_path / "root", tmp_path / "env.json"
    copy_program(root, ["/usr/bin/env"])
    write_tree(
        root,
        {
            "/srv/c/libq.so.1": build_elf(soname="libq.so.1", needed=["libr.so.1"]),
            "/srv/d/libr.so.1": build_elf(soname="libr.so.1"),
            "/etc/ld.so.conf": b"/srv/c\n/srv/d\n",
            "/srv/bin/m": build_elf(etype="pie", interp=LD, needed=["libq.so.1", "libc.so.6"], flags_1=flags_1),
            "/var/task/x": b"",
        },
    )
    subprocess.run(["/sbin/ldconfig", "-r", str(root)], check=True)
    assert here("capture", str(root), "-o", str(environment)).code == 0
    source = layer(tmp_path, readme=b"nothing of its own")
    real = trace(root, "/srv/bin/m", library_path)
    assert "/srv/c/libq.so.1" in real[0]
    assert loads(root, str(environment), source, "/srv/bin/m", library_path) == real
