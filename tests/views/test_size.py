"""``layercheck size``: every byte is counted once, under the right package and kind."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check.made import big, link, module, zipped
from layercheck.environment import limits
from layercheck.report.schema import NAMES, schema
from layercheck.report.size_text import bar, render
from support.zip_writer import Member, build_zip, simple_zip
from views.made import layer, package, size_json, sized, stored


def packages(document: dict[str, Any]) -> dict[tuple[str, str, str | None], int]:
    return {(p["ecosystem"], p["name"], p["version"]): p["bytes"] for p in document["packages"]}


def kinds(document: dict[str, Any]) -> dict[str, int]:
    return {kind["kind"]: kind["bytes"] for kind in document["kinds"]}


def test_the_bytes_of_python_packages_are_those_of_their_record() -> None:
    files = layer()
    document = size_json(stored(files))
    of_alpha = sum(len(data) for path, data in files.items() if "/alpha" in path)
    of_beta = sum(len(data) for path, data in files.items() if "/beta" in path)
    assert packages(document) == {
        ("python", "alpha", "1.0"): of_alpha,
        ("python", "beta", "2.5"): of_beta,
        ("directory", "lib/", None): len(files["lib/libown.so.1"]),
        ("directory", "python/", None): len(files["python/mine.py"]),
    }
    assert document["total_bytes"] == sum(map(len, files.values()))
    assert document["left_bytes"] == limits().unzipped_total_bytes - document["total_bytes"]


def test_kinds_are_told_by_content_and_by_name() -> None:
    files = layer()
    found = kinds(size_json(stored(files)))
    assert found["native"] == len(files["lib/libown.so.1"]) + len(
        files["python/alpha/_fast.cpython-312-x86_64-linux-gnu.so"]
    )
    assert found["tests"] == len(files["python/alpha/tests/test_alpha.py"])
    assert found["bytecode"] == 504
    assert found["headers"] == len(files["python/alpha/core.h"])
    assert found["python-stubs"] == len(files["python/alpha/core.pyi"])
    assert found["metadata"] == sum(len(data) for path, data in files.items() if "dist-info" in path)


KINDS = {
    "nodejs/node_modules/a/index.js": "javascript",
    "nodejs/node_modules/a/index.d.ts": "typescript",
    "nodejs/node_modules/a/index.ts": "javascript",
    "nodejs/node_modules/a/index.js.map": "source-maps",
    "nodejs/node_modules/a/world.map": "data",
    "nodejs/node_modules/a/package.json": "metadata",
    "nodejs/node_modules/a/LICENSE": "licences",
    "nodejs/node_modules/a/LICENSE.txt": "licences",
    "nodejs/node_modules/a/licenses.json": "data",
    "nodejs/node_modules/a/README.md": "documentation",
    "java/lib/x.jar": "java",
    "ruby/lib/x.rb": "ruby",
    "python/a.pyx": "sources",
    "python/liba.a": "static-libraries",
    "python/x/.DS_Store": "macos",
    "python/.git/HEAD": "version-control",
    "python/model.onnx": "data",
    "python/v1.1": "data",
    "noending": "data",
    ".hidden": "data",
}


@pytest.mark.parametrize("path", KINDS)
def test_a_kind_by_its_name(path: str) -> None:
    assert kinds(size_json(simple_zip({path: b"abc"}))) == {KINDS[path]: 3}


OWNERS = {
    "nodejs/node_modules/@scope/name/lib/x.js": ("npm", "@scope/name", None),
    "nodejs/node_modules/a/node_modules/b/x.js": ("npm", "b", None),
    "java/lib/jackson-core-2.17.1.jar": ("jar", "jackson-core", "2.17.1"),
    "java/lib/app.jar": ("jar", "app", None),
    "ruby/gems/3.4.0/gems/nokogiri-1.18.2-x86_64-linux-gnu/lib/x.rb": ("gem", "nokogiri", "1.18.2"),
    "ruby/gems/3.4.0/gems/aws-sdk-s3-1.2.3/x.rb": ("gem", "aws-sdk-s3", "1.2.3"),
    "ruby/gems/3.4.0/specifications/rack-3.1.0.gemspec": ("gem", "rack", "3.1.0"),
    "ruby/gems/3.4.0/extensions/x86_64-linux/3.4.0/json-2.9.1/gem.make_out": ("gem", "json", "2.9.1"),
    "ruby/gems/3.4.0/cache/rack-3.1.0.gem": ("gem", "rack", "3.1.0"),
    "vendor/bundle/ruby/3.4.0/gems/rack-3.1.0/lib/rack.rb": ("gem", "rack", "3.1.0"),
    "ruby/gems/3.4.0/gems/odd/x.rb": ("directory", "ruby/gems/", None),
    "python/own/a/b.py": ("directory", "python/own/", None),
    "app.py": ("directory", "app.py", None),
    "lib/deep/er/x": ("directory", "lib/", None),
}


@pytest.mark.parametrize("path", OWNERS)
def test_a_package_by_its_place(path: str) -> None:
    assert packages(size_json(simple_zip({path: b"abc"}))) == {OWNERS[path]: 3}


def test_npm_packages_have_the_version_of_their_own_package_json() -> None:
    files = {
        "nodejs/node_modules/a/package.json": b'{"version": "1.0.0"}',
        "nodejs/node_modules/a/x.js": b"abc",
        "nodejs/node_modules/a/lib/package.json": b'{"version": "9"}',
        "nodejs/node_modules/b/node_modules/a/package.json": b'{"version": "2.0.0"}',
        "nodejs/node_modules/b/package.json": b'{"version": 3}',
        "nodejs/node_modules/c/package.json": b"[" * 100_000,
        "nodejs/node_modules/d/package.json": b'{"version": "1"}' + b" " * 300_000,
    }
    document = size_json(simple_zip(files))
    assert {key[1:] for key in packages(document)} == {
        ("a", "1.0.0"), ("a", "2.0.0"), ("b", None), ("c", None), ("d", None),
    }  # fmt: skip
    assert [item["what"] for item in document["unchecked"]] == ["the versions of some npm packages"]


def test_symlinks_and_duplicate_entries_count_as_they_are_stored() -> None:
    data = build_zip(
        [Member("lib/a", b"12345"), Member("lib/b", b"a", kind="symlink"), Member("x", b"1"), Member("x", b"22")]
    )
    document = size_json(data)
    assert document["total_bytes"] == 5 + 1 + 1 + 2
    assert kinds(document)["links"] == 1
    assert document["artifacts"][0]["followed_bytes"] == 5 + 5 + 1 + 2


def test_several_layers_and_one_that_is_not_at_hand() -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:layer:more:7"
    function = stored({"app.py": b"def handler(e, c): pass\n"})
    document = size_json(function, layers=(stored(layer()), arn))
    assert document["layers"] == 2
    assert document["open"] == [arn]
    assert document["total_bytes"] == sum(item["bytes"] for item in document["artifacts"])
    assert [item["kind"] for item in document["artifacts"]] == ["function", "layer"]
    page = render(sized(function, layers=(stored(layer()), arn)), None, top=None, color=False, width=100)
    assert "at least" in page
    assert arn in page


def test_a_directory_is_not_packed_yet(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "a.py").write_bytes(b"abc")
    document = size_json(str(tmp_path))
    assert document["artifacts"][0]["zip_bytes"] is None
    assert document["artifacts"][0]["compressed_bytes"] is None
    assert document["packages"][0]["compressed_bytes"] is None
    assert document["total_bytes"] == 3


def test_above_the_limit_is_1_and_says_by_how_much() -> None:
    limit = limits().unzipped_total_bytes
    data = zipped(big("python/a/x.bin", limit // 2), big("python/b/y.bin", limit // 2 + 1, 1))
    found = sized(data)
    assert (found.exit_code, found.left) == (1, -1)
    assert "1 bytes too many" in render(found, None, top=None, color=False, width=80)
    exact = sized(zipped(big("python/a/x.bin", limit // 2), big("python/b/y.bin", limit // 2, 1)))
    assert (exact.exit_code, exact.left) == (0, 0)


def test_what_is_no_zip_is_not_an_empty_layer() -> None:
    document = size_json(b"\0 no zip")
    assert document["exit_code"] == 1
    assert [item["what"] for item in document["unchecked"]] == ["its size"]


def test_top_adds_up_what_it_leaves_out() -> None:
    data = stored(layer())
    whole, short = size_json(data), size_json(data, top=1)
    assert short["packages"] == whole["packages"][:1]
    assert short["more"]["packages"] == len(whole["packages"]) - 1
    assert short["more"]["bytes"] == sum(item["bytes"] for item in whole["packages"][1:])
    assert whole["more"] == {"packages": 0, "files": 0, "bytes": 0, "compressed_bytes": 0}
    page = render(sized(data), None, top=1, color=False, width=100)
    assert "… and 3 more" in page


def test_a_wheel_and_a_jar(tmp_path: Path) -> None:
    wheel = tmp_path / "alpha-1.0-py3-none-any.whl"
    wheel.write_bytes(stored(package("alpha", "1.0", {"alpha/__init__.py": b"x"}, root="")))
    assert [item["name"] for item in size_json(str(wheel))["packages"]] == ["alpha"]
    jar = tmp_path / "app.jar"
    jar.write_bytes(stored({"com/example/app/Main.class": b"\xca\xfe\xba\xbe\0\0\0\x37", "META-INF/MANIFEST.MF": b"x"}))
    assert {item["name"] for item in size_json(str(jar))["packages"]} == {"com/example/app/", "META-INF/"}


PARTS = [
    "python",
    "nodejs",
    "node_modules",
    "lib",
    "a",
    "b-1.0.dist-info",
    "RECORD",
    "tests",
    "x.py",
    "x.so",
    "é",
    "g-1.jar",
]
PATHS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("/".join)
FILES = st.dictionaries(PATHS, st.binary(max_size=60) | st.just(module()), max_size=12)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_the_parts_add_up_to_the_whole(files: dict[str, bytes]) -> None:
    data = simple_zip(files)
    document = size_json(data)
    (artifact,) = document["artifacts"]
    for part in (document["packages"], document["kinds"]):
        for key in ("files", "bytes", "compressed_bytes"):
            assert sum(item[key] for item in part) == artifact[key]
    assert artifact["bytes"] == sum(map(len, files.values())) == document["total_bytes"]
    assert artifact["files"] == len(files)
    for item in document["packages"]:
        assert sum(item["kinds"].values()) == item["bytes"]


@pytest.mark.parametrize(
    ("size", "whole", "drawn"),
    [(0, 10, ""), (1, 10_000, "▌"), (5, 10, "██"), (10, 10, "████"), (20, 10, "████"), (3, 0, "")],
)
def test_a_bar_is_as_long_as_its_share(size: int, whole: int, drawn: str) -> None:
    assert bar(size, whole, 4) == drawn
    assert len(bar(size, whole, 4, "░")) == 4


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_a_schema_and_refuses_what_is_not_its_document(name: str) -> None:
    described = schema(name)
    jsonschema.Draft202012Validator.check_schema(described)
    validator = jsonschema.Draft202012Validator(described)
    assert not validator.is_valid({})
    if name == "size":
        document = size_json(stored(layer()), functions=0)
        for key, value in (("total_bytes", -1), ("exit_code", 2), ("advice", {}), ("packages", [{}])):
            assert not validator.is_valid({**document, key: value})


def test_the_json_is_the_same_each_time_and_ascii() -> None:
    data = simple_zip({"lib/\udcff": link("é"), "é/x": b"1", "bin/t": (b"#!/bin/sh\n", stat.S_IRWXU)})
    first, second = (json.dumps(size_json(data, functions=2)) for _ in range(2))
    assert first == second
    assert first.isascii()
