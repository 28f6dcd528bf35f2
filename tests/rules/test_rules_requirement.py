"""Requirements: the quick way says what ``packaging`` says, three-valued where the target leaves something open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement as Known
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from layercheck.rules.requirement import applies, extras_named, marker_values, parse, satisfies

RELEASES = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
TAILS = st.sampled_from(["", "", "", "rc1", ".post1", ".dev0", "+cpu", "a2"])
VERSIONS = st.builds(str.__add__, RELEASES, TAILS)
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="])
CLAUSES = st.builds("{}{}{}".format, OPERATORS, st.one_of(RELEASES, VERSIONS), st.sampled_from(["", "", "", ".*"]))
SPECIFIERS = st.lists(CLAUSES, min_size=0, max_size=3).map(", ".join)
VALUES = marker_values("3.12", "arm64")


@given(VERSIONS, SPECIFIERS)
def test_versions_are_compared_as_packaging_does(version: str, specifier: str) -> None:
    try:
        expected: bool | None = SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        expected = None
    assert satisfies(version, specifier) is expected


def comparisons() -> st.SearchStrategy[str]:
    versions = st.builds(
        "python_version {} '{}'".format,
        st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="]),
        st.sampled_from(["3", "3.8", "3.11", "3.12", "3.12.0", "3.13", "4.0", "3.12rc1"]),
    ).filter(lambda text: text != "python_version ~= '3'")
    turned = st.builds(
        '"{}" {} python_version'.format, st.sampled_from(["3.8", "3.12"]), st.sampled_from(["==", "<", ">="])
    )
    texts = st.builds(
        "{} {} '{}'".format,
        st.sampled_from(["sys_platform", "platform_machine", "os_name", "implementation_name", "platform_system"]),
        st.sampled_from(["==", "!=", "in", "not in"]),
        st.sampled_from(["linux", "win32", "aarch64", "x86_64", "posix", "cpython", "Linux", "linux2 linux"]),
    )
    extras = st.builds('extra == "{}"'.format, st.sampled_from(["dev", "Test_All", "test-all"]))
    return st.one_of(versions, turned, texts, extras)


MARKERS = st.recursive(
    comparisons(),
    lambda parts: st.one_of(st.builds("{} and {}".format, parts, parts), st.builds("({} or {})".format, parts, parts)),
    max_leaves=6,
)


@given(MARKERS, st.sampled_from([(), ("dev",), ("test-all",), ("dev", "test-all")]))
def test_markers_are_judged_as_packaging_does(marker: str, extras: tuple[str, ...]) -> None:
    known = {name: found[0] for name, found in VALUES.items() if found}
    expected = any(Marker(marker).evaluate({**known, "extra": extra}) for extra in ("", *extras))
    assert applies(marker, VALUES, extras) is expected


@given(
    st.one_of(
        MARKERS,
        st.builds(
            "os_name == 'posix' and ({} or {})".format,
            MARKERS,
            st.sampled_from(["extra in 'dev, b'", "extra != 'b'", "'' == extra", "'B' == extra", "extra == os_name"]),
        ),
    ),
    st.sampled_from(["dev", "test-all", "b", "posix", "other"]),
)
def test_a_marker_asks_only_about_the_extras_that_it_names(marker: str, extra: str) -> None:
    named = extras_named(marker)
    assert named is None or extra in named or applies(marker, VALUES, (extra,)) is applies(marker, VALUES, ())


def test_which_extras_a_marker_names() -> None:
    assert extras_named("os_name == 'posix'") == frozenset()
    assert extras_named("extra == 'A_b' or 'c' != extra") == frozenset(("a-b", "c"))
    assert extras_named("extra in 'a b'") is extras_named("extra == ''") is extras_named("extra == os_name") is None


@pytest.mark.parametrize(
    ("marker", "answer"),
    [
        ("", True),
        ("python_full_version < '3.11.0a6'", False),
        ("python_full_version >= '3.12.4'", None),
        ("python_full_version >= '3.12.4' or python_version >= '3.8'", True),
        ("python_full_version >= '3.12.4' and python_version < '3.8'", False),
        ("platform_release >= '5'", None),
        ("platform_machine >= '5'", None),
        ("os.name == 'posix' and python_implementation == 'CPython'", True),
        ("extra == 'dev'", False),
        ("python_version", None),
        ("python_version <", None),
        ("'a' == 'a'", None),
        ("no_such_thing == 'a'", None),
        ("python_version ?? '3'", None),
        ("python_version >= 'three'", None),
        ("(python_version >= '3'", None),
        ("python_version >= '3' python_version", None),
        ("(" * 2000 + "python_version >= '3'" + ")" * 2000, None),
    ],
)
def test_what_a_target_leaves_open_is_neither_true_nor_false(marker: str, answer: bool | None) -> None:
    assert applies(marker, VALUES, ()) is answer


@pytest.mark.parametrize(
    "text",
    [
        "requests",
        "urllib3 (<3,>=1.21.1)",
        "urllib3<3,>=1.21.1",
        "Foo.Bar_baz [a, b_C] >=1.0 ; python_version < '3'",
        "torch @ https://example.invalid/torch.whl ; extra == 'x'",
        "a[b]~=1.0;extra=='c'",
        "x==1.0+cpu",
    ],
)
def test_requirements_are_parsed_as_packaging_does(text: str) -> None:
    known, found = Known(text), parse(text)
    assert found is not None
    assert found.name == known.name.lower().replace(".", "-").replace("_", "-")
    assert found.extras == tuple(sorted(extra.lower().replace("_", "-") for extra in known.extras))
    assert SpecifierSet(found.specifier) == known.specifier
    assert found.marker == "" if known.marker is None else Marker(found.marker) == known.marker


@pytest.mark.parametrize("text", ["", "   ", "-e .", "[x]", "a\nb", "x" * 5000, ";", "\u0661"])
def test_what_is_no_requirement(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("version", "specifier"),
    [("1.0", "1.0"), ("1.0", ">=x"), ("one", ">=1"), ("9" * 6000, ">=1"), ("1", ">=" + "9" * 6000), ("1", "~=1")],
)
def test_what_cannot_be_read_is_not_judged(version: str, specifier: str) -> None:
    assert satisfies(version, specifier) is None
