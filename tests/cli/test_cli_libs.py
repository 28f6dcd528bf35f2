"""``layercheck libs``: trees, what was tried, exit codes, and the JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from check.made import Files, link, module, program, static_program
from cli.runs import TARGET, here
from layercheck.environment import Named
from layercheck.environment import load as load_environment
from support.zip_writer import simple_zip

LAMBDA = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
GOOD: Files = {
    "python/_m.abi3.so": module("liba.so.1"),
    "lib/liba.so.1": link("liba.so.1.2"),
    "lib/liba.so.1.2": module("libz.so.1", soname="liba.so.1"),
}
BAD: Files = {**GOOD, "python/_n.abi3.so": module("libnone.so.1", verneed={"libc.so.6": ["GLIBC_2.99"]})}


@pytest.fixture
def layer(tmp_path: Path) -> Any:
    def write(files: Files) -> str:
        path = tmp_path / "layer.zip"
        path.write_bytes(simple_zip(files))
        return str(path)

    return write


def objects(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = here("libs", *arguments, *TARGET, "-f", "json")
    assert done.err == ""
    document = json.loads(done.out)
    assert document["schema_version"] == "1.0"
    return done.code, {item["path"]: item for item in document["objects"]}


def test_the_tree_tells_where_each_library_comes_from_and_by_which_step(layer: Any) -> None:
    done = here("libs", layer(GOOD), *TARGET)
    assert done.out.splitlines() == [
        f"target: python3.12 on x86_64, LD_LIBRARY_PATH {LAMBDA}",
        "ok   /opt/python/_m.abi3.so: loads",
        "     liba.so.1 => /opt/lib/liba.so.1 (LD_LIBRARY_PATH, artifact)",
        "       libz.so.1 => /lib64/libz.so.1 (LD_LIBRARY_PATH, environment)",
        "     libc.so.6 => /lib64/libc.so.6 (LD_LIBRARY_PATH, environment)",
        "1 of 1 roots load",
    ]
    assert (done.code, done.err) == (0, "")


def test_what_was_tried_is_told_in_order_with_the_reason(layer: Any) -> None:
    done = here("libs", layer(BAD), *TARGET)
    lines = done.out.splitlines()
    at = lines.index("     libnone.so.1 => not found; tried:")
    tried = [line.strip() for line in lines[at + 1 : at + 9]]
    assert tried == [f"{place}/libnone.so.1: absent (library-path)" for place in LAMBDA.split(":")]
    assert "     /lib64/libc.so.6 lacks GLIBC_2.99" in lines
    assert lines[-1] == "1 of 2 roots load"
    assert done.code == 1


def test_the_json_has_every_lookup_and_what_is_missing(layer: Any) -> None:
    code, found = objects(layer(BAD))
    assert code == 1
    assert list(found) == ["/opt/python/_m.abi3.so", "/opt/python/_n.abi3.so"]
    good, bad = found.values()
    assert good["status"] == "loads"
    assert good["root"] is True
    assert good["error"] is None
    assert [(n["name"], n["path"], n["from"], n["via"], n["required_by"]) for n in good["needed"]] == [
        ("liba.so.1", "/opt/lib/liba.so.1", "artifact", "library-path", "/opt/python/_m.abi3.so"),
        ("libc.so.6", "/lib64/libc.so.6", "environment", "library-path", "/opt/python/_m.abi3.so"),
        ("libz.so.1", "/lib64/libz.so.1", "environment", "library-path", "/opt/lib/liba.so.1"),
        ("libc.so.6", "/lib64/libc.so.6", "environment", "loaded", "/opt/lib/liba.so.1"),
    ]
    assert bad["status"] == "fails"
    assert bad["missing"] == ["libnone.so.1"]
    assert bad["missing_versions"] == [
        {"library": "libc.so.6", "path": "/lib64/libc.so.6", "version": "GLIBC_2.99", "required_by": bad["path"]}
    ]
    assert bad["needed"][0]["path"] is None
    assert bad["needed"][0]["from"] is None
    assert len(bad["needed"][0]["tried"]) >= 8


def test_an_unverified_version_counts_as_loading(layer: Any) -> None:
    files = load_environment("python3.12", "x86_64").files.items()
    name = next(f.soname for path, f in files if isinstance(f, Named) and f.versions is None and "/lib64/" in path)
    code, found = objects(layer({"python/_m.abi3.so": module(name, verneed={name: ["V_1"]})}))
    (item,) = found.values()
    assert (code, item["status"], item["missing_versions"]) == (0, "unverified", [])
    assert [(fact["library"], fact["version"]) for fact in item["unverified"]] == [(name, "V_1")]


@pytest.mark.parametrize(("path", "places"), [("", 2), ("/opt/q;/opt/r", 4), ("/opt/lib", 3)])
def test_another_library_path(layer: Any, path: str, places: int) -> None:
    code, found = objects(layer({"python/_m.abi3.so": module("libnone.so.1")}), "--library-path", path)
    tried = found["/opt/python/_m.abi3.so"]["needed"][0]["tried"]
    assert code == 1
    assert len([line for line in tried if "hwcaps" not in line]) >= places
    assert ("/opt/q/libnone.so.1: absent (library-path)" in tried) == path.startswith("/opt/q")
    shown = here("libs", layer(GOOD), *TARGET, "--library-path", path).out.splitlines()[0]
    assert shown.endswith(path.replace(";", ":") or "not set")


def test_given_roots_are_judged_instead_of_those_found(layer: Any) -> None:
    files = {**BAD, "bin/x": (program(), 0o755), "bin/s": (static_program(), 0o755)}
    code, found = objects(layer(files), "--root", "/opt/bin/x", "--root", "/opt/bin/s", "--root", "/opt/lib/liba.so.1")
    assert code == 0
    assert {path: item["status"] for path, item in found.items()} == {
        "/opt/bin/x": "loads", "/opt/bin/s": "static", "/opt/lib/liba.so.1": "loads",
    }  # fmt: skip


@pytest.mark.parametrize("root", ["/opt/python/gone.so", "/opt/python"])
def test_a_root_that_is_not_there_is_a_wrong_command_line(layer: Any, root: str) -> None:
    done = here("libs", layer(GOOD), *TARGET, "--root", root)
    assert (done.code, done.out) == (2, "")
    assert f"--root {root}" in done.err


def test_files_for_another_machine_are_foreign_and_do_not_load(layer: Any) -> None:
    arm = {"python/_m.abi3.so": module(machine="aarch64"), "python/_x.abi3.so": module()[:70]}
    code, found = objects(layer(arm))
    assert code == 1
    assert [(item["status"], item["root"]) for item in found.values()] == [("foreign", True), ("damaged", True)]


def test_builds_for_other_platforms_beside_the_right_one_are_no_roots(layer: Any) -> None:
    both = {f"nodejs/node_modules/x/prebuilds/linux-{name}/x.node": module(machine=machine)
            for name, machine in (("x64", "x86_64"), ("arm64", "aarch64"))}  # fmt: skip
    code, found = objects(layer(both))
    assert code == 0
    assert sorted((item["status"], item["root"]) for item in found.values()) == [("foreign", False), ("loads", True)]


def test_a_candidate_that_ends_the_load_is_the_error(layer: Any) -> None:
    code, found = objects(layer({"python/_m.abi3.so": module("libx.so.1"), "lib/libx.so.1": b"INPUT(x)\n"}))
    (item,) = found.values()
    assert (code, item["status"], item["error"]["path"]) == (1, "fails", "/opt/lib/libx.so.1")
    assert (
        "the load ends at /opt/lib/libx.so.1"
        in here("libs", layer({"python/_m.abi3.so": module("libx.so.1"), "lib/libx.so.1": b"INPUT(x)\n"}), *TARGET).out
    )


@pytest.mark.parametrize("target", [(), ("-r", "python3.12"), ("-r", "python3.12", "-r", "python3.13", "-a", "arm64")])
def test_exactly_one_target(layer: Any, target: tuple[str, ...]) -> None:
    # Without an ELF file nothing tells the architecture.
    done = here("libs", layer({"python/a.py": b"1"}), *target)
    assert (done.code, done.out) == (2, "")
    assert "exactly one target" in done.err


def test_the_architecture_may_come_from_the_files(layer: Any) -> None:
    assert here("libs", layer(GOOD), "-r", "python3.12").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"), [(("gone.zip", *TARGET), 3), (("x", "-r", "python9.9", "-a", "arm64"), 2), ((), 2)]
)
def test_what_cannot_be_done(arguments: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    done = here("libs", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("layercheck: ")


def test_quiet_shows_only_what_fails_and_verbose_shows_all_lookups(layer: Any) -> None:
    quiet = here("libs", layer(BAD), *TARGET, "-q").out
    assert quiet.startswith("FAIL /opt/python/_n.abi3.so: fails\n")
    assert "_m.abi3" not in quiet
    assert "loaded already" not in here("libs", layer(GOOD), *TARGET).out
    assert "libc.so.6 => /lib64/libc.so.6 (loaded already, environment)" in here("libs", layer(GOOD), *TARGET, "-v").out


def test_names_are_made_safe_to_show(layer: Any) -> None:
    done = here("libs", layer({"python/_m.abi3.so": module("lib\x1b[31m\n.so")}), *TARGET)
    assert "\x1b" not in done.out
    assert r"lib\x1b[31m\n.so => not found" in done.out


def test_circles_end(layer: Any) -> None:
    files = {"lib/liba.so": module("libb.so"), "lib/libb.so": module("liba.so", "libb.so")}
    done = here("libs", layer(files), *TARGET, "-v")
    assert done.code == 0
    assert len(done.out.splitlines()) < 15
