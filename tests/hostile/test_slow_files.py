"""Files besides artifacts that once took gigabytes or a traceback: each ends in a clear word, soon."""

from __future__ import annotations

import io
import json
import tarfile
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from cli.runs import TARGET, command
from layercheck.config.baseline import MAX_BYTES
from layercheck.environment.capture_source import from_tar
from layercheck.environment.captured import WrongEnvironment, load_file
from layercheck.project.json_reader import read_json


def _header(name: str, kind: bytes, data: bytes) -> bytes:
    head = tarfile.TarInfo(name)
    head.type, head.size = kind, len(data)
    return head.tobuf() + data + b"\0" * (-len(data) % 512)


def _pax(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    size = len(rest) + 2
    return _header("pax", tarfile.XHDTYPE, b"%d" % size + rest)


CHAINS = {
    "names": _header("././@LongLink", tarfile.GNUTYPE_LONGNAME, b"a\0") * 2_000,
    "pax": _pax("comment", "a") * 2_000,
}
WRONG = {
    "size": _pax("GNU.sparse.size", "x") + _header("a", tarfile.REGTYPE, b"1"),
    "realsize": _pax("GNU.sparse.realsize", "x") + _header("a", tarfile.REGTYPE, b"1"),
    "map": _pax("GNU.sparse.map", "x,y") + _header("a", tarfile.REGTYPE, b"1"),
}


@pytest.mark.parametrize("archive", [*CHAINS.values(), *WRONG.values()], ids=[*CHAINS, *WRONG])
def test_headers_of_a_hostile_archive(archive: bytes) -> None:
    with suppress(tarfile.TarError):
        list(from_tar(io.BytesIO(archive + b"\0" * 1024)))


@pytest.mark.parametrize("archive", CHAINS.values(), ids=CHAINS)
def test_the_command_says_what_is_wrong(archive: bytes, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(archive + b"\0" * 1024)
    ended = command("capture", "image.tar", "-o", "out.json", cwd=tmp_path)
    assert ended.code == 3
    assert "Traceback" not in ended.err
    assert "headers" in ended.err
    assert not (tmp_path / "out.json").exists()


def test_a_text_of_escapes_takes_little_memory() -> None:
    text = '{"a": "' + "\\n" * 2_000_000 + '"}'
    tracemalloc.start()
    try:
        document = read_json(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not document.flaws
    assert peak < 60 << 20


@pytest.mark.parametrize("text", ['"\\', '"' + "\\n" * 1_000, '"\n"', '"' + "\\n" * 1_000 + '\\"', '"\\\n"'])
def test_a_text_without_end_is_broken(text: str) -> None:
    assert read_json('{"a": ' + text).flaws


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 2_000, 2_001])
def test_any_number_of_escapes(count: int) -> None:
    text = '{"Resources": "' + '\\"a' * count + '"}'
    root = read_json(text).root
    assert root is not None
    assert json.loads(text)["Resources"] == '"a' * count


def test_a_baseline_too_large_is_told(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_bytes(b"[" + b"[]," * (MAX_BYTES // 3) + b"[]]")
    (tmp_path / "layer.zip").write_bytes(b"")
    ended = command("layer.zip", *TARGET, "--baseline", "base.json", cwd=tmp_path)
    assert ended.code in (2, 3)
    assert "larger than" in ended.err


def test_half_a_character_in_an_environment_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "environment.json"
    place.write_text('{"schema_version": "1.0", "name": "\\ud800"}')
    with pytest.raises(WrongEnvironment, match="half a character"):
        load_file(place)
