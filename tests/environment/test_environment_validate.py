from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from layercheck.environment.store import NAMES, read
from layercheck.environment.validate import validate_data

Tables = dict[str, Any]


def test_the_packages_own_tables_are_sound() -> None:
    assert validate_data() == []


def delete(*path: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        place: Any = tables
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return change


def put(*path: Any) -> Callable[[Tables], None]:
    *keys, last, value = path

    def change(tables: Tables) -> None:
        place: Any = tables
        for key in keys:
            place = place[key]
        place[last] = value

    return change


PYTHON = ("runtimes", "runtimes", "python3.12")
LIBC = ("libraries-al2023", "version_lists", "libc.so.6")
ZLIB = ("libraries-al2023", "libraries", "libz.so.1")
OWN = ("runtime-libraries", "sets", "python3.12-x86_64", "/var/lang/lib")
LIMIT = ("limits", "limits", "unzipped_total_bytes")

CASES = [
    pytest.param(delete("limits"), "limits: no such table", id="table-gone"),
    pytest.param(put("programs", "systems", "al2", "directories", {"bin": "a"}), "directories is malformed", id="bin"),
    pytest.param(
        put("programs", "systems", "al2", "directories", {"/bin": "a a"}), "directories is malformed", id="twice"
    ),
    pytest.param(put("programs", "languages", "ruby", "programs", 1), "programs is malformed", id="programs-no-text"),
    pytest.param(put("programs", "links", {"/bin": "usr"}), "links: /bin is malformed", id="link-not-absolute"),
    pytest.param(delete("programs", "elsewhere", "source"), "elsewhere: source is missing", id="elsewhere-source"),
    pytest.param(put("more", {}), "more: unknown table", id="table-unknown"),
    pytest.param(put("limits", []), "limits: not an object", id="table-not-an-object"),
    pytest.param(put("layout", "layouts", []), "layout: layouts is missing or malformed", id="section-malformed"),
    pytest.param(put(*PYTHON, "colour", 1), "runtimes: python3.12: unknown key colour", id="key-unknown"),
    pytest.param(delete(*PYTHON, "os"), "runtimes: python3.12: os is missing", id="key-missing"),
    pytest.param(put(*PYTHON, "os", "al3"), "runtimes: python3.12: os is malformed: 'al3'", id="os-unknown"),
    pytest.param(put(*PYTHON, "layout", "perl"), "python3.12: layout is malformed: 'perl'", id="layout-dangling"),
    pytest.param(put(*PYTHON, "architectures", ["mips"]), "architectures is malformed", id="architecture-unknown"),
    pytest.param(delete(*PYTHON, "version"), "python3.12: version is missing", id="version-missing"),
    pytest.param(delete(*PYTHON, "dates", "source"), "python3.12: dates: source is missing", id="date-source-missing"),
    pytest.param(
        put(*PYTHON, "dates", "deprecation", "2026-02-30"), "deprecation is malformed: '2026-02-30'", id="date-bad"
    ),
    pytest.param(put(*PYTHON, "dates", "deprecation", "soon"), "deprecation is malformed: 'soon'", id="date-text"),
    pytest.param(
        put(*PYTHON, "dates", "block_update", "2020-01-01"), "python3.12: dates are out of order", id="date-order"
    ),
    pytest.param(
        put(*PYTHON, "dates", "confidence", "sure"), "confidence is malformed: 'sure'", id="confidence-unknown"
    ),
    pytest.param(
        put(*PYTHON, "dates", "source", "hearsay"), "source hearsay is not explained in sources", id="source-dangling"
    ),
    pytest.param(put(*LIBC, "source", []), "libc.so.6: source is malformed: []", id="source-empty"),
    pytest.param(put("sources", "sources", "spare", {"what": "x", "at": "y"}), "spare: no fact uses it", id="unused"),
    pytest.param(delete("sources", "sources", "fluent", "at"), "sources: fluent: at is missing", id="source-unplaced"),
    pytest.param(
        delete("sources", "confidences", "low"), "sources: confidences: low is missing", id="confidence-missing"
    ),
    pytest.param(put("runtimes", "data_version", "today"), "data_version is malformed: 'today'", id="version-bad"),
    pytest.param(
        put("runtimes", "retired", "identifiers", ["python3.12"]), "python3.12: retired and in the table", id="retired"
    ),
    pytest.param(
        put("runtimes", "runtimes", "nodejs24.x", "node_module_version", "value", "137"),
        "nodejs24.x: node_module_version: value is malformed: '137'",
        id="node-abi-text",
    ),
    pytest.param(
        delete("runtimes", "runtimes", "nodejs24.x", "esm_uses_node_path"), "esm_uses_node_path belongs", id="esm-gone"
    ),
    pytest.param(
        put("layout", "layouts", "java", "class_path", ["lib/*"]),
        "layout: java: class_path is malformed",
        id="relative-search",
    ),
    pytest.param(
        put("layout", "common", "library_path", ["/lib64", "/lib64"]), "library_path is malformed", id="path-twice"
    ),
    pytest.param(put(*LIBC, "nodes", "GLIBC_2.4 GLIBC_2.4"), "libc.so.6: nodes is malformed", id="node-twice"),
    pytest.param(put(*LIBC, "unverified_nodes", "GLIBC_2.34"), "both there and unverified: GLIBC_2.34", id="node-both"),
    pytest.param(put(*LIBC, "complete", "yes"), "complete is malformed: 'yes'", id="complete-text"),
    pytest.param(put(*LIBC, "confidence", "low"), "a list of low confidence cannot be complete", id="low-complete"),
    pytest.param(put(*ZLIB, "versions", "libzz"), "libz.so.1: versions is malformed: 'libzz'", id="list-dangling"),
    pytest.param(delete(*ZLIB, "versions"), "version list libz.so.1: unused", id="list-unused"),
    pytest.param(put(*ZLIB, "names", ["libz.so.1", "libz.so.1"]), "libz.so.1: names is malformed", id="name-twice"),
    pytest.param(
        put(*ZLIB, "names", ["libz.so.1", "libz.so.1.2.11"]), "longest name is the file and comes first", id="order"
    ),
    pytest.param(
        put(*ZLIB, "names", ["libz.so.1.2.11", "libbz2.so.1"]),
        "libbz2.so.1 belongs to libbz2.so.1 and",
        id="two-owners",
    ),
    pytest.param(delete(*ZLIB, "source"), "libz.so.1: source is missing", id="library-source-missing"),
    pytest.param(
        put("libraries-al2023", "floor", "libraries", "libq.so.1", read("libraries-al2")["libraries"]["libacl.so.1"]),
        "libq.so.1 is not in the inventory",
        id="floor",
    ),
    pytest.param(put("libraries-al2", "loader", "arm64", "ld.so"), "libraries-al2: loader is malformed", id="loader"),
    pytest.param(put(*OWN, "plain", "a.so a.so"), "plain is malformed", id="own-twice"),
    pytest.param(put(*OWN, "plain", "libbz2.so"), "libbz2.so comes twice", id="own-in-both"),
    pytest.param(put(*OWN, "libraries", "libz.so", {"size": 1}), "libz.so: unknown key size", id="own-unknown-key"),
    pytest.param(
        put("runtime-libraries", "sets", "other", {}), "none and other are the same", id="same-set-under-two-names"
    ),
    pytest.param(
        put("runtime-libraries", "runtimes", "java25", "arm64", "java99"),
        "java25: arm64 is malformed",
        id="set-dangling",
    ),
    pytest.param(delete("runtime-libraries", "runtimes", "java25"), "java25: not an object", id="set-missing"),
    pytest.param(
        put("runtime-libraries", "runtimes", "perl5", read("runtime-libraries")["runtimes"]["java25"]),
        "perl5: no such runtime",
        id="runtime-stranger",
    ),
    pytest.param(put(*LIMIT, "value", "many"), "value is malformed: 'many'", id="limit-text"),
    pytest.param(put(*LIMIT, "value", 0), "unzipped_total_bytes: value is malformed: 0", id="limit-zero"),
    pytest.param(delete("limits", "limits", "layers_per_function"), "layers_per_function is missing", id="limit-gone"),
    pytest.param(delete("bundled-packages", "lists", "nodejs22.x-nested"), "nested is malformed", id="bundle-dangling"),
    pytest.param(put("bundled-packages", "lists", "more", ["a"]), "list more: unused", id="bundle-unused"),
    pytest.param(put("bundled-packages", "lists", "nodejs16.x-modules", ["a", "a"]), "malformed", id="bundle-twice"),
    pytest.param(
        put("bundled-packages", "runtimes", "java25", "versions", "", "x", 3),
        "java25: versions is malformed",
        id="bundle-bad",
    ),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_each_kind_of_fault_is_found(change: Callable[[Tables], None], expected: str) -> None:
    tables = {name: copy.deepcopy(read(name)) for name in NAMES}
    change(tables)
    problems = validate_data(tables)
    assert any(expected in problem for problem in problems), problems


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def test_no_wrong_type_anywhere_passes_or_crashes() -> None:
    tables = {name: copy.deepcopy(read(name)) for name in NAMES}
    everywhere = places(tables)
    for container, key in random.Random(7).sample(everywhere, 100):
        old = container[key]
        wrongs: tuple[Any, ...] = ([], {}, 1, "")
        for wrong in wrongs:
            if old is not None and type(wrong) is not type(old):
                container[key] = wrong
                assert validate_data(tables), (key, old, wrong)
        # Null says that a date, a version or an ABI number is not known; elsewhere it is a fault. It never crashes.
        container[key] = None
        assert validate_data(tables) or old is None or isinstance(old, (str, int)), (key, old)
        container[key] = old


def test_faults_come_sorted_and_once() -> None:
    tables = {name: copy.deepcopy(read(name)) for name in NAMES}
    for name in ("python3.8", "python3.12"):
        tables["runtimes"]["runtimes"][name]["colour"] = 1
    assert validate_data(tables) == [
        "runtimes: python3.12: unknown key colour",
        "runtimes: python3.8: unknown key colour",
    ]
