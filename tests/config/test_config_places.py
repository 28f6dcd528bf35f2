"""Patterns of places: what fits, what does not, and that no pair of pattern and name takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.check.places import absolute, below, fits, is_at, is_below, split_place

FITS = [
    ("*.so", "python/a/b.so"),
    ("*.so", "b.so"),
    ("/*.so", "b.so"),
    ("python/**", "python/a/b.so"),
    ("python/numpy", "python/numpy/core/x.so"),
    ("numpy", "python/numpy/core/x.so"),
    ("python/*/x.so", "python/a/x.so"),
    ("python/**/x.so", "python/x.so"),
    ("python/**/x.so", "python/a/b/x.so"),
    ("**/core/*.so", "python/numpy/core/x.so"),
    ("[ab]?.py", "a1.py"),
    ("./python/x", "python/x"),
    ("**", "."),
    ("*", "."),
    (".", "."),
    ("a[", "a["),
    ("a[1].py", "a[1].py"),
    ("**/**/**/x", "x"),
]
MISSES = [
    ("*.so", "b.so.1"),
    ("/*.so", "a/b.so"),
    ("python/*.so", "python/a/b.so"),
    ("python/numpy", "python/numpy.libs/x.so"),
    ("a/*/b", "a/b"),
    ("*.so", "."),
    (".", "a"),
    ("PYTHON/**", "python/a"),
    ("python/x.so", "x.so"),
    ("a/**/b", "a/c"),
]


@pytest.mark.parametrize(("pattern", "path"), FITS)
def test_a_pattern_that_fits(pattern: str, path: str) -> None:
    assert fits(pattern, path)


@pytest.mark.parametrize(("pattern", "path"), MISSES)
def test_a_pattern_that_does_not_fit(pattern: str, path: str) -> None:
    assert not fits(pattern, path)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=2, max_size=6),
    st.lists(st.sampled_from("ab"), max_size=6),
)
@settings(deadline=None, max_examples=500)
def test_it_agrees_with_the_plain_definition(pattern: list[str], path: list[str]) -> None:
    def plain(wanted: list[str], parts: list[str]) -> bool:
        if not wanted:
            return True
        if wanted[0] == "**":
            return any(plain(wanted[1:], parts[skipped:]) for skipped in range(len(parts) + 1))
        return bool(parts) and wanted[0] in ("*", parts[0]) and plain(wanted[1:], parts[1:])

    assert fits("/".join(pattern), "/".join(path or ["c"])) == plain(pattern, path or ["c"])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("**/a/" * 200 + "b", "a/" * 3000 + "c"),
        ("*a" * 200 + "b", "a" * 20_000),
        ("[" * 3000, "[" * 3000 + "x"),
        ("*" * 5000 + "x", "y" * 5000),
    ],
    ids=("folders", "stars", "brackets", "many stars"),
)
def test_hostile_pairs_do_not_hang(pattern: str, path: str) -> None:
    start = time.process_time()
    assert not fits(pattern, path)
    assert time.process_time() - start < 10


@given(st.text(max_size=40), st.text(max_size=40))
@settings(deadline=None)
def test_any_pattern_and_any_path_can_be_compared(pattern: str, path: str) -> None:
    assert fits(pattern, path) in (True, False)
    assert is_below(pattern, "/base", path, "/base/sub") in (True, False)


def test_the_artifact_of_a_place() -> None:
    assert split_place("python/x") == (None, "python/x")
    assert split_place("dist/a.zip:python/x") == ("dist/a.zip", "python/x")
    assert split_place("dist/a.zip:") == ("dist/a.zip", "**")


def test_paths_of_artifacts() -> None:
    assert absolute("../dist\\a.zip", "/p/sub") == "/p/dist/a.zip"
    assert absolute("C:\\x\\a.zip", "C:\\y") == "C:/x/a.zip"
    assert absolute("x\\a.zip", "C:\\y") == "C:/y/x/a.zip"
    assert (below("/p/dist/a.zip", "/p"), below("/q/a.zip", "/p")) == ("dist/a.zip", "/q/a.zip")
    assert is_at("dist/*.zip", "/p", "../dist/a.zip", "/p/sub")
    assert is_at("dist/*.zip", "/p", "/p/dist/a.zip", "/elsewhere")
    assert not is_at("*.zip", "/p", "dist/a.zip", "/p")
    assert is_below("a.zip", "/p", "dist/a.zip", "/p")
    assert is_below("dist", "/p", "dist/a.zip", "/p")
    assert is_below("../q/*.zip", "/p", "/q/a.zip", "/p")
    assert not is_below("p", "/p", "dist/a.zip", "/p")
    assert is_at("a[1]/*.zip", "/p[x]", "a[1]/b.zip", "/p[x]")
