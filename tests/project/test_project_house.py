"""The order of the rooms, the size of the files, and words that must not be in them."""

from __future__ import annotations

import re

import pytest

from project.sources import ROOT, Import, imports, imports_of, modules, text_files

ROOMS = (
    "finding",
    "elf",
    "artifact",
    "environment",
    "filesystem",
    "linker",
    "rules",
    "check",
    "inspect",
    "report",
    "config",
    "project",
    "testing",
    "cli",
)
"""From the ground up."""
BELOW_ALL = ("layercheck._version", "layercheck.named_tuple", "layercheck.json_table")
ABOVE_ALL = ("layercheck", "layercheck.__main__")

MOST_LINES = 400
LONGER: dict[str, str] = {}
"""Files above that, each with its reason."""

# In pieces, because this file is searched too.
FORBIDDEN = {
    "a registry's host": r"py" + r"pi\.org|python" + r"hosted\.org|registry\." + r"npmjs|npm" + r"js\.(com|org)",
    "a path of a machine": r"(?<![\w.])/wo" + r"rk/|/tmp/\w*be" + r"nch/|(?<!\w)/ro" + r"ot/|\.pye" + r"nv/",
    "a folder beside the project": r"\.\./sha" + r"red",
}


def room(module: str) -> str:
    return module.split(".")[1]


def level(module: str) -> int:
    if module in BELOW_ALL:
        return -1
    return len(ROOMS) if module in ABOVE_ALL else ROOMS.index(room(module))


def upward(found: Import) -> bool:
    return level(found.target) > level(found.module)


def test_every_module_is_in_a_room() -> None:
    homeless = [m for m in modules() if m not in (*BELOW_ALL, *ABOVE_ALL) and room(m) not in ROOMS]
    assert not homeless


def test_no_import_runs_upwards_not_even_a_lazy_one() -> None:
    found = list(imports())
    assert len(found) > 100
    assert [f"{i.module}:{i.line} imports {i.target}" for i in found if upward(i)] == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("layercheck.elf.reader", "from ..rules import all_rules"),
        ("layercheck.finding", "from .elf import ElfImage"),
        ("layercheck.elf.image", "def f():\n    import layercheck.check.run"),
        ("layercheck.artifact.entry", "from .. import linker"),
        ("layercheck.environment.store", "from layercheck import check"),
    ],
)
def test_an_upward_import_would_be_seen(module: str, line: str) -> None:
    assert [upward(found) for found in imports_of(module, line, is_package=False)] == [True]


def test_modules_import_one_another_without_circles() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for found in imports():
        if not found.lazy and found.target != found.module:
            graph[found.module].add(found.target)
    # What imports nothing that is left is taken away; what remains at the end is a circle, or imports one.
    while free := {name for name, targets in graph.items() if not targets & graph.keys()}:
        graph = {name: targets for name, targets in graph.items() if name not in free}
    assert not graph


def test_files_stay_short_enough_to_be_read() -> None:
    counts = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("layercheck", "tests", "benchmarks", "corpus", "docs")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: lines for name, lines in counts.items() if lines > MOST_LINES and name not in LONGER} == {}
    assert [name for name in LONGER if counts[name] <= MOST_LINES] == [], "no exception is needed any more"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert len(text_files()) > 100
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a registry's host", "https://" + "py" + "pi.org/simple"),
        ("a path of a machine", "see /wo" + "rk/main"),
        ("a folder beside the project", "../sha" + "red/x"),
    ],
)
def test_a_forbidden_word_would_be_seen(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)


@pytest.mark.parametrize("word", FORBIDDEN)
def test_ordinary_words_are_not_forbidden(word: str) -> None:
    assert not re.search(FORBIDDEN[word], "framework/ ./work/x ../share /opt/lib npm pip docs.python.org")
