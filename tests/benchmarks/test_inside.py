"""What is measured in process is what it is said to be; not how long it takes."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from inside import (
    WINDOW,
    elf_milliseconds,
    engine_functions,
    growth_rows,
    members,
    part_rows,
    parts,
    peak_mebibytes,
    raw,
    windows,
)
from inside import Member as Part
from peer_work import elf_members, pyelftools

from layercheck.elf import ElfImage, read_elf
from support.elf_writer import build_elf
from support.zip_writer import STORED, Member, build_zip, simple_zip

ELF = build_elf(soname="liba.so.1", needed=["libc.so.6"], verneed={"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.14"]})


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    files = [
        Member("python/liba.so", ELF),
        Member("python/a.py", b"a = 1\n" * 99),
        Member("b", b"stored", method=STORED),
    ]
    return write(tmp_path, "small.zip", build_zip([*files, Member("python/empty.py", b"")]))


def test_members_are_where_zipfile_finds_them(layer: Path) -> None:
    found = members(layer)
    data = layer.read_bytes()
    with zipfile.ZipFile(layer) as archive:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    assert [(one.compressed, one.size, one.crc) for one in found] == [
        (info.compress_size, info.file_size, info.CRC) for info in infos
    ]
    stored = next(one for one in found if not one.deflated)
    assert data[stored.at : stored.at + stored.compressed] == b"stored"


@pytest.mark.parametrize("engine", ["zlib", "deflate"])
def test_the_bare_loop_compares_every_crc(engine: str, layer: Path) -> None:
    listed, functions = members(layer), engine_functions(engine)
    with layer.open("rb") as file:
        raw(file.fileno(), windows(listed), functions)
        for index, member in enumerate(listed):
            spoiled = [*listed[:index], member._replace(crc=member.crc ^ 1), *listed[index + 1 :]]
            with pytest.raises(ValueError, match="another CRC"):
                raw(file.fileno(), windows(spoiled), functions)


def test_members_are_read_together_and_long_ones_alone() -> None:
    listed = [Part(at, size, 1, 1, True) for at, size in ((40, 60), (200, 100), (500, WINDOW), (WINDOW + 900, 5))]
    assert windows(listed) == [
        (40, 260, listed[:2]),
        (500, WINDOW, [listed[2]]),
        (WINDOW + 900, 5, [listed[3]]),
    ]


def test_each_part_takes_time(layer: Path) -> None:
    found = parts(layer, "zlib", 1)
    assert found.entries == 4
    assert min(found.raw, found.scan, found.resolve) > 0
    assert found.raw < found.scan


def test_elf_files_are_told_by_their_first_bytes(layer: Path) -> None:
    assert list(elf_members(str(layer))) == [ELF]
    count, milliseconds = elf_milliseconds(layer, 1)
    assert count == 1
    assert milliseconds > 0


def test_a_layer_that_is_not_built_is_named(layer: Path, tmp_path: Path) -> None:
    rows = list(part_rows(tmp_path, "zlib", 1))
    assert [row[:2] for row in rows[1:]] == [["seed", "not built"], ["limit", "not built"], ["many", "not built"]]
    assert rows[0][0] == "small"
    assert rows[0][-1].endswith(" %**")
    assert len({len(row) for row in rows}) == 1


def test_growth_is_told_for_each_number_of_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inside.ENTRIES", (10, 20))
    monkeypatch.setattr("inside.peak_mebibytes", lambda path, engine: f"{path.stem} {engine}")
    rows = list(growth_rows(tmp_path, "zlib", 1))
    assert [row[-1] for row in rows] == ["entries_10 zlib", "entries_20 zlib"]
    assert [row[0] for row in rows] == ["10", "20"]
    assert all(float(row[1]) > 0 for row in rows)


def test_the_peak_is_that_of_the_whole_command(layer: Path, tmp_path: Path) -> None:
    assert 15 < int(peak_mebibytes(layer, "zlib")) < 60
    assert peak_mebibytes(tmp_path / "none.zip", "zlib") == "ended with 3"


@pytest.mark.skipif(sys.platform != "linux", reason="modules are ELF files on Linux only")
def test_pyelftools_is_asked_for_what_our_reader_gives(tmp_path: Path) -> None:
    import deflate._deflate

    data = Path(deflate._deflate.__file__).read_bytes()
    image = read_elf(data)
    assert isinstance(image, ElfImage)
    ours = len(image.needed) + sum(len(nodes) for _, nodes in image.verneed) + len(image.verdef or ())
    assert ours > 1
    assert pyelftools(str(write(tmp_path, "one.zip", simple_zip({"a.so": data, "b.py": b"pass\n"})))) == ours
