"""Every recorded run of a real loader, replayed: 175 cases and 200 random trees on 16 loaders.

Equal must be: whether it loads; what was found, where and in which order; what is missing, libraries and versions, weak
needs and libraries without versions; which symbols are undefined; for dlopen what could be opened and what is mapped
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from linker.replay import Case, Recorded, Result, applies, cases, expected, recorded, replay

FILES = ("cases.jsonl", "random-trees.jsonl")
# Names of cases with the loaders (the beginning of their names) and why their result is not compared. The wording of
# errors is not in the records at all.
LEFT_OUT: Mapping[str, tuple[tuple[str, ...], str]] = {
    "bad_perm": (("glibc", "musl"), "run as another user: modes of directories are not part of a deployment's view"),
    "filter_missing": (("glibc",), "a trace hides what a filter puts before the program; dlo_filter_missing has it"),
    "bad_truncated_body": (("musl",), "musl crashes on it: truncated files are LC303's"),
}


def is_left_out(case: Case, loader: Recorded) -> bool:
    return case["name"] in LEFT_OUT and loader.name.startswith(LEFT_OUT[case["name"]][0])


def runs(file: str) -> Iterator[tuple[Case, Recorded]]:
    return ((case, loader) for case in cases(file) for loader in recorded() if applies(case, loader))


def differences(case: Case, loader: Recorded) -> list[str]:
    ours = replay(case, loader)
    return [
        f"{case['name']}: {key} is {ours.get(key)}, really {value}"
        for key, value in normalised(case, loader).items()
        if ours.get(key) != value
    ]


def normalised(case: Case, loader: Recorded) -> Result:
    """A record with what it leaves out when it is empty, and each remark once; without what is not compared."""
    real = expected(case, loader)
    rc = real.pop("rc")
    if case["mode"] == "dlopen":
        return {"mapped": [], **real} if "opened" in real else real
    if loader.kind == "musl":
        resolved = real.pop("resolved", [])
        # When anything fails, musl may print the errors alone.
        if case["mode"] == "trace" and (real["loads"] or any(path is not None for _, path in resolved)):
            real["resolved"] = resolved
        return real
    for key in ("missing_versions", "missing_weak_versions", "no_version_information"):
        real[key] = [list(pair) for pair in dict.fromkeys(map(tuple, real.get(key, [])))]
    if case["mode"] == "trace":
        real |= {"resolved": real.get("resolved", []), "stopped": rc != 0}
    return real


@pytest.mark.parametrize("name", [loader.name for loader in recorded()])
@pytest.mark.parametrize("file", FILES)
def test_as_the_real_loader(file: str, name: str) -> None:
    found: list[str] = []
    for case, loader in runs(file):
        if loader.name == name and not is_left_out(case, loader):
            found += differences(case, loader)
    assert found == []


def test_what_is_left_out_is_counted_and_would_really_differ() -> None:
    left_out = [(case, loader) for file in FILES for case, loader in runs(file) if is_left_out(case, loader)]
    assert len(left_out) == 32
    assert {case["name"] for case, _ in left_out} == set(LEFT_OUT)
    agreeing = [f"{case['name']} on {loader.name}" for case, loader in left_out if not differences(case, loader)]
    assert agreeing == []
    assert sum(1 for file in FILES for _ in runs(file)) == 5_936
