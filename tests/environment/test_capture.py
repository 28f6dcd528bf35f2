"""Capturing a root filesystem: what is kept, that a tar gives the same, and that loading gives equal facts back."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from layercheck.elf import ElfImage, read_elf
from layercheck.environment import Link, Named, Other
from layercheck.environment.capture import CaptureError, capture
from layercheck.environment.capture_cache import read_cache
from layercheck.environment.capture_elf import from_record, to_record
from layercheck.environment.capture_loader import default_directories
from layercheck.environment.capture_source import from_directory, from_tar
from layercheck.environment.captured import WrongEnvironment, from_document, load_file
from support.elf_writer import build_elf
from support.root_tree import write_tree

LD = "/lib64/ld-linux-x86-64.so.2"
BUILT_IN = b"\0/lib64/\0/usr/lib64/\0"
LOADER = build_elf(soname="ld-linux-x86-64.so.2", verdef=["GLIBC_2.3"]) + BUILT_IN
LIBC = build_elf(soname="libc.so.6", verdef=["GLIBC_2.2.5", "GLIBC_2.34"]) + (
    b"\0GNU C Library (GNU libc) stable release version 2.34.\n\0"
)
TREE: dict[str, bytes | str | None] = {
    "/lib64": "usr/lib64",
    "/bin": "usr/bin",
    "/usr/lib64/ld-linux-x86-64.so.2": LOADER,
    "/usr/lib64/libc.so.6": LIBC,
    "/usr/lib64/libz.so.1": "libz.so.1.2",
    "/usr/lib64/libz.so.1.2": build_elf(soname="libz.so.1", needed=["libc.so.6"]),
    "/usr/lib64/libgone.so": "/nowhere/at/all",
    "/usr/lib64/libscript.so": b"INPUT(x)\n",
    "/usr/lib64/libempty.so.1": b"",
    "/usr/lib64/libdir.so.d": None,
    "/usr/lib64/readme.txt": b"text",
    "/usr/bin/tool": build_elf(etype="pie", interp=LD, needed=["libz.so.1"]),
    "/usr/bin/sh": b"#!/bin/tool\n",
    "/usr/bin/link": "../sbin/elsewhere",
    "/usr/sbin/elsewhere": b"#! not executable here\n",
    "/var/runtime/bootstrap": b"#!/bin/sh\n",
    "/var/lang/bin/python3": "python3.12",
    "/var/lang/bin/python3.12": build_elf(etype="pie", interp=LD, needed=["libpython3.12.so.1.0"]),
    "/var/lang/lib/python3.12/site-packages/urllib3-1.26.20.dist-info/METADATA": b"Name: urllib3\n",
    "/var/lang/lib/python3.12/site-packages/Zope.Event_x-5.0-py3.12.egg-info": b"Name: x\n",
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "root", TREE)


def of(root: Path, **options: Any) -> dict[str, Any]:
    return capture(from_directory(str(root)), **options)


def test_it_keeps_links_elf_files_and_whatever_is_called_a_library(root: Path) -> None:
    files = of(root)["files"]
    kept = {path: record if "elf" not in record else "elf" for path, record in files.items()}
    assert kept == {
        "/lib64": {"link": "usr/lib64"}, "/bin": {"link": "usr/bin"},
        "/usr/lib64/ld-linux-x86-64.so.2": "elf", "/usr/lib64/libc.so.6": "elf", "/usr/lib64/libz.so.1.2": "elf",
        "/usr/lib64/libz.so.1": {"link": "libz.so.1.2"}, "/usr/lib64/libgone.so": {"link": "/nowhere/at/all"},
        "/usr/lib64/libscript.so": {"other": "text"}, "/usr/lib64/libempty.so.1": {"other": "empty"},
        "/usr/lib64/libdir.so.d": {"other": "directory"}, "/usr/bin/tool": "elf",
        "/usr/bin/link": {"link": "../sbin/elsewhere"},
        "/var/lang/bin/python3": {"link": "python3.12"}, "/var/lang/bin/python3.12": "elf",
    }  # fmt: skip
    assert list(files) == sorted(files)


def test_it_tells_the_loader_and_what_is_searched(root: Path) -> None:
    document = of(root)
    assert document["schema_version"] == "1.0"
    assert document["architecture"] == "x86_64"
    assert document["loader"] == {
        "kind": "glibc", "version": "2.34", "path": LD, "default_directories": ["/lib64", "/usr/lib64"], "lib": "lib64",
    }  # fmt: skip
    assert document["library_path"].startswith("/var/lang/lib:/lib64:")
    assert of(root, library_path="")["library_path"] == ""
    assert of(root, variables={"LD_LIBRARY_PATH": "/a", "PATH": "/usr/bin"})["library_path"] == "/a"


def test_it_lists_programs_interpreters_and_packages(root: Path) -> None:
    document = of(root)
    assert document["programs"] == [
        "/usr/bin/sh", "/usr/bin/tool", "/var/lang/bin/python3", "/var/lang/bin/python3.12",
    ]  # fmt: skip
    assert document["interpreters"] == {
        "/var/lang/bin/python3.12": {"language": "python", "version": "3.12", "needed": ["libpython3.12.so.1.0"]}
    }
    assert document["packages"] == {
        "/var/lang/lib/python3.12/site-packages": {"urllib3": "1.26.20", "zope-event-x": "5.0"}
    }


def test_no_link_of_the_root_leads_out_of_it(tmp_path: Path, root: Path) -> None:
    outside = tmp_path / "outside"
    write_tree(outside, {"/libsecret.so": build_elf(soname="libsecret.so")})
    (root / "usr/lib64/out").symlink_to(outside)
    (root / "usr/lib64/libout.so").symlink_to(outside / "libsecret.so")
    (root / "usr/lib64/up").symlink_to("../../../outside")
    files = of(root)["files"]
    assert files["/usr/lib64/out"] == {"link": str(outside)}
    assert files["/usr/lib64/libout.so"] == {"link": f"{outside}/libsecret.so"}
    assert not [path for path in files if "libsecret" in path]


def packed(root: Path, mode: str) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        archive.add(root, ".")
    stream.seek(0)
    return stream


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz"])
def test_a_tar_gives_what_the_directory_gives(root: Path, mode: str) -> None:
    os.link(root / "usr/lib64/libz.so.1.2", root / "usr/lib64/libzz.so")
    assert capture(from_tar(packed(root, mode))) == of(root)


def test_hard_links_are_one_library_and_two_programs(root: Path) -> None:
    os.link(root / "usr/lib64/libz.so.1.2", root / "usr/lib64/libzz.so")
    os.link(root / "usr/bin/tool", root / "usr/sbin/tool")
    files = of(root)["files"]
    assert files["/usr/lib64/libzz.so"] == {"link": "/usr/lib64/libz.so.1.2"}
    assert files["/usr/sbin/tool"] == files["/usr/bin/tool"]


def test_members_of_a_tar_that_leave_the_root_are_left_out(root: Path) -> None:
    stream = packed(root, "w:")
    with tarfile.open(fileobj=stream, mode="a:") as archive:
        for name in ("../libevil.so", "/usr/../../libevil.so", "proc/libevil.so"):
            archive.addfile(tarfile.TarInfo(name))
        archive.addfile(tarfile.TarInfo("/usr/lib64/libabsolute.so"))
    stream.seek(0)
    files = capture(from_tar(stream))["files"]
    assert not [path for path in files if "evil" in path]
    assert files["/usr/lib64/libabsolute.so"] == {"other": "empty"}


@pytest.mark.parametrize("files", [{}, {"/lib/libz.so": b"x"}, {"/lib/ld-linux.so.2": build_elf(machine="i386")}])
def test_without_a_loader_it_is_no_root(files: dict[str, bytes | str | None], tmp_path: Path) -> None:
    tmp_path.joinpath("r").mkdir()
    with pytest.raises(CaptureError, match="no dynamic loader"):
        of(write_tree(tmp_path / "r", files))


def test_a_musl_system(tmp_path: Path) -> None:
    data = build_elf(soname="libc.musl-aarch64.so.1", machine="aarch64") + b"\0musl libc\0" + b"\x001.2.5\0"
    files: dict[str, bytes | str | None] = {
        "/lib/ld-musl-aarch64.so.1": data,
        "/lib/libc.musl-aarch64.so.1": "ld-musl-aarch64.so.1",
        "/bin/busybox": build_elf(
            etype="pie", machine="aarch64", interp="/lib/ld-musl-aarch64.so.1", needed=["libc.musl-aarch64.so.1"]
        ),
    }
    document = of(write_tree(tmp_path / "r", files))
    assert document["architecture"] == "arm64"
    assert document["loader"] == {
        "kind": "musl", "version": "1.2.5", "path": "/lib/ld-musl-aarch64.so.1",
        "default_directories": ["/lib", "/usr/local/lib", "/usr/lib"], "lib": "lib",
    }  # fmt: skip
    write_tree(tmp_path / "r", {"/etc/ld-musl-aarch64.path": b"/opt/m:/q\n/z\n"})
    assert of(tmp_path / "r")["loader"]["default_directories"] == ["/opt/m", "/q", "/z"]


def test_of_two_loaders_the_one_that_programs_name(root: Path) -> None:
    write_tree(root, {"/lib/ld-musl-x86_64.so.1": build_elf(soname="libc.musl-x86_64.so.1")})
    assert of(root)["loader"]["kind"] == "glibc"
    for number in range(3):
        interp = "/lib/ld-musl-x86_64.so.1"
        write_tree(root, {f"/opt/m/bin/p{number}": build_elf(etype="pie", interp=interp)})
    assert of(root)["loader"]["kind"] == "musl"


def test_the_release_comes_from_the_nodes_where_nothing_tells_it(tmp_path: Path) -> None:
    files: dict[str, bytes | str | None] = {
        "/lib64/ld-linux-x86-64.so.2": LOADER,
        "/lib64/libc.so.6": build_elf(soname="libc.so.6", verdef=["GLIBC_2.9", "GLIBC_2.26", "GLIBC_PRIVATE"]),
    }
    assert of(write_tree(tmp_path / "r", files))["loader"]["version"] == "2.26"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x\0/lib64/\0/usr/lib64/\0y", ("/lib64", "/usr/lib64")),
        (b"\0/a/b/\0/c/\0/lib/\0/usr/lib/\0z", ("/a/b", "/c", "/lib", "/usr/lib")),
        (b"\0/only/\0", ()),
        (b"\0/lib64\0/usr/lib64\0", ()),
        (b"", ()),
    ],
)
def test_default_directories_stand_in_a_row(data: bytes, expected: tuple[str, ...]) -> None:
    assert default_directories(data) == expected


def cache_of(*entries: tuple[int, str, str, int], old: int | None = None) -> bytes:
    strings, table = bytearray(), []
    base = 48 + 24 * len(entries)
    for flags, name, path, hwcap in entries:
        places = []
        for text in (name, path):
            places.append(base + len(strings))
            strings += text.encode() + b"\0"
        table.append(struct.pack("<IIIIQ", flags, *places, 0, hwcap))
    head = b"glibc-ld.so.cache1.1" + struct.pack("<II", len(entries), len(strings)) + bytes(20)
    data = head + b"".join(table) + bytes(strings)
    if old is None:
        return data
    before = b"ld.so-1.7.0\0" + struct.pack("<I", old) + bytes(12 * old)
    return before + bytes(-len(before) % 8) + data


@pytest.mark.parametrize("old", [None, 0, 1, 2])
def test_the_cache_of_ldconfig(old: int | None) -> None:
    data = cache_of(
        (0x0303, "liba.so.1", "/c/liba.so.1", 0),
        (0x0303, "liba.so.1", "/d/liba.so.1", 0),
        (0x0803, "libi.so.1", "/i386/libi.so.1", 0),
        (0x0303, "libh.so.1", "/c/glibc-hwcaps/x86-64-v3/libh.so.1", 1 << 62),
        (0x0A03, "libarm.so", "/arm/libarm.so", 0),
        old=old,
    )
    assert read_cache(data, "x86_64") == {"liba.so.1": "/c/liba.so.1"}
    assert read_cache(data, "arm64") == {"libarm.so": "/arm/libarm.so"}
    for end in range(0, len(data), 7):
        assert set(read_cache(data[:end], "x86_64").items()) <= {("liba.so.1", "/c/liba.so.1")}


@pytest.mark.parametrize(
    "data", [b"", b"text", b"ld.so-1.7.0\0\xff\xff\xff\xff", b"glibc-ld.so.cache1.1" + b"\xff" * 99]
)
def test_a_strange_cache_is_empty(data: bytes) -> None:
    assert read_cache(data, "x86_64") == {}


def test_the_cache_of_the_root_is_read(root: Path) -> None:
    write_tree(root, {"/etc/ld.so.cache": cache_of((0x0303, "libq.so.1", "/srv/libq.so.1", 0))})
    document = of(root)
    assert document["cache"] == {"libq.so.1": "/srv/libq.so.1"}
    assert from_document(document).loader.cache == {"libq.so.1": "/srv/libq.so.1"}


IMAGES = {
    "plain": build_elf(needed=["liba.so", "libb.so"], soname="libx.so.1"),
    "paths": build_elf(rpath="$ORIGIN:/a", runpath="", flags_1=0x800, filter="f.so", auxiliary="g.so"),
    "versions": build_elf(
        soname="libv.so", verdef=["V_1", "V_2"], verneed={"libc.so.6": ["GLIBC_2.2.5", ["G_W", 2]], "b": ["B"]}
    ),
    "no soname": build_elf(verdef=["V_1"]),
    "program": build_elf(etype="pie", interp=LD, abi_note=[0, 3, 2, 0], gnu_stack="rwx"),
    "other": build_elf(machine="aarch64", etype="exec", osabi=3, gnu_stack=None, dynamic=False),
    "32": build_elf(machine="i386"),
    "truncated": build_elf(needed=["a"] * 20)[:-40],
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_the_facts_come_back_equal(name: str) -> None:
    image = read_elf(IMAGES[name])
    assert isinstance(image, ElfImage)
    back = from_record(json.loads(json.dumps(to_record(image))))
    truncated = tuple(defect for defect in back.defects if defect.kind == "truncated")
    assert bool(truncated) == (name == "truncated")
    assert back._replace(loads=image.loads, defects=image.defects) == image


def test_capture_then_load_gives_equal_facts(root: Path, tmp_path: Path) -> None:
    document = of(root)
    path = tmp_path / "env.json"
    path.write_text(json.dumps(document))
    environment = load_file(path)
    assert environment.architecture == "x86_64"
    assert environment.loader.default_directories == ("/lib64", "/usr/lib64")
    assert environment.library_path == tuple(document["library_path"].split(":"))
    assert environment.programs == tuple(document["programs"])
    assert environment.interpreters["/var/lang/bin/python3.12"].version == "3.12"
    assert environment.runtime is not None
    assert environment.runtime.identifier == "python3.12"
    assert list(environment.files) == list(document["files"])
    for name, file in environment.files.items():
        if name in TREE and isinstance(file, ElfImage):
            data = TREE[name]
            assert isinstance(data, bytes)
            image = read_elf(data)
            assert isinstance(image, ElfImage)
            assert file._replace(loads=image.loads, defects=image.defects) == image
    assert environment.files["/lib64"] == Link("usr/lib64")
    assert environment.files["/usr/lib64/libscript.so"] == Other("text")


MINIMAL: dict[str, Any] = {
    "schema_version": "1.0", "name": "x", "architecture": "arm64",
    "loader": {"kind": "glibc", "version": "2.34", "path": LD, "default_directories": ["/lib64"], "lib": "lib64"},
    "files": {"/l": {"link": "m"}},
}  # fmt: skip


def test_libraries_known_by_name() -> None:
    named = {"soname": "libq.so.1", "versions": {"nodes": ["Q_1"], "unverified_nodes": ["Q_2"], "complete": True}}
    document = {**MINIMAL, "files": {"/lib64/libq.so.1": {"named": named}, "/n": {"named": {"soname": "n"}}}}
    file = from_document(document).files["/lib64/libq.so.1"]
    assert isinstance(file, Named)
    assert [file.state(node) for node in ("Q_1", "Q_2", "Q_3")] == ["found", "unverified", "missing"]
    assert from_document(document).files["/n"] == Named("n", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": "2.0"}, "schema_version is '2.0'"),
        ({"schema_version": 1}, "schema_version"),
        ({"architecture": "riscv"}, "architecture: 'riscv'"),
        ({"architecture": None}, "architecture is missing"),
        ({"loader": []}, "loader is not an object"),
        ({"loader": {}}, "kind is missing"),
        ({"loader": {"kind": "bionic", "path": "/l"}}, "neither glibc nor musl"),
        ({"loader": {"kind": "glibc", "path": "l"}}, "loader.path is not absolute"),
        ({"loader": {"kind": "glibc", "path": "/l", "default_directories": "/x"}}, "default_directories"),
        ({"library_path": ["/x"]}, "library_path is not text"),
        ({"files": {}}, "it has no files"),
        ({"files": {"x": {"link": "y"}}}, "not an absolute path"),
        ({"files": {"/x": "y"}}, "not an object"),
        ({"files": {"/x": {}}}, "neither elf, named, link nor other"),
        ({"files": {"/x": {"other": "pipe"}}}, "neither elf"),
        ({"files": {"/x": {"link": 1}}}, "link is not text"),
        ({"files": {"/x": {"elf": []}}}, "elf is not an object"),
        ({"files": {"/x": {"elf": {"type": 3}}}}, "elf.machine is not a number"),
        ({"files": {"/x": {"elf": {"type": 3, "machine": True}}}}, "elf.machine"),
        ({"files": {"/x": {"elf": {"type": 3, "machine": 62, "needed": "a"}}}}, "elf.needed"),
        ({"files": {"/x": {"elf": {"type": 3, "machine": 62, "verneed": {"a": [1]}}}}}, "elf.verneed"),
        ({"files": {"/x": {"elf": {"type": 3, "machine": 62, "class": 16}}}}, "elf.class"),
        ({"files": {"/x": {"elf": {"type": 3, "machine": 62, "abi_note": [1]}}}}, "elf.abi_note"),
        ({"files": {"/x": {"named": {"soname": "a", "versions": {"complete": 1}}}}}, "versions.complete"),
        ({"cache": {"a": 1}}, "cache"),
        ({"packages": {"a": ["b"]}}, "packages of a"),
        ({"interpreters": {"/a": {"language": "python", "version": 3}}}, "version"),
    ],
)
def test_wrong_files_are_told_with_the_reason(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    from_document(MINIMAL)
    path = tmp_path / "env.json"
    path.write_text(json.dumps({**MINIMAL, **change}))
    with pytest.raises(WrongEnvironment, match=words) as caught:
        load_file(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"\xff\xfe", b"[" * 100_000, b"[]"])
def test_what_is_no_json_object_is_no_environment(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "env.json"
    path.write_bytes(data)
    with pytest.raises(WrongEnvironment):
        load_file(path)
