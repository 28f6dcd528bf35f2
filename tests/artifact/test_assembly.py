"""What the reader of .NET assemblies finds in their metadata, and that no bytes make it raise."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.artifact import NativeCalls, NativeImport, open_artifact
from layercheck.artifact.assembly import MAX_FUNCTIONS, MAX_LIBRARIES, read_calls
from support.assembly_writer import build_metadata
from support.foreign_writer import build_pe
from support.zip_writer import simple_zip

DAMAGED = NativeCalls(damage="its metadata is damaged")


def assembly(calls: Mapping[str, Sequence[str]], arch: str = "i386", **fields: Any) -> bytes:
    return build_pe(arch, managed=True, calls=calls, **fields)


def imports(calls: Mapping[str, Sequence[str]]) -> list[tuple[tuple[str, ...], int]]:
    found = read_calls(assembly(calls))
    assert found is not None
    assert found.damage is None
    return [(item.names, item.functions) for item in found.imports]


@pytest.mark.parametrize("arch", ["i386", "x86_64", "arm64"])
def test_libraries_with_the_functions_that_are_sought_in_them(arch: str) -> None:
    found = read_calls(assembly({"libfoo": ["foo_open", "foo_close"], "kernel32.dll": ["LoadLibrary"]}, arch))
    assert found == NativeCalls((NativeImport(("libfoo",), 2), NativeImport(("kernel32.dll",), 1)))


def test_who_calls_nothing_native_leaves_nothing() -> None:
    assert read_calls(assembly({})) is None
    unused = build_metadata({}, unused=["libfoo"])
    assert read_calls(build_pe("i386", managed=True, metadata=unused)) is None


def test_a_library_that_no_function_uses_does_not_count() -> None:
    metadata = build_metadata({"libfoo": ["f"]}, unused=["never", "neither"])
    found = read_calls(build_pe("i386", managed=True, metadata=metadata))
    assert found == NativeCalls((NativeImport(("libfoo",), 1),))


def test_names_of_one_library_for_several_systems_are_one() -> None:
    three = {"grpc.x64": ["a", "b", "c"], "__Internal": ["a", "b", "c"], "other": ["a", "x", "y", "z"], "grpc": ["c"]}
    assert imports(three) == [(("grpc.x64", "__Internal", "grpc"), 3), (("other",), 4)]


def test_mixed_assemblies_call_themselves_by_an_empty_name() -> None:
    assert imports({"": ["f"], "libfoo": ["f"]}) == [(("libfoo",), 1)]


@pytest.mark.parametrize("pad", [0, 70_000])
@pytest.mark.parametrize("parameters", [0, 9_000, 70_000])
def test_indexes_of_two_and_of_four_bytes(pad: int, parameters: int) -> None:
    calls = {"libfoo": ["f", "g"], "libbar": ["h"]}
    metadata = build_metadata(calls, pad=pad, parameters=parameters, search_paths=2)
    found = read_calls(build_pe("i386", managed=True, metadata=metadata))
    assert found == NativeCalls((NativeImport(("libfoo",), 2), NativeImport(("libbar",), 1)), beside=True)


@pytest.mark.parametrize("name", ["NativeLibrary", "LoadUnmanagedDll", "add_ResolvingUnmanagedDll"])
def test_code_that_finds_libraries_itself_is_known_by_what_it_mentions(name: str) -> None:
    found = read_calls(assembly({"libfoo": ["f"]}, mentions=[name]))
    assert found is not None
    assert found.guided
    assert read_calls(assembly({}, mentions=[name])) == NativeCalls(guided=True)
    assert read_calls(assembly({}, mentions=["My" + name])) is None


def test_who_calls_dlopen_loads_libraries_itself() -> None:
    found = read_calls(assembly({"libdl.so.2": ["dlopen"], "libfoo": ["f"]}))
    assert found is not None
    assert found.guided


@pytest.mark.parametrize(("value", "beside"), [(2, True), (0x802, False), (0x800, False), (0, False), (None, False)])
def test_only_the_assembly_directory_keeps_dlopen_away(value: int | None, beside: bool) -> None:
    found = read_calls(assembly({"libfoo": ["f"]}, search_paths=value))
    assert found is not None
    assert found.beside is beside


def test_long_names_are_cut_and_no_damage() -> None:
    assert imports({"libfoo": ["?" + "x" * 2_000]}) == [(("libfoo",), 1)]


def test_many_libraries_and_functions_are_bounded() -> None:
    many = {f"lib{number}": [f"f{number}"] for number in range(MAX_LIBRARIES + 30)}
    assert len(imports(many)) == MAX_LIBRARIES
    wide = {f"lib{number}": [f"f{name}" for name in range(400)] for number in range(MAX_LIBRARIES)}
    start = time.process_time()
    assert imports(wide) == [(tuple(wide), 400)]
    # One pass over 25,600 functions; generous, since machines differ.
    assert time.process_time() - start < 5
    rows = build_metadata({"libfoo": [f"f{number}" for number in range(300)]})
    claimed = rows.replace((300).to_bytes(4, "little"), (MAX_FUNCTIONS + 1).to_bytes(4, "little"))
    assert read_calls(build_pe("i386", managed=True, metadata=claimed)) == DAMAGED


names = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=40)


@given(st.dictionaries(names, st.lists(names, min_size=1, max_size=6, unique=True), max_size=6))
def test_whatever_is_declared_is_found(calls: dict[str, list[str]]) -> None:
    found = read_calls(assembly(calls))
    given_names = {name for item in (found.imports if found else ()) for name in item.names}
    assert given_names == set(calls)
    assert (found is None) is (not calls)


@given(st.binary(max_size=3_000))
def test_random_metadata_raises_nothing(data: bytes) -> None:
    found = read_calls(build_pe("i386", managed=True, metadata=data or b"\0"))
    assert found is None or isinstance(found, NativeCalls)


@given(st.integers(0, 2**32), st.integers(1, 24))
def test_changed_bytes_raise_nothing(seed: int, changes: int) -> None:
    data = bytearray(assembly({"libfoo": ["f", "g"], "libbar": ["h"]}, search_paths=2))
    chance = random.Random(seed)
    for _ in range(changes):
        data[chance.randrange(len(data))] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    found = read_calls(bytes(data))
    assert found is None or isinstance(found, NativeCalls)


def test_every_end_raises_nothing() -> None:
    data = assembly({"libfoo": ["f"]}, search_paths=2)
    whole = read_calls(data)
    for end in range(len(data)):
        assert read_calls(data[:end]) in (None, whole, DAMAGED)


def test_the_pass_reads_assemblies_and_nothing_else() -> None:
    files = {
        "App.dll": assembly({"libfoo": ["f"]}),
        "Plain.dll": assembly({}),
        "native.dll": build_pe("x86_64"),
        "short.dll": assembly({"libfoo": ["f"]})[:0x480],
    }
    with open_artifact(simple_zip(files)) as artifact:
        found = {path: facts.calls for path, facts in artifact.facts.items()}
    assert found == {
        "App.dll": NativeCalls((NativeImport(("libfoo",), 1),)),
        "Plain.dll": None,
        "native.dll": None,
        "short.dll": DAMAGED,
    }
