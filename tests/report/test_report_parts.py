from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.finding import (
    ArtifactSummary,
    Compatibility,
    Confidence,
    Finding,
    Linkage,
    Remark,
    Report,
    Severity,
    Source,
    Suppressed,
    Target,
    Unchecked,
)
from layercheck.report import FORMATS, render
from layercheck.report.escape import visible
from layercheck.report.grouping import groups, package_of, spread
from layercheck.report.schema import schema
from layercheck.report.words import Names, first, human, plural
from report.made import artifact, finding, report, target

VALIDATOR = jsonschema.Draft202012Validator(schema())
ANY_TEXT = st.text(st.characters(), max_size=30)
IDS = st.sampled_from(["a1", "a2", "t1", "t2", "t10"])
TARGET_IDS = st.lists(IDS, max_size=4, unique=True).map(lambda ids: tuple(sorted(ids)))
NAMES = st.none() | ANY_TEXT
SIZES = st.integers(0, 10**12)
DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "tried": st.lists(ANY_TEXT, max_size=12),
        "chain": st.lists(ANY_TEXT, max_size=3),
        "consequences": st.lists(st.sampled_from(["LC401", "LC306"])) | st.dictionaries(ANY_TEXT, st.integers(1, 9)),
        "other": st.recursive(st.none() | ANY_TEXT | st.integers(), lambda inner: st.lists(inner), max_leaves=3),
    },
)
SOURCES = st.none() | st.builds(Source, file=ANY_TEXT, line=st.none() | st.integers(1, 10**6), resource=NAMES)
FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["LC001", "LC301", "LC402"]),
    name=ANY_TEXT,
    severity=st.sampled_from(Severity),
    message=ANY_TEXT,
    confidence=st.sampled_from(Confidence),
    targets=TARGET_IDS,
    artifact=st.none() | IDS,
    path=NAMES,
    fix=NAMES,
    details=DETAILS,
    fingerprint=ANY_TEXT,
    fact=ANY_TEXT,
    source=SOURCES,
)
REPORTS = st.builds(
    Report,
    tool_version=ANY_TEXT,
    data_version=ANY_TEXT,
    date=ANY_TEXT,
    exit_code=st.integers(0, 3),
    targets=st.lists(
        st.builds(
            Target,
            id=IDS,
            runtime=st.sampled_from(["python3.9", "nodejs22.x"]) | ANY_TEXT,
            architecture=st.sampled_from(["x86_64", "arm64"]),
            function=st.none() | IDS,
            layers=TARGET_IDS,
            handler=NAMES,
            open=st.lists(ANY_TEXT, max_size=2).map(tuple),
            passed=st.booleans(),
            reason=ANY_TEXT,
            state=ANY_TEXT,
            source=SOURCES,
        ),
        max_size=4,
    ).map(tuple),
    artifacts=st.lists(
        st.builds(
            ArtifactSummary,
            id=IDS,
            kind=st.sampled_from(["layer", "function"]),
            form=ANY_TEXT,
            path=ANY_TEXT,
            code_sha256=NAMES,
            content_sha256=ANY_TEXT,
            zip_bytes=st.none() | SIZES,
            unzipped_bytes=SIZES,
            files=SIZES,
            elf_files=SIZES,
            kind_reason=ANY_TEXT,
            followed_bytes=st.none() | SIZES,
            packages=st.lists(st.tuples(ANY_TEXT, SIZES), max_size=9).map(tuple),
            linkage=st.lists(
                st.builds(
                    Linkage,
                    kind=st.sampled_from(["glibc", "musl", "bionic", "static-glibc", "go-static", "none", "unknown"]),
                    files=st.integers(1, 9),
                    path=ANY_TEXT,
                    evidence=ANY_TEXT,
                ),
                max_size=3,
            ).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    compatibility=st.lists(
        st.builds(Compatibility, architecture=ANY_TEXT, runtimes=st.lists(ANY_TEXT, max_size=3).map(tuple)), max_size=3
    ).map(tuple),
    findings=st.lists(FINDINGS, max_size=14).map(tuple),
    unchecked=st.lists(
        st.builds(Unchecked, what=ANY_TEXT, why=ANY_TEXT, targets=TARGET_IDS, artifact=st.none() | IDS, path=NAMES),
        max_size=9,
    ).map(tuple),
    gate=st.booleans(),
    limit_bytes=st.integers(1, 10**9),
    suppressed=st.lists(
        st.builds(
            Suppressed,
            finding=FINDINGS,
            by=st.sampled_from(["ignore", "severity", "path", "exception", "baseline", "confidence"]),
            reason=NAMES,
        ),
        max_size=4,
    ).map(tuple),
    remarks=st.lists(
        st.builds(
            Remark,
            kind=st.sampled_from(["expired-exception", "unused-exception", "gone-from-baseline"]),
            severity=st.sampled_from(Severity),
            message=ANY_TEXT,
            source=SOURCES,
        ),
        max_size=4,
    ).map(tuple),
)


@given(REPORTS)
@settings(max_examples=60, deadline=None)
def test_any_report_is_valid_json_with_everything_in_it(made: Report) -> None:
    document = json.loads(render(made, "json"))
    VALIDATOR.validate(document)
    assert len(document["findings"]) == len(made.findings)
    assert len(document["unchecked"]) == len(made.unchecked)
    assert len(document["suppressed"]) == len(made.suppressed)
    assert len(document["remarks"]) == len(made.remarks)


@given(REPORTS, st.booleans(), st.booleans(), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_any_report_is_written_in_printable_lines(made: Report, verbose: bool, quiet: bool, width: int) -> None:
    for format in ("concise", "text"):
        written = render(made, format, verbose=verbose, quiet=quiet, width=width)
        assert written.endswith("\n")
        assert all(line.isprintable() for line in written.split("\n"))
    assert render(made, "concise").count("\n") == len(made.findings) + 1


@given(REPORTS)
@settings(max_examples=20, deadline=None)
def test_any_report_can_be_coloured(made: Report) -> None:
    assert "\x1b[1;" in render(made, "text", color=True)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_report_gives_the_same_bytes(format: str) -> None:
    made = report(finding(), finding(path="b"))
    assert render(made, format) == render(made._replace(), format)


@given(st.text(st.characters()))
def test_what_is_visible_is_printable(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("naïve 漢字 [x] \\d", "naïve 漢字 [x] \\d"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r\t\0", r"a\nb\r\t\x00"),
        ("\u202egnp.so\u2066", r"\u202egnp.so\u2066"),
        ("\udc80\u2028\U000e0041", r"\udc80\u2028\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_concise_lines() -> None:
    made = report(
        finding(path="python/a\n.so", targets=("t2",)),
        finding(rule="LC203", name="too-many-layers", artifact=None, path=None, fact="", message="six layers"),
        finding(
            severity=Severity.INFO, rule="LC120", name="build-debris", path=None, targets=("t1", "t2"), fact="tests"
        ),
        targets=(target(), target(id="t2", runtime="python3.13")),
    )
    assert render(made, "concise", color=True, quiet=True).splitlines() == [
        "deployment: LC203 error: six layers [too-many-layers] (python3.12 on arm64)",
        r"layer.zip:python/a\n.so: LC301 error: built for x86-64, which arm64 cannot load [wrong-architecture]"
        " (python3.13 on arm64)",
        "layer.zip: LC120 info: tests [build-debris]",
        "2 errors, 1 info",
    ]


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("python/numpy/core/_m.so", "numpy"),
        ("python/lib/python3.12/site-packages/scipy/x.so", "scipy"),
        ("python/_cffi.so", "_cffi.so"),
        ("python/numpy.libs/libz.so", "numpy.libs"),
        ("numpy/core/x.so", "numpy"),
        ("nodejs/node_modules/@img/sharp/lib/x.node", "@img/sharp"),
        ("nodejs/node22/node_modules/bcrypt/node_modules/y/x.node", "bcrypt"),
        ("ruby/gems/3.3.0/gems/nokogiri-1.16/lib/x.so", "nokogiri-1.16"),
        ("lib/libz.so.1", "lib"),
        ("bootstrap", "bootstrap"),
        ("python", "python"),
        ("nodejs/node_modules", "node_modules"),
        ("", ""),
    ],
)
def test_package_of(path: str, package: str) -> None:
    assert package_of(path) == package


def test_spread_counts_most_first() -> None:
    assert spread(["b/1", "a/1", "c/1", "c/2"]) == [("c", 2), ("a", 1), ("b", 1)]


@given(st.lists(FINDINGS, max_size=20))
@settings(max_examples=50, deadline=None)
def test_groups_hold_every_finding_once(findings: list[Finding]) -> None:
    made = groups(findings)
    assert sorted(map(repr, findings)) == sorted(repr(item) for group in made for item in group.findings)
    ranks = [group.head.severity.rank for group in made]
    assert ranks == sorted(ranks)
    for group in made:
        assert {(item.rule, item.severity, item.fix, item.fact or item.message) for item in group.findings} == {
            (group.head.rule, group.head.severity, group.head.fix, group.fact)
        }


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (58_400_000, "58.4 MB"),
        (999_950_000, "1.0 GB"),
        (1_234_567_000_000, "1,234.6 GB"),
    ],
)
def test_human_sizes(size: int, words: str) -> None:
    assert human(size) == words


def test_plural_and_first() -> None:
    assert [plural(number, "file") for number in (0, 1, 2495)] == ["0 files", "1 file", "2,495 files"]
    assert [first(["a", "b", "c"], limit) for limit in (3, 2)] == ["a, b, c", "a, b and 1 more"]


def names_of(*pairs: tuple[str, str]) -> Names:
    targets = [target(id=f"t{number}", runtime=pair[0], architecture=pair[1]) for number, pair in enumerate(pairs)]
    return Names(report(targets=tuple(targets), artifacts=(artifact(),)))


PYTHONS = [f"python3.{minor}" for minor in range(14, 8, -1)]
EVERYWHERE: list[Any] = [(name, machine) for machine in ("x86_64", "arm64") for name in PYTHONS]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (range(12), ""),
        ([], ""),
        (range(6), "all 6 runtimes on x86_64"),
        ([0, 6], "python3.14 on x86_64 and arm64"),
        ([0, 1, 6], "python3.14, python3.13 on x86_64; python3.14 on arm64"),
        (range(5), "python3.14, python3.13, python3.12 and 2 more on x86_64"),
    ],
)
def test_targets_in_few_words(chosen: Any, words: str) -> None:
    assert names_of(*EVERYWHERE).some_targets(f"t{number}" for number in chosen) == words


def test_all_targets_in_few_words() -> None:
    assert names_of(*EVERYWHERE).every_target() == "all 6 runtimes on x86_64 and arm64"
    assert names_of(("python3.12", "arm64")).every_target() == "python3.12 on arm64"
    assert names_of().every_target() == ""
