"""Symbols in environment files: what is kept, and that reading gives it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.runs import here
from layercheck.elf.symbols import Export, Symbols, Wanted, order_of, read_symbols
from layercheck.environment import Environment
from layercheck.environment.capture_symbols import symbols_of, to_record
from layercheck.environment.captured import from_document, load_file
from layercheck.environment.captured import symbols_of as of_environment
from support.elf_writer import build_elf
from support.root_tree import write_tree

LD = "/lib64/ld-linux-x86-64.so.2"
LIBC = build_elf(soname="libc.so.6", verdef=["GLIBC_2.2.5"], syms=[["puts", "GLIBC_2.2.5"], "plain"])
PYTHON = build_elf(etype="pie", interp=LD, needed=["libc.so.6"], syms=["PyLong_New"], undef=["puts"])
TREE: dict[str, bytes | str | None] = {
    "/lib64": "usr/lib64",
    "/usr/lib64/ld-linux-x86-64.so.2": build_elf(soname="ld-linux-x86-64.so.2") + b"\0/lib64/\0/usr/lib64/\0",
    "/usr/lib64/libc.so.6": LIBC,
    "/usr/lib64/libbroken.so": build_elf(soname="libbroken.so", replace_dyn={11: 5}),
    "/usr/bin/python3.12": PYTHON,
}
texts = st.text(max_size=4)
nodes = st.none() | st.sampled_from(["V1", "V2"])
exports = st.lists(st.builds(Export, nodes, st.booleans()), min_size=1, max_size=3).map(tuple)
wants = st.builds(Wanted, texts, nodes, nodes, st.booleans(), st.booleans(), st.booleans())
some_symbols = st.builds(
    Symbols,
    st.dictionaries(texts, exports, max_size=5),
    st.sets(wants, max_size=6).map(lambda found: tuple(sorted(found, key=order_of))),
    st.booleans(),
    nodes,
)


@settings(deadline=None)
@given(some_symbols)
def test_what_is_written_is_read(symbols: Symbols) -> None:
    read = symbols_of({"/x": json.loads(json.dumps(to_record(symbols)))}, "/x")
    assert read is not None
    assert read._replace(defined={}) == symbols._replace(defined={})
    in_order = {name: sorted(found, key=str) for name, found in read.defined.items()}
    assert in_order == {name: sorted(found, key=str) for name, found in symbols.defined.items()}


@pytest.mark.parametrize(
    "record",
    [
        None, 3, [], {}, {"defined": 3}, {"defined": {"": "abc"}, "wanted": [], "versioned": False, "oldest": None},
        {"defined": {}, "wanted": [{"names": ["f"]}], "versioned": False, "oldest": None},
        {"defined": {}, "wanted": [], "versioned": False, "oldest": 3}, {"defined": {}, "wanted": 3},
    ],
)  # fmt: skip
def test_a_record_that_makes_no_sense_is_not_known(record: Any) -> None:
    assert symbols_of({"/x": record}, "/x") is None
    assert symbols_of({}, "/x") is None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_tree(tmp_path / "root", TREE)
    os.link(root / "usr/bin/python3.12", root / "usr/bin/python3")
    return root


def environment(root: Path, *options: str) -> Environment:
    file = root.parent / "env.json"
    done = here("capture", str(root), "-o", str(file), *options)
    assert (done.code, done.err) == (0, "")
    return load_file(file)


def test_each_elf_file_has_its_symbols_the_interpreter_too(root: Path) -> None:
    found = environment(root, "--symbols")
    assert sorted(found.symbols) == [
        "/usr/bin/python3", "/usr/bin/python3.12", "/usr/lib64/ld-linux-x86-64.so.2", "/usr/lib64/libc.so.6",
    ]  # fmt: skip
    assert of_environment(found, "/usr/lib64/libc.so.6") == read_symbols(LIBC)
    assert of_environment(found, "/usr/bin/python3.12") == read_symbols(PYTHON)
    assert of_environment(found, "/usr/lib64/libbroken.so") is None


def test_a_tar_gives_the_same(root: Path) -> None:
    with tarfile.open(root.parent / "root.tar", "w") as archive:
        archive.add(root, ".")
    from_tree = environment(root, "--symbols").symbols
    done = here("capture", str(root.parent / "root.tar"), "--symbols")
    assert done.code == 0
    from_tar = from_document(json.loads(done.out)).symbols
    assert {path: symbols_of(from_tar, path) for path in from_tar} == {
        path: symbols_of(from_tree, path) for path in from_tree
    }


def test_without_the_option_nothing_of_it_is_in_the_file(root: Path) -> None:
    assert environment(root).symbols == {}
    assert '"symbols"' not in (root.parent / "env.json").read_text()


def test_loading_reads_no_symbols(root: Path) -> None:
    environment(root, "--symbols")
    code = "import sys; from layercheck.environment.captured import load_file; load_file(sys.argv[1]); "
    code += "print('layercheck.environment.capture_symbols' in sys.modules)"
    command = [sys.executable, "-c", code, str(root.parent / "env.json")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_response_of_a_function_has_no_symbols(tmp_path: Path) -> None:
    response = tmp_path / "response.json"
    response.write_text('{"layercheck_capture": 1, "lines": []}')
    done = here("capture", str(response), "--symbols")
    assert done.code == 3
    assert "no symbols" in done.err
