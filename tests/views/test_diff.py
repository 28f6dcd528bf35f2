"""``layercheck diff``: what changed, and nothing that did not."""

from __future__ import annotations

import random
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from check.made import Files, link, module
from layercheck.report import diff_markdown, diff_text
from support.zip_writer import DEFLATED, STORED, Member, build_zip, simple_zip
from views.made import diff_json, differ, layer, package, stored

TARGET: dict[str, Any] = {"runtimes": ("python3.12",), "architectures": ("x86_64",)}


def changes(document: dict[str, Any]) -> dict[str, str]:
    return {item["path"]: item["change"] for item in document["files"]}


def test_the_same_archive_and_the_same_content_in_another() -> None:
    files = layer()
    data = stored(files)
    same = diff_json(data, data)
    assert (same["exit_code"], same["same"], same["identical"]) == (0, True, True)
    other = diff_json(data, simple_zip(dict(reversed(files.items()))))
    assert (other["exit_code"], other["same"], other["identical"]) == (0, True, False)
    assert other["delta"]["unzipped_bytes"] == 0
    assert other["delta"]["zip_bytes"] != 0


def test_a_new_release_a_new_need_and_a_new_fault() -> None:
    old = layer()
    new = {**layer("1.1", ("libz.so.1", "libgone.so.3"), b"# longer\n"), **package("gamma", "0.1", {"gamma.py": b"g"})}
    del new["lib/libown.so.1"]
    document = diff_json(stored(old), stored(new), **TARGET)
    assert document["exit_code"] == 1
    told = {item["name"]: (item["change"], item["old"], item["new"]) for item in document["packages"]}
    assert {name: change for name, (change, _, _) in told.items()} == {
        "alpha": "version", "beta": "content", "gamma": "added",
    }  # fmt: skip
    assert told["alpha"][1]["versions"] == ["1.0"]
    assert told["alpha"][2]["versions"] == ["1.1"]
    assert told["gamma"][1] is None
    assert document["libraries"]["needed"] == {"new": ["libgone.so.3"], "gone": []}
    assert document["libraries"]["provided"] == {"new": [], "gone": ["libown.so.1"]}
    (found,) = [item for item in document["findings"]["new"] if item["severity"] == "error"]
    assert (found["rule"], found["targets"]) == ("LC401", ["python3.12 on x86_64"])
    assert (document["old"]["check"]["exit_code"], document["new"]["check"]["exit_code"]) == (0, 1)
    assert changes(document)["lib/libown.so.1"] == "removed"
    assert changes(document)["python/gamma.py"] == "added"
    assert changes(document)["python/beta/__init__.py"] == "content"
    assert "python/mine.py" not in changes(document)


CASES: dict[str, tuple[Files, Files, dict[str, str]]] = {
    "a mode": ({"bin/x": (b"1", 0o755)}, {"bin/x": (b"1", 0o644)}, {"bin/x": "mode"}),
    "one size, other bytes": ({"x": b"12"}, {"x": b"21"}, {"x": "content"}),
    "a link in place of its copy": ({"a": b"1", "b": b"1"}, {"a": b"1", "b": link("a")}, {"b": "content"}),
    "where a link leads": ({"b": link("a")}, {"b": link("c")}, {"b": "content"}),
    "a directory in place of a file": ({"a": b"1"}, {"a/b": b"1"}, {"a": "removed", "a/b": "added"}),
    "an empty directory": ({"a": b"1"}, {"a": b"1", "d": (b"", stat.S_IFDIR | 0o755)}, {"d": "added"}),
    "nothing in it": ({"a": b""}, {"b": b""}, {"a": "removed", "b": "added"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_differs(name: str) -> None:
    old, new, expected = CASES[name]
    document = diff_json(simple_zip(old), simple_zip(new))
    assert changes(document) == expected
    assert document["exit_code"] == 1


def test_a_directory_that_has_files_in_it_is_no_difference() -> None:
    plain = [Member("d/x", b"1")]
    assert diff_json(build_zip(plain), build_zip([Member("d/", kind="directory"), *plain]))["exit_code"] == 0


def test_both_of_two_entries_with_one_name_count() -> None:
    twice = build_zip([Member("x", b"1"), Member("x", b"2")])
    assert changes(diff_json(twice, build_zip([Member("x", b"2")]))) == {"x": "content"}
    assert changes(diff_json(twice, build_zip([Member("x", b"3"), Member("x", b"2")]))) == {"x": "content"}


def test_a_zip_and_the_directory_that_it_was_made_of(tmp_path: Path) -> None:
    for name, data in layer().items():
        path = tmp_path / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
    assert diff_json(stored(layer()), str(tmp_path / "made"))["exit_code"] == 0


def test_a_wheel_and_the_layer_made_of_it(tmp_path: Path) -> None:
    wheel = tmp_path / "alpha-1.0-py3-none-any.whl"
    wheel.write_bytes(stored(package("alpha", "1.0", {"alpha/__init__.py": b"x = 1\n"}, root="")))
    installed = stored(package("alpha", "1.0", {"alpha/__init__.py": b"x = 1\n"}))
    assert diff_json(str(wheel), installed)["exit_code"] == 0
    newer = tmp_path / "alpha-1.1-py3-none-any.whl"
    newer.write_bytes(stored(package("alpha", "1.1", {"alpha/__init__.py": b"x = 2\n"}, root="")))
    document = diff_json(str(wheel), str(newer))
    assert [item["change"] for item in document["packages"]] == ["version"]


def test_the_hashes_of_wheels_are_not_new_libraries() -> None:
    def built(digest: str) -> bytes:
        name = f"libfoo-{digest}.so.1.2"
        return stored({"python/a.libs/" + name: module(soname=name), "python/a/_a.abi3.so": module(name, "libz.so.1")})

    libraries = diff_json(built("0123abcd"), built("89abcdef"))["libraries"]
    assert all(change == [] for part in libraries.values() for change in part.values())


def test_versions_are_told_in_the_order_of_their_numbers() -> None:
    def built(*nodes: str) -> bytes:
        return stored({"python/_a.abi3.so": module(verneed={"libc.so.6": list(nodes)})})

    versions = diff_json(built("GLIBC_2.2.5"), built("GLIBC_2.14", "GLIBC_2.4", "GLIBC_" + "9" * 5000))["libraries"]
    assert [item["version"] for item in versions["versions"]["new"]][:2] == ["GLIBC_2.4", "GLIBC_2.14"]
    assert versions["versions"]["gone"] == [{"library": "libc.so.6", "version": "GLIBC_2.2.5"}]


def test_a_finding_that_only_tells_another_number_is_the_same() -> None:
    def built(size: int) -> bytes:
        return stored({"python/a/tests/x.py": b"1" * size, "python/a/__init__.py": b""})

    document = diff_json(built(200_000), built(300_000), **TARGET)
    assert document["findings"] == {"new": [], "gone": []}
    assert document["new"]["check"]["info"] == 1


def test_a_finding_on_more_targets_than_before_is_told_for_those() -> None:
    def built(*names: str) -> bytes:
        return stored({f"python/a/_x.{name}.so": module() for name in names})

    both, one = ("cpython-312-x86_64-linux-gnu", "cpython-313-x86_64-linux-gnu"), ("cpython-312-x86_64-linux-gnu",)
    document = diff_json(built(*both), built(*one), runtimes=("python3.12", "python3.13"), architectures=("x86_64",))
    assert [item["targets"] for item in document["findings"]["new"]] == [["python3.13 on x86_64"]]


def test_runtimes_that_may_no_longer_be_declared_are_told() -> None:
    old = stored({"python/a/_x.abi3.so": module()})
    new = stored({"python/a/_x.abi3.so": module(machine="aarch64")})
    page = diff_text.render(differ(old, new), color=False, width=100)
    assert "+ works on arm64" in page
    assert "- works on x86_64" in page


def test_a_damaged_archive_is_not_compared() -> None:
    whole = stored(layer())
    for damaged in (b"\0 no zip", whole[:-30]):
        for old, new in ((whole, damaged), (damaged, whole)):
            document = diff_json(old, new)
            assert (document["exit_code"], document["same"]) == (3, False)
            assert document["unchecked"]
    assert diff_json(whole[:-30], whole[:-30])["exit_code"] == 0, "byte for byte the same"
    page = diff_text.render(differ(whole, b"\0 no zip"), color=False, width=100)
    assert page.rstrip().rpartition("\n")[2].startswith("NOT COMPARED")


def test_a_file_with_a_wrong_crc_is_compared_by_what_it_holds() -> None:
    good, lying = build_zip([Member("x", b"12")]), build_zip([Member("x", b"12", crc=7)])
    document = diff_json(good, lying)
    assert document["files"] == []
    assert [item["rule"] for item in document["findings"]["new"]] == ["LC002"]


PATHS = st.lists(
    st.sampled_from(["python", "lib", "a", "a.py", "a.so", "n-1.0.dist-info", "RECORD", "é"]), min_size=1, max_size=4
)
CONTENT = st.one_of(
    st.binary(max_size=20),
    st.builds(lambda data, mode: (data, mode), st.binary(max_size=9), st.sampled_from([0o600, 0o644, 0o755])),
    st.sampled_from(["a", "../x"]).map(link),
    st.sampled_from([module(), module("libq.so.1", soname="liba.so.1")]),
)
TREES = st.dictionaries(PATHS.map("/".join), CONTENT, max_size=8)


def anew(files: Files, seed: int) -> bytes:
    """The same content, packed in another order, at another time, in another way."""
    chance = random.Random(seed)
    members = []
    for name, content in files.items():
        data, mode = content if isinstance(content, tuple) else (content, stat.S_IFREG | 0o644)
        kind = "symlink" if stat.S_ISLNK(mode) else "file"
        members.append(
            Member(
                name,
                data,
                mode=stat.S_IMODE(mode),
                kind=kind,
                method=chance.choice([STORED, DEFLATED]),
                time=(chance.randrange(1980, 2100), 1, 1, 0, 0, 0),
                data_descriptor=chance.random() < 0.5,
            )
        )
    chance.shuffle(members)
    return build_zip(members)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, st.integers(0, 1 << 16))
def test_the_same_content_packed_in_another_way_is_the_same(files: Files, seed: int) -> None:
    if not files:
        return
    document = diff_json(anew(files, seed), anew(files, seed + 1), **TARGET)
    assert document["exit_code"] == 0
    assert document["packages"] == document["files"] == document["unchecked"] == []
    assert all(change == [] for part in document["libraries"].values() for change in part.values())
    assert document["old"]["content_sha256"] == document["new"]["content_sha256"]


def mirrored(document: dict[str, Any]) -> dict[str, Any]:
    swap = {"added": "removed", "removed": "added"}

    def change(item: dict[str, Any]) -> dict[str, Any]:
        turned = {"old": item["new"], "new": item["old"], "delta_bytes": -item["delta_bytes"]}
        return {**item, **turned, "change": swap.get(item["change"], item["change"])}

    def sides(part: dict[str, Any]) -> dict[str, Any]:
        return {"new": part["gone"], "gone": part["new"]}

    return {
        **document,
        "old": document["new"],
        "new": document["old"],
        "delta": {key: None if value is None else -value for key, value in document["delta"].items()},
        "packages": [change(item) for item in document["packages"]],
        "files": [change(item) for item in document["files"]],
        "libraries": {key: sides(part) for key, part in document["libraries"].items()},
        "findings": sides(document["findings"]),
    }


def without_owner(document: dict[str, Any]) -> dict[str, Any]:
    """Where a path has other owners on both sides, the new one's is told."""
    return {**document, "files": [{**item, "package": ""} for item in document["files"]]}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES)
def test_the_other_way_round_it_is_the_mirror_image(old: Files, new: Files) -> None:
    there, back = diff_json(anew(old, 1), anew(new, 2), **TARGET), diff_json(anew(new, 2), anew(old, 1), **TARGET)
    assert without_owner(back) == without_owner(mirrored(there))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(TREES, TREES)
def test_the_parts_explain_the_change_of_the_total(old: Files, new: Files) -> None:
    document = diff_json(anew(old, 1), anew(new, 1))
    assert sum(item["delta_bytes"] for item in document["files"]) == document["delta"]["unzipped_bytes"]


def test_markdown_is_bounded_and_keeps_names_as_text() -> None:
    names = [f"python/{n:05}<b>|`*_@me #1 [x](y)://.py" for n in range(500)]
    page = diff_markdown.render(differ(stored({"a": b""}), stored(dict.fromkeys(names, b"1"))))
    assert len(page) < 65_536
    assert "<b>" not in page
    assert "@me" not in page
    assert "\\[x\\](y)&#58;//" in page
    assert page.partition("<details>")[2].count("\n* ") == 51
    assert "… and 451 more" in page
