"""The peers' adapters: the commands that each stands for, and what is said where it is not installed."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

import pytest
from costs import Step
from ours import ENGINES
from tools import (
    OURS,
    PINS,
    TOOLS,
    UNIT,
    Installed,
    Layer,
    Tool,
    look_around,
    missing,
    prepare,
    reports_differ,
    select,
)

from support.elf_writer import build_elf
from support.zip_writer import simple_zip

THERE = Installed(
    programs={name: f"/bin/{name}" for name in PINS["debian"]},
    ours={"deflate": "0.9.0"},
    peers=dict.fromkeys(("auditwheel", "elfdeps", "isal", "lief", "pyelftools", "zlib-ng"), "1"),
    peer_python="/peers/bin/python",
    peer_site="/peers/site",
)
LAYER = Layer(Path("/l/seed.zip"), Path("/s/seed"), Path("/s/seed.elf"), Path("/s/seed-1.0.whl"), 3)


def tool(name: str) -> Tool:
    return next(one for one in TOOLS if one.name == name)


def commands(name: str) -> list[str]:
    return [" ".join(step.command) for step in tool(name).steps(LAYER, THERE)]


def test_the_unit_is_the_first_and_does_nothing_but_test() -> None:
    assert TOOLS[0].name == UNIT
    assert commands(UNIT) == ["unzip -tqq /l/seed.zip"]


def test_each_name_stands_for_one_tool() -> None:
    assert len({one.name for one in TOOLS}) == len(TOOLS)


@pytest.mark.parametrize("reader", ["readelf -dV", "eu-readelf -d -V", "lddtree -l"])
def test_extraction_is_followed_by_one_command_over_all_elf_files_and_leaves_nothing(reader: str) -> None:
    steps = tool(f"extraction + {reader}").steps(LAYER, THERE)
    assert [" ".join(step.command) for step in steps] == [
        "unzip -qqo /l/seed.zip -d /s/seed",
        f"xargs -0 -s 1000000 {reader.replace('lddtree', '/peers/bin/python /bin/lddtree')}",
        "rm -rf /s/seed",
    ]
    assert (steps[1].source, steps[1].least) == ("/s/seed.elf", 60)
    assert (steps[0].accepted, steps[2].accepted) == ((0,), (0,))


@pytest.mark.parametrize(("name", "work"), [("elfdeps", "elfdeps"), ("LIEF, lean", "lief-lean")])
def test_libraries_run_in_the_environment_of_the_peers(name: str, work: str) -> None:
    (command,) = commands(name)
    assert command.startswith("/peers/bin/python ")
    assert command.endswith(f"peer_work.py {work} /l/seed.zip")


def test_auditwheel_gets_the_wheel() -> None:
    assert commands("auditwheel show") == ["/peers/bin/python -m auditwheel show /s/seed-1.0.whl"]


@pytest.mark.parametrize("engine", ENGINES)
def test_ours_is_a_whole_check_with_its_report(engine: str) -> None:
    (step,) = tool(f"{OURS}{engine}").steps(LAYER, THERE)
    site = "/peers/site" if engine in ("isal", "zlib-ng") else "-"
    assert step.command[0] == sys.executable
    assert step.command[2:4] == (engine, site)
    assert step.command[4:] == (
        "/l/seed.zip",
        "-r",
        "python3.12",
        "-a",
        "x86_64",
        "--no-config",
        "-f",
        "json",
        "-o",
        "/dev/null",
    )
    assert step.accepted == (0, 1)


def test_what_is_installed_is_measured() -> None:
    assert [one.name for one in TOOLS if missing(one, THERE)] == []


def test_what_is_not_installed_is_named_with_what_brings_it() -> None:
    nothing = Installed({}, {}, {}, "/peers/bin/python", "/peers/site")
    reasons = {one.name: missing(one, nothing) for one in TOOLS}
    assert reasons["extraction + lddtree -l"] == "unzip is not installed (Debian: unzip)"
    assert reasons["elfdeps"] == "elfdeps is not in the peers' environment"
    assert reasons[f"{OURS}deflate"] == "deflate is not installed (extra fast)"
    assert [name for name, reason in reasons.items() if reason is None] == [f"{OURS}zlib", "python -m zipfile -t"]
    assert reasons["extraction + readelf -dV"] == "unzip is not installed (Debian: unzip)"
    only_unzip = nothing._replace(programs={"unzip": "/bin/unzip", "xargs": "/bin/xargs"})
    assert missing(tool("extraction + lddtree -l"), only_unzip) == "lddtree is not installed (Debian: pax-utils)"


def test_every_program_that_is_needed_has_a_package() -> None:
    assert {program for one in TOOLS for program in one.needs} == set(PINS["debian"])


def test_every_package_that_is_needed_is_pinned() -> None:
    pinned = {pin.partition("==")[0] for pin in PINS["packages"]}
    assert {one.package for one in TOOLS if one.package} == pinned
    assert all("==" in pin for pin in PINS["packages"])


def test_tools_are_chosen_by_words_and_the_unit_is_always_there() -> None:
    assert select([]) == list(TOOLS)
    assert [one.name for one in select(["lddtree", "elfdeps"])] == [UNIT, "extraction + lddtree -l", "elfdeps"]
    with pytest.raises(ValueError, match="'ldtree'"):
        select(["ldtree"])


def test_a_folder_that_is_not_there_holds_no_peers(tmp_path: Path) -> None:
    there = look_around(tmp_path / "none")
    assert there.peers == {}
    assert "pytest" in there.ours


def small_layer(folder: Path) -> Path:
    path = folder / "layer.zip"
    path.write_bytes(simple_zip({"python/a.so": (build_elf(), 0o755), "python/b.py": b"import a\n", "python/c,d": b""}))
    return path


def test_what_stands_ready_names_the_elf_files_below_the_folder_of_the_extraction(tmp_path: Path) -> None:
    layer = prepare(small_layer(tmp_path), tmp_path)
    assert layer.elf_files == 1
    assert layer.elf_list.read_bytes() == f"{tmp_path}/layer/python/a.so\0".encode()
    assert not layer.tree.exists()


def test_the_wheel_holds_the_layer_and_names_every_file(tmp_path: Path) -> None:
    layer = prepare(small_layer(tmp_path), tmp_path)
    assert layer.wheel.name == "layer-1.0-cp312-cp312-linux_x86_64.whl"
    with zipfile.ZipFile(layer.wheel) as wheel:
        rows = list(csv.reader(io.StringIO(wheel.read("layer-1.0.dist-info/RECORD").decode())))
        assert [row[0] for row in rows] == ["python/a.so", "python/b.py", "python/c,d"]
        assert "Tag: cp312-cp312-linux_x86_64\n" in wheel.read("layer-1.0.dist-info/WHEEL").decode()
        assert wheel.testzip() is None


def test_engines_with_one_report_are_measured(tmp_path: Path) -> None:
    layer = prepare(small_layer(tmp_path), tmp_path)
    assert reports_differ(layer, look_around(tmp_path / "none"), ["zlib", "deflate"]) is None


def test_an_engine_that_breaks_down_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = prepare(small_layer(tmp_path), tmp_path)
    there = look_around(tmp_path / "none")
    # Not installed: it ends with 1, as a check with findings does.
    assert reports_differ(layer, there, ["zlib", "isal"]) == "no report with isal about layer.zip"


def test_an_engine_with_another_report_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = prepare(small_layer(tmp_path), tmp_path)

    def write(engine: str, layer: Layer, there: Installed, output: str) -> Step:
        return Step((sys.executable, "-c", f"open({output!r}, 'w').write({engine!r})"))

    monkeypatch.setattr("tools.layercheck", write)
    assert reports_differ(layer, THERE, ["zlib", "deflate"]) == "another report with deflate about layer.zip"
