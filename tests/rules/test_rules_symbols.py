"""LC406: undefined symbols, told only where the whole process is known, and read again only then."""

from __future__ import annotations

from typing import Any

import pytest

from check.made import LD, Files, judge, module, of, program, told
from layercheck import check
from layercheck.artifact import open_artifact
from layercheck.check import symbols as reading
from layercheck.elf import ElfImage, read_elf
from layercheck.elf.symbols import read_symbols
from layercheck.environment import Environment, Link
from layercheck.environment.capture_symbols import to_record
from layercheck.environment.model import EnvironmentFile, Interpreter, Loader
from layercheck.finding import Report
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

MUSL = "/opt/lib/ld-musl-x86_64.so.1"
TAG = ".cpython-312-x86_64-linux-gnu.so"
PYTHON = "/var/lang/bin/python3.12"


def brought(*undef: Any, lib: bytes | None = None, **fields: Any) -> Files:
    """A program for musl with its loader and one library: a process that is known without any capture."""
    return {
        "bin/tool": (program("liba.so", interp=MUSL, undef=list(undef), **fields), 0o755),
        "lib/ld-musl-x86_64.so.1": (build_elf(soname="libc.so", syms=["puts", "environ"]), 0o755),
        "lib/liba.so": lib or build_elf(soname="liba.so", syms=["f"]),
    }


def captured(symbols: bool = True, **changes: bytes) -> Environment:
    """An interpreter with libc, captured with their symbols."""
    system = {
        PYTHON: build_elf(etype="pie", interp=LD, needed=["libc.so.6"], syms=["PyLong_New", "puts_not"]),
        "/usr/lib64/libc.so.6": build_elf(
            soname="libc.so.6", verdef=["GLIBC_2.2.5"], syms=[["puts", "GLIBC_2.2.5"]], needed=["ld-linux-x86-64.so.2"]
        ),
        "/usr/lib64/ld-linux-x86-64.so.2": build_elf(soname="ld-linux-x86-64.so.2", syms=["__tls_get_addr"]),
        "/usr/lib64/libm.so.6": build_elf(soname="libm.so.6", syms=["fmod"]),
    }
    files: dict[str, EnvironmentFile] = {"/lib64": Link("usr/lib64")}
    records = {}
    for path, raw in system.items():
        image = read_elf(raw)
        assert isinstance(image, ElfImage)
        files[path] = image
        known = read_symbols(raw)
        assert known is not None
        records[path] = to_record(known)
    loader = Loader("glibc", "2.34", LD, ("/lib64", "/usr/lib64"), "lib64")
    return Environment(
        "captured", "x86_64", None, loader, ("/opt/lib",), files, "captured",
        interpreters={PYTHON: Interpreter("python", "3.12", ("libc.so.6",))},
        symbols=records if symbols else {},
    )  # fmt: skip


def inside(files: Files, environment: Environment, **options: Any) -> Report:
    package: Files = {"python/x/__init__.py": b"", **files}
    return check(simple_zip(package), environment=environment, kind="layer", **options)


def test_a_program_that_brings_everything_is_judged_without_a_capture() -> None:
    assert of(judge(brought("f", "puts")), "LC406") == []
    (finding,) = of(judge(brought("f", "gone", "puts")), "LC406")
    assert (finding.severity.value, finding.path) == ("warning", "bin/tool")
    assert finding.fact == "uses gone, which nothing in its process defines: undefined symbol"
    assert finding.details["symbols"] == [{"name": "gone", "version": None, "library": None, "why": "nowhere"}]
    assert finding.fix


def test_the_file_that_wants_the_symbol_is_named() -> None:
    library = build_elf(soname="liba.so", syms=["f"], undef=["gone", "lost"])
    (finding,) = of(judge(brought("f", lib=library)), "LC406")
    assert finding.path == "bin/tool"
    assert "uses gone, lost" in finding.fact
    assert finding.fact.endswith("(through /opt/lib/liba.so)")
    assert finding.details["chain"] == ["/opt/bin/tool", "/opt/lib/liba.so"]


def test_weak_symbols_may_be_missing_and_functions_fail_when_called() -> None:
    assert of(judge(brought(undef_weak=["gone"])), "LC406") == []
    (finding,) = of(judge(brought(jump_slot=["gone"])), "LC406")
    assert "fails when that is called" in finding.fact
    (finding,) = of(judge(brought(jump_slot=["gone"], flags=8)), "LC406")
    assert "when that is called" not in finding.fact


def test_without_a_capture_nothing_is_told_of_a_process_with_the_systems_libraries() -> None:
    files: Files = {
        f"python/x/_m{TAG}": module(undef=["gone"]),
        "python/x/__init__.py": b"",
        "bin/tool": (program("liba.so", undef=["gone"]), 0o755),
        "lib/liba.so": module(undef=["gone"]),
    }
    assert told(judge(files)) == []


def test_a_normal_check_reads_nothing_twice() -> None:
    files: Files = {"bin/tool": (program("liba.so", undef=["gone"]), 0o755), "lib/liba.so": module(undef=["gone"])}
    with open_artifact(simple_zip(files)) as artifact:
        before = artifact.inflate_count
        check(artifact, runtime="python3.12", architecture="x86_64")
        assert artifact.inflate_count == before == 2
    with open_artifact(simple_zip(files)) as artifact:
        inside_two = captured(symbols=False)
        check(artifact, environment=inside_two, kind="layer")
        assert artifact.inflate_count == 2


def test_each_file_is_read_again_once_however_many_processes_have_it() -> None:
    files: Files = {**brought("gone"), "bin/other": (program("liba.so", interp=MUSL, undef=["lost"]), 0o755)}
    with open_artifact(simple_zip(files)) as artifact:
        before = artifact.inflate_count
        report = check(artifact, runtime=["python3.12", "python3.11"], architecture="x86_64")
        assert artifact.inflate_count == before + len(files)
    assert [finding.path for finding in of(report, "LC406")] == ["bin/other", "bin/tool"]


def test_a_module_is_judged_inside_the_interpreter() -> None:
    path = f"python/x/_m{TAG}"
    environment = captured()
    good = module(undef=["PyLong_New", ["puts", "libc.so.6", "GLIBC_2.2.5"]])
    assert told(inside({path: good}, environment)) == []
    (finding,) = inside({path: module(undef=["PyLong_Gone"], jump_slot=["fmod"])}, environment).findings
    assert (finding.rule, finding.path) == ("LC406", path)
    # The interpreter opens modules with RTLD_NOW: functions count at once.
    assert "uses PyLong_Gone, fmod, which nothing" in finding.fact
    assert finding.details["program"] == PYTHON
    assert told(inside({path: module("libm.so.6", undef=["fmod"])}, environment)) == []


def test_a_build_for_another_python_beside_the_right_one_is_no_fault() -> None:
    files: Files = {
        "python/x/prebuilds/linux-x64/_m.abi93.node": module(undef=["gone"]),
        f"python/x/_m{TAG}": module(undef=["PyLong_New"]),
        "python/x/_m.abi3.so": module(undef=["PyLong_Gone"]),
    }
    assert [line for line in told(inside(files, captured())) if line[0] == "LC406"] == []


def test_without_symbols_in_the_capture_a_module_is_not_judged() -> None:
    assert told(inside({f"python/x/_m{TAG}": module(undef=["PyLong_Gone"])}, captured(symbols=False))) == []


def test_one_file_without_symbols_is_enough_to_say_nothing() -> None:
    environment = captured()
    records = {path: record for path, record in environment.symbols.items() if not path.endswith("libc.so.6")}
    files: Files = {f"python/x/_m{TAG}": module(undef=["PyLong_Gone"])}
    assert told(inside(files, environment._replace(symbols=records))) == []
    damaged = {**environment.symbols, "/usr/lib64/libc.so.6": {"defined": 3}}
    assert told(inside(files, environment._replace(symbols=damaged))) == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("PyLong_Gone", "another version of Python"),
        (["_ZSt4gonev", "libq.so.1", "GLIBCXX_3.4.30"], "libstdc++.so.6"),
        ("fmod", "-lm"),
        ("powf", "-lm"),
        ("own_thing", "the library that defines it"),
        (["own_thing", "libq.so.1", "Q_2"], "libq.so.1"),
    ],
)
def test_the_fix_names_what_usually_supplies_it(spec: Any, words: str) -> None:
    files: Files = {
        "bin/tool": (build_elf(etype="pie", interp=MUSL, undef=[spec], needed=["libq.so.1"]), 0o755),
        "lib/ld-musl-x86_64.so.1": (build_elf(soname="libc.so"), 0o755),
        "lib/libq.so.1": build_elf(soname="libq.so.1", verdef=["Q_2", "GLIBCXX_3.4.30"]),
    }
    (finding,) = of(judge(files, "provided.al2023"), "LC406")
    assert words in (finding.fix or "")


def test_a_table_that_cannot_be_read_is_told_as_unchecked() -> None:
    broken = build_elf(soname="liba.so", syms=["f"], replace_dyn={11: 5})
    report = judge(brought("gone", lib=broken))
    assert of(report, "LC406") == []
    assert [(item.path, "liba.so" in item.why) for item in report.unchecked] == [("bin/tool", True)]


def test_so_many_bytes_are_read_again_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILE", 100)
    report = judge(brought("gone"))
    assert of(report, "LC406") == []
    assert "damaged or too large" in report.unchecked[0].why
