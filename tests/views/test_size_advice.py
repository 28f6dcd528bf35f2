"""``layercheck size --advise``: the recommendation follows from the figures, and what could go can go."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

import pytest

from check.made import big, module, zipped
from layercheck.environment import limits
from layercheck.inspect.contents import table
from layercheck.inspect.removable import patterns
from layercheck.rules.modes import debris_kind
from support.section_writer import with_sections
from support.zip_writer import simple_zip
from views.made import layer, size_json, stored

LIMIT = limits().unzipped_total_bytes
TARGET: dict[str, Any] = {"runtimes": ("python3.12",), "architectures": ("x86_64",)}
APP = {"app.py": b"def handler(event, context): return 1\n"}


def advice(data: bytes, functions: int = 0, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = size_json(data, functions=functions, **options)["advice"]
    return found


def fits(found: dict[str, Any]) -> dict[str, str]:
    return {option["form"]: option["fits"] for option in found["options"]}


def test_a_small_function_stays_a_zip() -> None:
    found = advice(stored(APP), **TARGET)
    assert found["recommendation"] == "zip"
    assert fits(found) == {"zip": "yes", "layer": "yes", "image": "yes"}


def test_a_small_layer_stays_a_layer_but_not_for_one_function() -> None:
    assert advice(stored(layer()), **TARGET)["recommendation"] == "layer"
    assert advice(stored(layer()), functions=1, **TARGET)["recommendation"] == "zip"


def test_packages_that_functions_share_become_a_layer() -> None:
    flat = {path.removeprefix("python/"): data for path, data in layer().items() if path.startswith("python/")}
    found = advice(stored({**APP, **flat}), functions=3, **TARGET)
    assert found["recommendation"] == "layer"
    assert "3 functions" in found["why"]
    figure = next(item for item in found["figures"] if "3 functions" in item["name"])
    assert figure["value"] == 3 * len(stored({**APP, **flat}))
    assert figure["limit"] == limits().code_storage_bytes


def test_too_large_without_anything_that_could_go_is_an_image() -> None:
    found = advice(zipped(big("python/a/x.bin", LIMIT), big("python/b/y.bin", 8192, 1)))
    assert found["recommendation"] == "image"
    assert fits(found) == {"zip": "no", "layer": "no", "image": "yes"}


def test_what_could_go_may_be_enough() -> None:
    data = zipped(big("python/a/x.bin", LIMIT - 100_000), big("python/a/tests/y.bin", 200_000, 1))
    found = advice(data)
    assert found["recommendation"] == "layer"
    assert found["why"].startswith("Take away what could go first")
    assert fits(found)["zip"] == "after-removing"
    assert found["bytes_that_could_go"] == 200_000


def test_a_layer_that_is_not_at_hand_leaves_it_open() -> None:
    found = advice(stored(APP), layers=("arn:aws:lambda:eu-west-1:111122223333:layer:more:7",), **TARGET)
    assert fits(found)["zip"] == "unknown"


def test_five_layers_are_the_most() -> None:
    others = tuple(stored({f"python/m{n}.py": b"1"}) for n in range(5))
    assert fits(advice(stored(APP), layers=others, **TARGET))["layer"] == "yes"
    found = advice(stored(layer()), layers=others, **TARGET)
    assert fits(found)["layer"] == "no"
    against = [text for option in found["options"] for text in option["against"]]
    assert "6 layers of at most 5: merge some" in against


def test_libraries_that_the_runtime_lacks_are_named() -> None:
    found = advice(stored(layer(needed=("libnone.so.7",))), **TARGET)
    told = {option["form"]: " ".join(option["for"] + option["against"]) for option in found["options"]}
    assert all("libnone.so.7" in told[form] for form in ("zip", "layer", "image"))
    assert "libnone" not in str(advice(stored(layer()), **TARGET)["options"])


def test_a_newer_c_library_is_what_no_layer_brings() -> None:
    data = stored({"python/_x.abi3.so": module(verneed={"libc.so.6": ["GLIBC_2.99"]})})
    found = advice(data, **TARGET)
    assert found["recommendation"] == "image"
    assert "GLIBC_2.99" in found["why"]
    newer = stored({"python/_x.abi3.so": module(verneed={"libc.so.6": ["GLIBC_2.34"]})})
    assert advice(newer)["recommendation"] == "layer", "some runtimes have it: no target was given"


def test_debug_sections_and_copies_are_counted_and_nothing_twice() -> None:
    elf = with_sections((".debug_info", b"d" * 5000))
    files = {"lib/liba.so": elf, "lib/tests/libt.so": elf, "data/one.bin": b"1" * 9000, "data/two.bin": b"1" * 9000}
    found = advice(simple_zip(files), **TARGET)
    removable = {item["what"]: item for item in found["removable"]}
    titles = table()
    assert removable[titles["debug"]["title"]]["bytes"] == 5000
    assert removable[titles["duplicates"]["title"]]["bytes"] == 9000
    assert removable[titles["kinds"]["tests"]["title"]]["bytes"] == len(elf)
    assert found["bytes_that_could_go"] == 5000 + 9000 + len(elf)
    assert "lib/liba.so" in removable[titles["debug"]["title"]]["how"]


def test_a_copy_of_the_runtimes_own_sdk_is_a_choice_and_not_counted() -> None:
    files = {
        "python/boto3/x.py": b"1" * 2_000_000,
        "python/boto3-1.40.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: boto3\nVersion: 1.40.0\n",
    }
    found = advice(stored(files), **TARGET)
    (item,) = [item for item in found["removable"] if not item["counted"]]
    assert "boto3" in item["what"]
    assert item["bytes"] > 2_000_000
    assert found["bytes_that_could_go"] == 0


PLACES = {
    "bytecode": ["python/__pycache__/x.cpython-312.pyc", "__pycache__/x.pyc"],
    "tests": ["python/x/tests/a.py", "python/x/test/b/c.py"],
    "headers": ["python/x.h", "x.hpp", "a/x.hh", "a/x.pxd"],
    "static-libraries": ["lib/libx.a"],
    "macos": ["__MACOSX/x", "python/._x", "._x", "python/.DS_Store", ".DS_Store"],
    "version-control": [".git/HEAD", "python/.git/objects/x", ".hg/x", "a/.svn/x"],
}


def droppable() -> list[str]:
    return sorted(kind for kind, record in table()["kinds"].items() if "drop" in record)


@pytest.mark.parametrize("kind", droppable())
def test_the_patterns_leave_out_all_files_of_the_kind_and_nothing_that_is_needed(kind: str) -> None:
    record = table()["kinds"][kind]
    paths = PLACES.get(kind) or [f"python/x/file{suffix}" for suffix in record["suffixes"]]
    for path in paths:
        assert any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns(kind)), path
        removable = {item["what"]: item["bytes"] for item in advice(simple_zip({path: b"123"}))["removable"]}
        assert removable == {record["title"]: 3}
    for path in ("python/x.py", "lib/libx.so.1", "python/x-1.0.dist-info/METADATA", "nodejs/node_modules/x/x.js"):
        assert not any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns(kind))


def test_every_kind_of_debris_is_a_kind_that_could_go() -> None:
    told = {debris_kind(path) for paths in PLACES.values() for path in paths}
    assert told == {record["debris"] for record in table()["kinds"].values() if "debris" in record}


def test_the_table_of_kinds_is_whole() -> None:
    document = table()
    drops = [record["drop"] for record in document["kinds"].values() if "drop" in record]
    for record in (*drops, document["debug"], document["duplicates"]):
        assert record["confidence"] in ("high", "medium")
        assert record["source"]
        assert record["cost"]
    suffixes = [suffix for record in document["kinds"].values() for suffix in record.get("suffixes", ())]
    assert len(suffixes) == len(set(suffixes))
    assert all(re.fullmatch(r"(\.[a-z0-9]+){1,2}", suffix) for suffix in suffixes), "no more is compared"
