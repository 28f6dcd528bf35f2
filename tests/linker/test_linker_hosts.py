"""Modules are opened into the interpreter's process: what it has loaded helps and harms."""

from __future__ import annotations

import pytest

from layercheck.elf import ElfImage, read_elf
from layercheck.environment.model import Environment, Interpreter
from layercheck.linker import Load, resolve
from layercheck.linker.hosts import interpreter_for
from layercheck.linker.roots import EXTENSION, LIBRARY, Root
from linker.trees import File, environment_file, environment_of, filesystem_of
from support.elf_writer import build_elf

PYTHON = "/var/lang/bin/python3.12"
MODULE = "/opt/python/pkg/_m.cpython-312-x86_64-linux-gnu.so"
SYSTEM: dict[str, File] = {
    PYTHON: build_elf(etype="pie", interp="/lib64/ld-linux-x86-64.so.2", needed=["libz.so.1"], rpath="/var/lang/own"),
    "/lib64/ld-linux-x86-64.so.2": build_elf(soname="ld-linux-x86-64.so.2"),
    "/usr/lib64/libz.so.1": build_elf(soname="libz.so.1", verdef=["Z_1"]),
    "/var/lang/own/libown.so": build_elf(soname="libown.so"),
}


def captured(*interpreters: str, **changes: Interpreter) -> Environment:
    own = {path: environment_file(file) for path, file in SYSTEM.items()}
    known = {path: Interpreter("python", "3.12", ("libz.so.1",)) for path in interpreters}
    return environment_of(own)._replace(interpreters=known | changes)


def loaded(files: dict[str, File], environment: Environment, path: str = MODULE) -> Load:
    resolution = resolve(filesystem_of({"/opt/python/pkg/__init__.py": b"x", **files}, environment))
    return next(load for load in resolution.loads if load.path == path)


def test_a_library_that_the_interpreter_has_loaded_wins_over_the_bundled_one() -> None:
    files: dict[str, File] = {
        MODULE: build_elf(needed=["libz.so.1"], verneed={"libz.so.1": ["Z_2"]}, rpath="$ORIGIN"),
        "/opt/python/pkg/libz.so.1": build_elf(soname="libz.so.1", verdef=["Z_1", "Z_2"]),
    }
    alone = loaded(files, captured())
    assert (alone.status, alone.lookups[0].path) == ("loads", "/opt/python/pkg/libz.so.1")
    inside = loaded(files, captured(PYTHON))
    assert (inside.status, inside.lookups[0].path) == ("fails", "/usr/lib64/libz.so.1")
    assert [fact.version for fact in inside.missing_versions] == ["Z_2"]
    assert [item.path for item in inside.objects] == [MODULE]


def test_the_interpreters_rpath_serves_what_its_modules_need() -> None:
    files: dict[str, File] = {MODULE: build_elf(needed=["libown.so"])}
    assert loaded(files, captured()).status == "fails"
    inside = loaded(files, captured(PYTHON))
    assert [(lookup.name, lookup.path, lookup.via) for lookup in inside.lookups] == [
        ("libown.so", "/var/lang/own/libown.so", "rpath")
    ]


def test_one_module_does_not_help_another() -> None:
    other = "/opt/python/pkg/_a.cpython-312-x86_64-linux-gnu.so"
    files: dict[str, File] = {
        other: build_elf(needed=["libq.so"], rpath="$ORIGIN/libs"),
        MODULE: build_elf(needed=["libq.so"]),
        "/opt/python/pkg/libs/libq.so": build_elf(soname="libq.so"),
    }
    environment = captured(PYTHON)
    assert loaded(files, environment, other).status == "loads"
    assert loaded(files, environment).status == "fails"


def test_an_interpreter_that_is_not_captured_whole_is_no_process() -> None:
    files: dict[str, File] = {MODULE: build_elf(needed=["libz.so.1"])}
    broken = {path: file for path, file in captured(PYTHON).files.items() if not path.endswith("libz.so.1")}
    assert loaded(files, captured(PYTHON)._replace(files=broken)).status == "fails"
    own = {**files, "/opt/lib/libz.so.1": build_elf(soname="libz.so.1")}
    # libz of the layer would be the interpreter's too: then it is whole.
    assert loaded(own, captured(PYTHON)._replace(files=broken)).status == "loads"


def image() -> ElfImage:
    read = read_elf(build_elf())
    assert isinstance(read, ElfImage)
    return read


OTHERS = {f"/usr/bin/python{version}": Interpreter("python", version, ()) for version in ("3.12", "3.9")}


@pytest.mark.parametrize(
    ("name", "kind", "more", "expected"),
    [
        ("_m.cpython-312-x86_64-linux-gnu.so", EXTENSION, OTHERS, PYTHON),
        ("_m.cpython-39-x86_64-linux-gnu.so", EXTENSION, OTHERS, "/usr/bin/python3.9"),
        ("_m.cpython-313-x86_64-linux-gnu.so", EXTENSION, OTHERS, None),
        ("_m.abi3.so", EXTENSION, {}, PYTHON),
        ("libq.so", LIBRARY, {"/usr/bin/node": Interpreter("nodejs", "20", ())}, PYTHON),
        ("m.node", EXTENSION, {"/usr/bin/node": Interpreter("nodejs", "20", ())}, "/usr/bin/node"),
        ("m.node", EXTENSION, {}, None),
    ],
)
def test_which_interpreter(name: str, kind: str, more: dict[str, Interpreter], expected: str | None) -> None:
    environment = captured(PYTHON)
    environment = environment._replace(interpreters={**environment.interpreters, **more})
    assert interpreter_for(Root(f"/opt/python/{name}", kind, image()), environment) == expected


def test_two_that_could_be_it_are_none() -> None:
    two = {f"/opt/python{i}/bin/python": Interpreter("python", "3.12", ()) for i in (1, 2)}
    environment = captured()._replace(interpreters=two)
    assert interpreter_for(Root("/opt/python/_m.abi3.so", EXTENSION, image()), environment) is None
