"""Which definitions serve which wants: the rules that the recorded cases and random processes do not single out."""

from __future__ import annotations

import pytest

from layercheck.elf.symbols import Export, Symbols, Wanted
from layercheck.environment.model import Loader
from layercheck.linker.behaviour import Behaviour, behaviour_of
from layercheck.linker.symbols import ABORTS, NOT_IN_FILE, NOWHERE, Supplier, unbound

A, B = Export("V1", True), Export("V2", True)
PLAIN, DEFAULT = Export(None, False), Export("V2", False)


def behaviour(release: str) -> Behaviour:
    return behaviour_of(Loader("glibc", release, "/ld", (), "lib64"), "x86_64", "")


def why(wanted: Wanted, *others: Supplier, release: str | None = "2.34") -> str | None:
    program = Supplier("/m", Symbols({}, (wanted,)))
    rules = None if release is None else behaviour(release)
    found = list(unbound([program, *others], {"/m"}, rules))
    return found[0].why if found else None


def library(*exports: Export, versioned: bool = True, oldest: str | None = None, name: str = "liba.so") -> Supplier:
    defined = {"f": exports} if exports else {}
    return Supplier(f"/{name}", Symbols(defined, (), versioned, oldest), frozenset({f"/{name}", name}))


@pytest.mark.parametrize(
    ("exports", "oldest", "version", "serves"),
    [
        ((PLAIN,), None, None, True),
        ((PLAIN,), None, "V1", True),
        ((Export(None, True),), None, "V1", False),
        ((DEFAULT,), None, "V2", True),
        ((DEFAULT,), None, "V1", False),
        ((A, B), None, "V2", True),
        ((A,), None, None, False),
        ((A,), "V1", None, True),
        ((A, DEFAULT), None, None, True),
        ((Export("V3", False), DEFAULT), None, None, False),
        ((Export("V3", False), DEFAULT), "V2", None, True),
        ((), None, None, False),
    ],
)
def test_versions(exports: tuple[Export, ...], oldest: str | None, version: str | None, serves: bool) -> None:
    wanted = Wanted("f", version, "libz.so" if version else None)
    assert why(wanted, library(*exports, oldest=oldest)) == (None if serves else NOWHERE)


def test_older_loaders_seek_no_further_than_the_file_that_had_it() -> None:
    wanted = Wanted("f", "V1", "liba.so")
    others = (library(), library(Export("V1", False), name="libb.so"))
    assert why(wanted, *others, release="2.26") == NOT_IN_FILE
    assert why(wanted, *others) is None
    assert why(wanted, *reversed(others), release="2.26") is None
    assert why(wanted, *others, release=None) is None


def test_a_library_that_lost_its_versions_ends_older_loaders() -> None:
    wanted, other = Wanted("f", "V1", "liba.so"), library(PLAIN, versioned=False)
    assert [why(wanted, other, release=release) for release in ("2.26", "2.36", "2.41")] == [ABORTS, ABORTS, None]
    assert why(wanted._replace(weak=True), other, release="2.36") == ABORTS
    assert why(wanted._replace(file="libb.so"), other, release="2.36") is None


def test_the_first_value_of_a_copied_object_comes_from_another_file() -> None:
    program = Supplier("/m", Symbols({"f": (PLAIN,)}, (Wanted("f", copied=True),)))
    assert [item.why for item in unbound([program], {"/m"}, behaviour("2.34"))] == [NOWHERE]
    assert list(unbound([program, library(PLAIN)], {"/m"}, behaviour("2.34"))) == []


def test_musl_compares_no_versions_but_passes_over_hidden_ones() -> None:
    wanted = Wanted("f", "V9", "liba.so")
    assert why(wanted, library(DEFAULT), release=None) is None
    assert why(wanted, library(A, B), release=None) == NOWHERE
    assert why(wanted, library(A, DEFAULT), release=None) is None


def test_only_what_was_asked_about_is_told() -> None:
    other = Supplier("/l", Symbols({}, (Wanted("g"),)))
    program = Supplier("/m", Symbols({}, (Wanted("f", lazy=True),)))
    rules = behaviour("2.34")
    assert [item.required_by for item in unbound([program, other], {"/m", "/l"}, rules)] == ["/m", "/l"]
    assert [item.required_by for item in unbound([program, other], {"/l"}, rules)] == ["/l"]
    assert list(unbound([program, other], {"/m"}, rules, lazy=True)) == []
