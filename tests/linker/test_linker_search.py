"""Where glibc looks for a DT_NEEDED name: each case is a small tree, the file asked for, and what must be loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from linker.trees import File, environment_file, environment_of, filesystem_of, found, load, named
from support.elf_writer import build_elf

LIB = build_elf()
M = "/opt/python/pkg/m.so"


def need(*names: str, rpath: str | None = None, runpath: str | None = None, flags_1: int | None = None) -> bytes:
    return build_elf(needed=names, rpath=rpath, runpath=runpath, flags_1=flags_1)


def everywhere(name: str, *directories: str) -> dict[str, File]:
    return {f"{directory}/{name}": LIB for directory in directories}


PLACES = ("/r", "/var/lang/lib", "/usr/lib64", "/var/runtime", "/var/task", "/var/task/lib", "/opt/lib")
ORDER: Sequence[tuple[str, Mapping[str, File], list[str]]] = (
    ("rpath first", {M: need("liba.so", rpath="/r"), **everywhere("liba.so", *PLACES)}, ["/r"]),
    ("path before runpath", {M: need("liba.so", runpath="/r"), **everywhere("liba.so", *PLACES)}, ["/var/lang/lib"]),
    ("runtime before system", {M: need("liba.so"), **everywhere("liba.so", *PLACES[1:])}, ["/var/lang/lib"]),
    ("system before runtime's code", {M: need("liba.so"), **everywhere("liba.so", *PLACES[2:])}, ["/usr/lib64"]),
    ("then /var/runtime", {M: need("liba.so"), **everywhere("liba.so", *PLACES[3:])}, ["/var/runtime"]),
    ("then the function", {M: need("liba.so"), **everywhere("liba.so", *PLACES[4:])}, ["/var/task"]),
    ("then its lib", {M: need("liba.so"), **everywhere("liba.so", *PLACES[5:])}, ["/var/task/lib"]),
    ("/opt/lib is last", {M: need("liba.so"), **everywhere("liba.so", *PLACES[6:])}, ["/opt/lib"]),
    ("/opt/lib before runpath", {M: need("liba.so", runpath="/r"), **everywhere("liba.so", "/r", "/opt/lib")},
     ["/opt/lib"]),
    ("runpath when nothing else", {M: need("liba.so", runpath="/r"), **everywhere("liba.so", "/r")}, ["/r"]),
    ("rpath is void beside runpath", {M: build_elf(needed=["liba.so"], rpath="/r", runpath="/u"),
                                      **everywhere("liba.so", "/r", "/u")}, ["/u"]),
    ("rpath is void beside an empty runpath", {M: build_elf(needed=["liba.so"], rpath="/r", runpath=""),
                                               **everywhere("liba.so", "/r")}, []),
    ("own directory is not searched", {M: need("liba.so"), **everywhere("liba.so", "/opt/python/pkg")}, []),
    ("origin", {M: need("liba.so", rpath="$ORIGIN/../pkg.libs"), "/opt/python/pkg.libs/liba.so": LIB},
     ["/opt/python/pkg/../pkg.libs"]),
    ("origin in braces", {M: need("liba.so", rpath="${ORIGIN}/x"), "/opt/python/pkg/x/liba.so": LIB},
     ["/opt/python/pkg/x"]),
    ("no token, no origin", {M: need("liba.so", rpath="$ORIGINAL/x"), "/opt/python/pkg/x/liba.so": LIB}, []),
    ("lib token", {M: need("liba.so", rpath="/p/$LIB"), "/p/lib64/liba.so": LIB}, ["/p/lib64"]),
    ("platform token", {M: need("liba.so", rpath="/p/$PLATFORM"), "/p/x86_64/liba.so": LIB}, ["/p/x86_64"]),
    ("empty element is the working directory", {M: need("liba.so", rpath=":/none"), "/var/task/liba.so": LIB}, [""]),
    ("semicolon does not separate rpath", {M: need("liba.so", rpath="/a;/r"), **everywhere("liba.so", "/r")}, []),
    ("soname link", {M: need("liba.so.1"), "/opt/lib/liba.so.1": "liba.so.1.2", "/opt/lib/liba.so.1.2": LIB},
     ["/opt/lib"]),
    ("no link, not found", {M: need("liba.so.1"), "/opt/lib/liba.so.1.2": build_elf(soname="liba.so.1")}, []),
    ("dangling link is passed over", {M: need("liba.so", rpath="/r"), "/r/liba.so": "gone", "/opt/lib/liba.so": LIB},
     ["/opt/lib"]),
    ("loop ends one list only", {M: need("liba.so", rpath="/r:/s"), "/r/liba.so": "liba.so", "/s/liba.so": LIB,
                                 "/opt/lib/liba.so": LIB}, ["/opt/lib"]),
    ("other machine is passed over", {M: need("liba.so"), "/var/task/liba.so": build_elf(machine="aarch64"),
                                      "/opt/lib/liba.so": LIB}, ["/opt/lib"]),
    ("other class is passed over", {M: need("liba.so"), "/var/task/liba.so": build_elf(machine="i386"),
                                    "/opt/lib/liba.so": LIB}, ["/opt/lib"]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "places"), [case[1:] for case in ORDER], ids=[case[0] for case in ORDER])
def test_search_order(files: Mapping[str, File], places: list[str]) -> None:
    result = load(files, M)
    assert [path.rpartition("/")[0] for path in found(result)] == places
    assert [lookup.name for lookup in result.missing] == ([] if places else [need_of(files)])


def need_of(files: Mapping[str, File]) -> str:
    return "liba.so.1" if any(path.endswith("liba.so.1.2") for path in files) else "liba.so"


def test_the_default_directories_come_last_and_nodeflib_skips_them() -> None:
    files: dict[str, File] = {M: need("liba.so"), "/usr/lib64/liba.so": LIB, "/opt/lib/liba.so": LIB}
    assert found(load(files, M, library_path=("/opt/lib",))) == ["/opt/lib/liba.so"]
    assert found(load(files, M, library_path=())) == ["/usr/lib64/liba.so"]
    files[M] = need("liba.so", flags_1=0x800)
    assert found(load(files, M, library_path=())) == []
    assert found(load(files, M, library_path=("/usr/lib64",))) == ["/usr/lib64/liba.so"]


def test_each_lookup_says_which_step_found_it() -> None:
    files: dict[str, File] = {
        M: build_elf(needed=["libr.so", "libp.so", "libd.so", "/abs/libx.so"], rpath="/r"),
        "/r/libr.so": build_elf(needed=["libu.so", "libp.so"], runpath="/u"),
        "/u/libu.so": LIB,
        "/opt/lib/libp.so": LIB,
        "/usr/lib64/libd.so": LIB,
        "/abs/libx.so": LIB,
    }
    result = load(files, M, library_path=("/opt/lib",))
    assert [(lookup.name, lookup.via) for lookup in result.lookups] == [
        ("libr.so", "rpath"),
        ("libp.so", "library-path"),
        ("libd.so", "default"),
        ("/abs/libx.so", "path"),
        ("libu.so", "runpath"),
        ("libp.so", "loaded"),
    ]
    assert [item.origin for item in result.objects] == ["artifact", "environment", "artifact", *["environment"] * 3]


INHERITED: Sequence[tuple[str, Mapping[str, File], list[str]]] = (
    ("rpath of the loader", {M: need("liba.so", rpath="/r"), "/r/liba.so": need("libb.so"), "/r/libb.so": LIB},
     ["/r/liba.so", "/r/libb.so"]),
    ("rpath of the loader's loader", {M: need("liba.so", rpath="/r"), "/r/liba.so": need("libb.so"),
                                      "/r/libb.so": need("libc.so"), "/r/libc.so": LIB},
     ["/r/liba.so", "/r/libb.so", "/r/libc.so"]),
    ("own rpath before the loader's", {M: need("liba.so", rpath="/r"), "/r/liba.so": need("libb.so", rpath="/s"),
                                       "/r/libb.so": LIB, "/s/libb.so": LIB}, ["/r/liba.so", "/s/libb.so"]),
    ("runpath is not inherited", {M: need("liba.so", runpath="/r"), "/r/liba.so": need("libb.so"), "/r/libb.so": LIB},
     ["/r/liba.so"]),
    ("an object with runpath inherits no rpath", {M: need("liba.so", rpath="/r"), "/r/libb.so": LIB,
                                                  "/r/liba.so": need("libb.so", runpath="/none")}, ["/r/liba.so"]),
    ("its children inherit again", {M: need("liba.so", rpath="/r"), "/r/liba.so": need("libb.so", runpath="/u"),
                                    "/u/libb.so": need("libc.so"), "/r/libc.so": LIB},
     ["/r/liba.so", "/u/libb.so", "/r/libc.so"]),
    ("a sibling's rpath is not used", {M: need("liba.so", "libb.so", rpath="/q"), "/q/liba.so": need(rpath="/r"),
                                       "/q/libb.so": need("libc.so"), "/r/libc.so": LIB},
     ["/q/liba.so", "/q/libb.so"]),
    ("origin of the owner", {M: need("liba.so", rpath="$ORIGIN/x:/q"), "/q/liba.so": need("libb.so"),
                             "/opt/python/pkg/x/libb.so": LIB, "/q/x/libb.so": LIB},
     ["/q/liba.so", "/opt/python/pkg/x/libb.so"]),
)  # fmt: skip


@pytest.mark.parametrize(("files", "paths"), [case[1:] for case in INHERITED], ids=[case[0] for case in INHERITED])
def test_inheritance(files: Mapping[str, File], paths: list[str]) -> None:
    assert found(load(files, M)) == paths


LOADED: Sequence[tuple[str, Mapping[str, File], list[str], list[str]]] = (
    ("breadth first", {M: need("liba.so", "libb.so"), "/opt/lib/liba.so": need("libc.so"),
                       "/opt/lib/libb.so": LIB, "/opt/lib/libc.so": LIB},
     ["/opt/lib/liba.so", "/opt/lib/libb.so", "/opt/lib/libc.so"], []),
    ("first copy serves all", {M: need("liba.so", "libb.so", rpath="/q"), "/q/liba.so": LIB,
                               "/q/libb.so": need("liba.so", rpath="/s"), "/s/liba.so": LIB},
     ["/q/liba.so", "/q/libb.so"], []),
    ("a soname answers", {M: need("libfile.so", "libname.so"), "/opt/lib/libfile.so": build_elf(soname="libname.so")},
     ["/opt/lib/libfile.so"], []),
    ("the soname need not match", {M: need("liba.so"), "/opt/lib/liba.so": build_elf(soname="other.so")},
     ["/opt/lib/liba.so"], []),
    ("the program's own soname answers", {M: build_elf(needed=["me.so"], soname="me.so")}, [], []),
    ("the same file under two names", {M: need("liba.so", "libb.so"), "/opt/lib/liba.so": LIB,
                                       "/opt/lib/libb.so": "liba.so"}, ["/opt/lib/liba.so"], []),
    ("a failed lookup is tried anew", {M: need("libx.so", "liba.so"), "/opt/lib/liba.so": need("libx.so", rpath="/r"),
                                       "/r/libx.so": LIB}, ["/opt/lib/liba.so", "/r/libx.so"], ["libx.so"]),
    ("what was loaded helps the next", {M: need("liba.so", "libb.so"), "/opt/lib/liba.so": need("libx.so", rpath="/r"),
                                        "/r/libx.so": LIB, "/opt/lib/libb.so": need("libx.so")},
     ["/opt/lib/liba.so", "/opt/lib/libb.so", "/r/libx.so"], []),
    ("circles end", {M: need("liba.so"), "/opt/lib/liba.so": need("libb.so"), "/opt/lib/libb.so": need("liba.so")},
     ["/opt/lib/liba.so", "/opt/lib/libb.so"], []),
)  # fmt: skip


@pytest.mark.parametrize(("files", "paths", "missing"), [case[1:] for case in LOADED], ids=[case[0] for case in LOADED])
def test_what_is_loaded_already(files: Mapping[str, File], paths: list[str], missing: list[str]) -> None:
    result = load(files, M)
    assert found(result) == paths
    assert [lookup.name for lookup in result.missing] == missing
    assert result.status == ("fails" if missing else "loads")


FATAL: Sequence[tuple[str, File, str]] = (
    ("text", b"INPUT(libz.so.1)\n", "not an ELF"),
    ("empty", b"", "empty"),
    ("program", build_elf(etype="exec"), "program"),
    ("pie", build_elf(etype="pie"), "program"),
    ("object file", build_elf(etype="rel"), "not a shared object"),
    ("big-endian", build_elf(data="msb"), "big-endian"),
    ("os abi", build_elf(osabi=9), "OS ABI"),
    ("abi version", build_elf(abiversion=7), "OS ABI"),
)


@pytest.mark.parametrize(("file", "reason"), [case[1:] for case in FATAL], ids=[case[0] for case in FATAL])
def test_a_candidate_that_cannot_be_used_at_all_ends_the_load(file: File, reason: str) -> None:
    files: dict[str, File] = {M: need("liba.so"), "/var/task/liba.so": file, "/opt/lib/liba.so": LIB}
    result = load(files, M)
    assert result.status == "fails"
    assert result.error is not None
    assert result.error[0] == "/var/task/liba.so"
    assert reason in result.error[1]


def test_a_directory_in_place_of_a_library_ends_the_load() -> None:
    result = load({M: need("liba.so"), "/var/task/liba.so/x": b"x", "/opt/lib/liba.so": LIB}, M)
    assert result.error == ("/var/task/liba.so", "it is a directory")


def test_a_fatal_candidate_behind_the_good_one_does_no_harm() -> None:
    assert load({M: need("liba.so"), "/usr/lib64/liba.so": LIB, "/opt/lib/liba.so": b"text"}, M).status == "loads"


def test_only_glibc_226_takes_a_pie_for_a_library() -> None:
    files: dict[str, File] = {M: need("liba.so"), "/opt/lib/liba.so": build_elf(etype="pie")}
    assert load(files, M, version="2.26").status == "loads"
    assert load(files, M, version="2.34").status == "fails"


def test_a_name_with_a_slash_is_opened_as_it_stands() -> None:
    files: dict[str, File] = {M: need("/opt/x/liba.so", "sub/libb.so"), "/opt/x/liba.so": LIB, "/opt/lib/libb.so": LIB}
    result = load(files, M)
    assert found(result) == ["/opt/x/liba.so"]
    assert [(lookup.name, lookup.tried) for lookup in result.missing] == [("sub/libb.so", ("sub/libb.so: absent",))]
    assert found(load({M: need("sub/libb.so"), "/var/task/sub/libb.so": LIB}, M)) == ["sub/libb.so"]


def test_a_path_that_is_a_loop_is_merely_not_found() -> None:
    result = load({M: need("/opt/x/liba.so", "libb.so"), "/opt/x/liba.so": "liba.so", "/opt/lib/libb.so": LIB}, M)
    assert (found(result), result.error) == (["/opt/lib/libb.so"], None)
    assert [lookup.name for lookup in result.missing] == ["/opt/x/liba.so"]


def test_a_missing_library_lists_every_place_in_order_with_its_reason() -> None:
    files: dict[str, File] = {
        M: build_elf(needed=["liba.so"], rpath="/r:$ORIGIN"),
        "/opt/python/pkg/liba.so": build_elf(machine="aarch64"),
    }
    (lookup,) = load(files, M).missing
    assert lookup.tried == (
        "/r/liba.so: absent (rpath)",
        "/opt/python/pkg/liba.so: it is for arm64 (rpath)",
        *[
            f"{directory}/liba.so: absent (library-path)"
            for directory in (
                "/var/lang/lib", "/lib64", "/usr/lib64", "/var/runtime", "/var/runtime/lib", "/var/task",
                "/var/task/lib", "/opt/lib",
            )
        ],
        "/lib64/liba.so: absent (default)",
        "/usr/lib64/liba.so: absent (default)",
    )  # fmt: skip


def test_later_layers_hide_the_library_of_earlier_ones() -> None:
    from layercheck.artifact import open_artifact
    from layercheck.filesystem import OPT, Filesystem, Mount, Overlay
    from layercheck.linker import GlibcLoader
    from support.zip_writer import simple_zip

    first = open_artifact(simple_zip({"python/m.so": need("liba.so"), "lib/liba.so": LIB}))
    second = open_artifact(simple_zip({"lib/liba.so": need("libgone.so")}))
    filesystem = Filesystem(Overlay([Mount(first, OPT), Mount(second, OPT)]), environment_of({}))
    result = GlibcLoader(filesystem).load_program("/opt/python/m.so")
    assert [lookup.name for lookup in result.missing] == ["libgone.so"]
    assert result.chain("/opt/lib/liba.so") == ("/opt/python/m.so", "/opt/lib/liba.so")


def test_a_file_that_is_no_elf_is_damaged_as_a_program() -> None:
    assert load({M: b"text"}, M).status == "damaged"
    assert load({M: LIB}, "/opt/gone.so").status == "damaged"


def test_libraries_that_are_known_by_name_only_load() -> None:
    files: dict[str, File] = {M: need("libc.so.6", "libz.so.1"), "/usr/lib64/libc.so.6": named("libc.so.6"),
                              "/usr/lib64/libz.so.1": named("libz.so.1"), "/lib64": "usr/lib64"}  # fmt: skip
    result = load(files, M)
    assert found(result) == ["/lib64/libc.so.6", "/lib64/libz.so.1"]
    assert result.objects[1].real == "/usr/lib64/libc.so.6"
    assert environment_file(b"") != environment_file(b"x")
    assert filesystem_of(files).lookup("/lib64/libz.so.1") is not None
