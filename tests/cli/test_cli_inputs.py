"""What is given as input: directories are judged as the zip made of them, and no garbage makes it stumble."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from check.made import Files, link, module, static_program
from cli.runs import TARGET, here
from support.foreign_writer import build_macho
from support.zip_writer import simple_zip

TREES: dict[str, Files] = {
    "good": {"python/_m.abi3.so": module(), "python/a.py": b"1"},
    "binaries": {
        "python/_a.abi3.so": module(machine="aarch64"), "python/_b.abi3.so": build_macho(),
        "python/_c.abi3.so": module("libnone.so.1"), "python/_d.abi3.so": module()[:90],
    },
    "links": {
        "lib/libx.so": link("libx.so.1"), "lib/libx.so.1": module(), "lib/gone": link("nowhere"),
        "python/pkg": link("/home/me/pkg"), "lib/liby.so.1": b"liby.so.1.2",
    },
    "modes": {
        "python/a.py": (b"1", 0o600), "extensions/e": b"#!/bin/sh\n", "bin/x": (static_program(), 0o755),
        "python/d/": (b"", 0o700), "bin/y": (b"#!/bin/sh\r\n", 0o755),
    },
    "layout": {"layer/python/a.py": b"1", ".DS_Store": b"1"},
    "secrets": {"python/.env": b"TOKEN=1", "python/k.pem": b"-----BEGIN PRIVATE KEY-----\nMII\n"},
    "empty": {"python/": b""},
}  # fmt: skip


def unpack(files: Files, folder: Path) -> None:
    for name, value in files.items():
        data, mode = value if isinstance(value, tuple) else (value, 0o755 if name.endswith("/") else 0o644)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif stat.S_ISLNK(mode):
            path.symlink_to(data.decode())
            continue
        else:
            path.write_bytes(data)
        path.chmod(stat.S_IMODE(mode))


@pytest.mark.skipif(os.name != "posix", reason="modes and links")
@pytest.mark.parametrize("name", TREES)
def test_a_directory_is_judged_as_the_zip_made_of_it(name: str, tmp_path: Path) -> None:
    folder, archive = tmp_path / "thing", tmp_path / "thing.zip"
    folder.mkdir()
    unpack(TREES[name], folder)
    archive.write_bytes(simple_zip(TREES[name]))
    runs = [here(str(path), *TARGET, "-f", "json") for path in (folder, archive)]
    assert runs[0].code == runs[1].code
    reports = [json.loads(run.out) for run in runs]
    lists = [
        [(f["rule"], f["severity"], f["path"], f["message"].replace(str(path), "IT"), f["fingerprint"])
         for f in report["findings"]]
        for path, report in zip((folder, archive), reports, strict=True)
    ]  # fmt: skip
    assert lists[0] == lists[1]
    assert bool(lists[0]) is (name != "good")
    sizes = [report["artifacts"][0]["unzipped_bytes"] for report in reports]
    assert sizes[0] == sizes[1]
    assert reports[0]["artifacts"][0]["content_sha256"] == reports[1]["artifacts"][0]["content_sha256"]


WHOLE = simple_zip({"python/_m.abi3.so": module("libz.so.1"), "python/a.py": b"print(1)\n" * 40, "lib/l": link("gone")})


def judged(data: bytes, folder: Path, *more: str) -> None:
    path = folder / "garbage.zip"
    path.write_bytes(data)
    run = here(str(path), *TARGET, *more)
    assert "Traceback" not in run.err
    assert run.code == 1, run
    assert "error" in run.out


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=600))
def test_random_bytes_are_a_finding(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    judged(data, tmp_path_factory.getbasetemp())


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), head=st.sampled_from((b"PK\3\4", b"PK\5\6", b"PK\1\2", b"\x7fELF", b"\x1f\x8b")))
def test_random_bytes_behind_a_known_head_are_a_finding(
    data: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    judged(head + data, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_truncation_is_a_finding(form: str, tmp_path: Path) -> None:
    for end in range(0, len(WHOLE), 7):
        judged(WHOLE[:end], tmp_path, "-f", form)


@settings(max_examples=200, deadline=None)
@given(changes=st.dictionaries(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), min_size=1, max_size=6))
def test_changed_bytes_never_make_it_stumble(changes: dict[int, int], tmp_path_factory: pytest.TempPathFactory) -> None:
    data = bytearray(WHOLE)
    for place, value in changes.items():
        data[place] = value
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(data)
    run = here(str(path), *TARGET, "-f", "json")
    assert run.code in (0, 1), run
    assert json.loads(run.out)["exit_code"] == run.code
    assert "Traceback" not in run.err


def test_a_directory_without_files_and_one_with_odd_names(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    run = here(str(tmp_path / "none"), *TARGET, "-f", "json")
    assert [finding["rule"] for finding in json.loads(run.out)["findings"]] == ["LC008"]
    odd = tmp_path / "odd" / "python"
    odd.mkdir(parents=True)
    (odd / "a b'c$(x).py").write_bytes(b"1")
    assert here(str(tmp_path / "odd"), *TARGET).code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_inside_a_directory_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "a.py").write_bytes(b"1")
    os.mkfifo(tmp_path / "python" / "pipe")
    report = json.loads(here(str(tmp_path), *TARGET, "-f", "json").out)
    assert [item["path"] for item in report["unchecked"]] == ["python/pipe"]
