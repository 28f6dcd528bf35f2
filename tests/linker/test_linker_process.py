"""What the records do not hold: Lambda's CPU level, unmeasured releases, programs that bring musl, real $ORIGIN."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from layercheck.environment.model import Loader
from layercheck.filesystem import Filesystem
from layercheck.linker import GlibcLoader, Load, resolve
from layercheck.linker.behaviour import behaviour_of
from layercheck.linker.process import Process
from linker.trees import AMAZON, File, environment_file, environment_of, filesystem_of, found, load
from support.elf_writer import build_elf

LIB = build_elf()
MUSL = "/opt/musl/ld-musl-x86_64.so.1"


def started(files: Mapping[str, File], program: str) -> Process:
    process = GlibcLoader(filesystem_of(files)).start(program)
    assert isinstance(process, Process)
    return process


def made(version: str, lib: str = "lib64") -> Loader:
    return Loader("glibc", version, "/lib64/ld-linux-x86-64.so.2", AMAZON, lib)


def test_lambda_promises_avx2_but_not_avx512() -> None:
    files: dict[str, File] = {
        "/opt/python/m.so": build_elf(needed=["liba.so", "libb.so"]),
        "/opt/lib/glibc-hwcaps/x86-64-v4/liba.so": LIB,
        "/opt/lib/glibc-hwcaps/x86-64-v3/liba.so": LIB,
        "/opt/lib/glibc-hwcaps/x86-64-v2/liba.so": LIB,
        "/opt/lib/liba.so": LIB,
        "/opt/lib/glibc-hwcaps/x86-64-v4/libb.so": LIB,
    }
    result = load(files, "/opt/python/m.so", version="2.34")
    assert found(result) == ["/opt/lib/glibc-hwcaps/x86-64-v3/liba.so"]
    (missing,) = result.missing
    assert "/opt/lib/glibc-hwcaps/x86-64-v3/libb.so: absent (library-path)" in missing.tried
    assert not any("x86-64-v4" in line for line in missing.tried)
    # Amazon Linux 2's loader knows no such directories.
    assert found(load(files, "/opt/python/m.so", version="2.26")) == ["/opt/lib/liba.so"]


@pytest.mark.parametrize(("version", "as_"), [("2.17", "2.26"), ("2.33", "2.31"), ("2.35", "2.34"), ("2.99", "2.43")])
def test_a_release_that_was_not_measured_is_like_the_nearest_older_one(version: str, as_: str) -> None:
    measured = behaviour_of(made(as_), "x86_64", "x86-64-v3")
    assert behaviour_of(made(version), "x86_64", "x86-64-v3") == measured
    assert len({behaviour_of(made(v), "x86_64", "x86-64-v3") for v in ("2.26", "2.31", "2.34", "2.36", "2.41")}) == 5


def test_arm64_has_no_hwcaps_and_multiarch_passes_over_big_endian() -> None:
    assert not any("hwcaps" in name for name in behaviour_of(made("2.34"), "arm64", "armv8.2-a").subdirectories)
    assert not behaviour_of(made("2.34"), "x86_64", "x86-64-v3").big_endian_is_skipped
    assert behaviour_of(made("2.34", "lib/x86_64-linux-gnu"), "x86_64", "x86-64-v3").big_endian_is_skipped


def test_the_kernel_starts_a_program_in_its_real_directory() -> None:
    program = build_elf(etype="pie", needed=["liba.so"], runpath="$ORIGIN/x")
    files: dict[str, File] = {"/opt/real/p": program, "/opt/bin/p": "../real/p", "/opt/real/x/liba.so": LIB}
    loader = GlibcLoader(filesystem_of(files))
    assert found(loader.load_program("/opt/bin/p", by_kernel=True)) == ["/opt/real/x/liba.so"]
    assert loader.load_program("/opt/bin/p").status == "fails"
    assert loader.load_program("/opt/bin/p", by_kernel=True, proc=False).status == "fails"


def test_what_was_opened_stays_and_what_failed_does_not() -> None:
    files: dict[str, File] = {
        "/opt/bin/p": build_elf(etype="pie", rpath="/opt/own"),
        "/opt/own/libown.so": LIB,
        "/opt/a/m.so": build_elf(needed=["libx.so", "libown.so"], soname="m.so", rpath="$ORIGIN"),
        "/opt/a/libx.so": build_elf(soname="libx.so"),
        "/opt/b/n.so": build_elf(needed=["libx.so", "libgone.so"], rpath="/opt/a"),
    }
    process = started(files, "/opt/bin/p")
    failed = process.dlopen("/opt/b/n.so")
    assert (failed.status, [lookup.name for lookup in failed.missing]) == ("fails", ["libgone.so"])
    opened = process.dlopen("/opt/a/m.so")
    assert [item.path for item in opened.objects] == ["/opt/a/m.so", "/opt/a/libx.so", "/opt/own/libown.so"]
    assert [item.loader for item in opened.objects] == [None, "/opt/a/m.so", "/opt/a/m.so"]
    again = process.dlopen("m.so")
    assert (again.status, again.objects, again.lookups[0].via) == ("loads", (), "loaded")


def test_a_cache_comes_after_runpath_and_before_the_default_directories() -> None:
    files: dict[str, File] = {
        "/opt/python/m.so": build_elf(needed=["liba.so", "libb.so"], runpath="/opt/r"),
        "/opt/python/n.so": build_elf(needed=["liba.so"], flags_1=0x800),
        "/usr/lib64/liba.so": LIB,
        "/usr/other/liba.so": LIB,
        "/usr/other/libb.so": LIB,
        "/opt/r/libb.so": LIB,
    }
    own = {path: environment_file(file) for path, file in files.items() if path.startswith("/usr")}
    environment = environment_of(own, library_path=())

    def loaded(target: str, **cache: str) -> Load:
        named = {f"{name}.so": path for name, path in cache.items()}
        loader = environment.loader._replace(cache=named)
        return GlibcLoader(filesystem_of(files, environment._replace(loader=loader))).load_program(target)

    result = loaded("/opt/python/m.so", liba="/usr/other/liba.so", libb="/usr/other/libb.so")
    assert [(lookup.path, lookup.via) for lookup in result.lookups] == [
        ("/usr/other/liba.so", "cache"),
        ("/opt/r/libb.so", "runpath"),
    ]
    assert loaded("/opt/python/n.so", liba="/usr/other/liba.so").status == "loads"
    assert loaded("/opt/python/n.so", liba="/usr/lib64/liba.so").status == "fails"


def musl_tree(interp: str) -> Filesystem:
    return filesystem_of(
        {
            "/opt/bin/tool": build_elf(etype="pie", interp=interp, needed=["libc.so", "liba.so"], rpath="/opt/own"),
            "/opt/own/liba.so": build_elf(needed=["libb.so"], verneed={"libb.so": ["V9"]}),
            # musl inherits DT_RPATH and asks for no versions.
            "/opt/own/libb.so": build_elf(verdef=["V1"]),
            MUSL: build_elf(soname="libc.so"),
        }
    )


def test_a_program_that_brings_musl_is_loaded_by_musls_rules() -> None:
    resolution = resolve(musl_tree(MUSL))
    (tool,) = [result for result in resolution.loads if result.path == "/opt/bin/tool"]
    assert (tool.status, found(tool)) == ("loads", ["/opt/own/liba.so", "/opt/own/libb.so"])
    assert "/opt/bin/tool" in resolution.certain


def test_without_its_loader_a_musl_program_is_no_root() -> None:
    paths = [result.path for result in resolve(musl_tree("/lib/ld-musl-x86_64.so.1")).loads]
    assert "/opt/bin/tool" not in paths


def test_dt_runpath_of_an_alien_dollar_is_void_for_musl_only() -> None:
    files: dict[str, File] = {
        "/opt/bin/tool": build_elf(etype="pie", interp=MUSL, needed=["liba.so"], rpath="$ORIGIN/../own:/p/$LIB"),
        "/opt/own/liba.so": LIB,
        MUSL: build_elf(soname="libc.so"),
    }
    (tool,) = [result for result in resolve(filesystem_of(files)).loads if result.path == "/opt/bin/tool"]
    assert [lookup.name for lookup in tool.missing] == ["liba.so"]
    assert found(load(files, "/opt/bin/tool")) == ["/opt/bin/../own/liba.so"]
