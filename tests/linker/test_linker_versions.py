"""Version nodes: found, missing or unverified in the library that is found first."""

from __future__ import annotations

from layercheck.environment.model import Named
from layercheck.linker import Load
from linker.trees import File, load, named
from support.elf_writer import build_elf

M = "/opt/python/m.so"


def asking(*nodes: str | tuple[str, int], library: str = "liba.so", rpath: str | None = None) -> bytes:
    return build_elf(needed=[library], verneed={library: nodes}, rpath=rpath)


def missing(result: Load) -> list[tuple[str, str]]:
    return [(fact.path, fact.version) for fact in result.missing_versions]


def test_a_node_of_a_library_of_the_artifact() -> None:
    files: dict[str, File] = {M: asking("A_1", "A_2"), "/opt/lib/liba.so": build_elf(verdef=["A_1"], soname="liba.so")}
    result = load(files, M)
    assert result.status == "fails"
    assert missing(result) == [("/opt/lib/liba.so", "A_2")]
    assert result.missing_versions[0].required_by == M


def test_the_first_copy_decides_although_a_newer_one_follows() -> None:
    files: dict[str, File] = {
        M: asking("A_2"),
        "/usr/lib64/liba.so": named("liba.so", "A_1"),
        "/opt/lib/liba.so": build_elf(verdef=["A_1", "A_2"]),
    }
    assert missing(load(files, M)) == [("/usr/lib64/liba.so", "A_2")]
    files[M] = asking("A_2", rpath="/opt/lib")
    assert load(files, M).status == "loads"


def test_a_weak_need_is_only_a_remark() -> None:
    files: dict[str, File] = {M: asking(("A_9", 2)), "/opt/lib/liba.so": build_elf(verdef=["A_1"])}
    result = load(files, M)
    assert (result.status, missing(result), result.unverified) == ("loads", [], ())


def test_a_library_without_version_definitions_meets_any_need() -> None:
    assert load({M: asking("A_9"), "/opt/lib/liba.so": build_elf()}, M).status == "loads"


def test_the_base_name_counts_as_a_node() -> None:
    files: dict[str, File] = {M: asking("liba.so"), "/opt/lib/liba.so": build_elf(verdef=["A_1"], soname="liba.so")}
    assert load(files, M).status == "loads"


def test_unverified_is_neither_found_nor_missing() -> None:
    library = named("liba.so", "A_1", unverified=("A_2",))
    result = load({M: asking("A_1", "A_2"), "/usr/lib64/liba.so": library}, M)
    assert (result.status, missing(result)) == ("unverified", [])
    assert [fact.version for fact in result.unverified] == ["A_2"]


def test_nodes_outside_an_incomplete_list_are_unverified() -> None:
    library = named("liba.so", "A_1", complete=False)
    result = load({M: asking("A_1", "A_7"), "/usr/lib64/liba.so": library}, M)
    assert [fact.version for fact in result.unverified] == ["A_7"]


def test_nodes_of_a_library_known_by_name_only_are_unverified() -> None:
    result = load({M: asking("A_1"), "/usr/lib64/liba.so": Named("liba.so", None)}, M)
    assert (result.status, [fact.version for fact in result.unverified]) == ("unverified", ["A_1"])


def test_missing_beats_unverified() -> None:
    files: dict[str, File] = {
        M: build_elf(needed=["liba.so", "libb.so"], verneed={"liba.so": ["A_2"], "libb.so": ["B_1"]}),
        "/usr/lib64/liba.so": named("liba.so", "A_1"),
        "/usr/lib64/libb.so": Named("libb.so", None),
    }
    result = load(files, M)
    assert (result.status, missing(result)) == ("fails", [("/usr/lib64/liba.so", "A_2")])
    assert len(result.unverified) == 1


def test_versions_of_a_missing_library_are_not_told_too() -> None:
    result = load({M: asking("A_1")}, M)
    assert [lookup.name for lookup in result.missing] == ["liba.so"]
    assert (missing(result), result.error) == ([], None)


def test_a_version_table_that_names_nothing_loaded_ends_the_load() -> None:
    result = load({M: build_elf(needed=["liba.so"], verneed={"libz.so": ["Z_1"]}), "/opt/lib/liba.so": build_elf()}, M)
    assert result.status == "fails"
    assert result.error is not None
    assert "libz.so" in result.error[1]


def test_a_mere_soname_does_not_answer_a_version_table() -> None:
    files: dict[str, File] = {
        M: build_elf(needed=["libfile.so"], verneed={"libname.so": ["A_1"]}),
        "/opt/lib/libfile.so": build_elf(soname="libname.so", verdef=["A_1"]),
    }
    assert load(files, M).error is not None


def test_every_object_is_asked_not_only_the_root() -> None:
    files: dict[str, File] = {
        M: build_elf(needed=["liba.so"]),
        "/opt/lib/liba.so": asking("GLIBC_2.38", library="libc.so.6"),
        "/usr/lib64/libc.so.6": named("libc.so.6", "GLIBC_2.2.5"),
        "/lib64": "usr/lib64",
    }
    result = load(files, M)
    assert [(f.required_by, f.path, f.version) for f in result.missing_versions] == [
        ("/opt/lib/liba.so", "/lib64/libc.so.6", "GLIBC_2.38")
    ]
