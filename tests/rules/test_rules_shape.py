"""The outline of an artifact, against one that asks each path for itself; and names that differ only in case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck import check
from layercheck.artifact import open_artifact
from layercheck.rules import outline
from support.zip_writer import simple_zip

ENDINGS = {
    "python": (".py", ".pyc", ".pyd"),
    "nodejs": (".js", ".mjs", ".cjs", ".node"),
    "java": (".jar", ".class"),
    "ruby": (".rb",),
    "dotnet": (".dll",),
}
NAMES = (
    "py",
    "a.py",
    "__init__.py",
    "package.json",
    "b.js",
    "libx.so",
    "libx.so.1",
    "x.so.js",
    "c.rb",
    "LICENSE",
    "d.",
)
PLACES = ("", "python/", "python/pkg/", "python/p.dist-info/", "q-1.dist-info/", "a.py.d/js/", "__MACOSX/python/", "z/")
PATHS = st.builds("".join, st.tuples(st.sampled_from(PLACES), st.sampled_from(NAMES)))


def languages_of(path: str) -> set[str]:
    name = path.rpartition("/")[2]
    found = {language for language, endings in ENDINGS.items() if name.endswith(endings)}
    return found or ({"native"} if ".so" in name else set())


@given(paths=st.lists(PATHS, max_size=12, unique=True))
def test_the_outline_is_what_each_path_says(paths: list[str]) -> None:
    with open_artifact(simple_zip(dict.fromkeys(paths, b"x = 1\n"))) as artifact:
        shape = outline(artifact)
    paths = [path for path in paths if not path.startswith("__MACOSX")]
    below = [path.split("/") for path in paths if path.count("/") == 1]
    tops = [path.partition("/")[0] for path in paths]
    assert shape.tops == {top: tops.count(top) for top in tops}
    assert shape.root_files == tuple(sorted(path for path in paths if "/" not in path))
    assert shape.names == {path.rpartition("/")[2] for path in paths}
    wanted: dict[str, set[str]] = {}
    for path, top in zip(paths, tops, strict=True):
        wanted.setdefault(top, set()).update(languages_of(path))
    assert shape.languages == {top: found for top, found in wanted.items() if found}
    parents = {path[:end] for path in paths for end in range(len(path)) if path[end] == "/"}
    assert shape.directories == parents
    assert shape.python_packages == tuple(sorted(top for top, name in below if name == "__init__.py"))
    assert shape.npm_packages == tuple(sorted(top for top, name in below if name == "package.json"))
    assert shape.distributions == tuple(sorted({top for top, _ in below if top.endswith(".dist-info")}))


@pytest.mark.parametrize(
    ("one", "two", "collide"),
    [
        ("python/Foo.py", "python/foo.py", True),
        ("python/foo.py", "python/bar.py", False),
        ("python/A\nB.py", "python/a\nb.py", True),
        ("python/Ärger.py", "python/ärger.py", True),
        ("python/Straße.py", "python/Strasse.py", False),
    ],
)
def test_names_that_differ_only_in_case(one: str, two: str, *, collide: bool) -> None:
    found = check(simple_zip({one: b"x = 1\n", two: b"y = 1\n"}), runtime="python3.12", architecture="x86_64").findings
    assert ("LC013" in {finding.rule for finding in found}) is collide
