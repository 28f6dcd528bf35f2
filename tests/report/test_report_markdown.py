from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercheck.finding import Confidence, Severity, Source
from layercheck.report import render
from layercheck.report.escape import visible
from layercheck.report.markdown import MAX_CHARACTERS
from layercheck.report.prose import block, code, prose
from report.made import (
    artifact,
    compatibility_table,
    finding,
    report,
    target,
    unchecked,
    wrong_architecture_everywhere,
)
from report.markdown_tokens import shown, tokens
from report.strategies import ANY_TEXT


def test_the_verdict_comes_first_then_sizes_then_what_is_wrong() -> None:
    written = render(wrong_architecture_everywhere(), "markdown").split("\n")
    assert written[:3] == ["## ❌ layercheck: FAILED", "", "157 errors"]
    parts = [written.index(line) for line in ("### ❌ 157 errors", "fix:", "<details><summary>157 files</summary>")]
    bars = next(place for place, line in enumerate(written) if line.startswith("██████████████░░░░░░"))
    assert bars < parts[0] < parts[2] < parts[1]
    assert "… and 107 more" in written


def test_a_good_report_is_short() -> None:
    written = render(report(), "markdown")
    assert written.startswith("## ✅ layercheck: PASSED\n\nno errors\n\n- `layer.zip`: layer zip (")
    assert len(written.split("\n")) < 15


def test_severities_targets_sources_and_what_is_not_checked() -> None:
    made = report(
        finding(confidence=Confidence.LIKELY, source=Source("template.yaml", 12, "Fn")),
        finding(severity=Severity.WARNING, targets=("t1",)),
        finding(severity=Severity.INFO, targets=()),
        targets=(target(passed=False), target(id="t2", architecture="x86_64")),
        unchecked=(unchecked(), unchecked(path="x")),
    )
    written = render(made, "markdown")
    assert "- ❌ target: python3.12 on arm64" in written
    assert "- ✅ target: python3.12 on `x86_64`" in written
    assert "**LC301 wrong-architecture** (likely): built for x86-64, which arm64 cannot load" in written
    assert "(`python/numpy/_core.so`) — on python3.12 on arm64 — declared in `template.yaml:12 (Fn)`" in written
    assert "### ⚠️ 1 warning" in written
    assert "### ℹ️ 1 info" in written
    assert (
        "<details><summary>2 not checked</summary>\n\n```text\n2 x GLIBC_2.35 in libc.so.6: not measured\n```"
        in written
    )


def test_what_does_not_fit_is_counted() -> None:
    many = [finding(fact=f"fact {number} " + "x" * 200, rule="LC401") for number in range(1_000)]
    written = render(report(*many, finding(severity=Severity.WARNING, rule="LC407")), "markdown")
    assert 0.8 * MAX_CHARACTERS < len(written) <= MAX_CHARACTERS
    told = sum(f"fact {number} " in written for number in range(1_000))
    assert (
        f"… and {1_001 - told} more findings that this page has no room for: LC401 {1_000 - told}, LC407 1." in written
    )


def test_long_names_fit_too() -> None:
    long = "n" * 200_000
    made = report(
        finding(path=long, fact=long, fix=long, name=long, source=Source(long)),
        targets=tuple(target(id=f"t{number}", open=(long,), handler=long) for number in range(1, 9)),
        artifacts=tuple(artifact(id=f"a{number}", path=long) for number in range(1, 40)),
        unchecked=tuple(unchecked(what=long, why=f"{number}{long}") for number in range(99)),
    )
    assert len(render(made, "markdown")) <= MAX_CHARACTERS


def test_without_a_target_the_table_comes_before_the_findings() -> None:
    written = render(compatibility_table(finding(targets=())), "markdown")
    assert "no target was given; it works on 1 of 4 targets" in written
    assert written.index("| python3.12 |") < written.index("### ❌")
    assert "--compatible-runtimes python3.12 --compatible-architectures x86_64" in written
    rows = [token for token in tokens(written) if token.type == "tr_open"]
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("built for x86_64, the target is arm64", "built for `x86_64`, the target is arm64"),
        ("needs libz.so.1 (through /opt/lib)", "needs `libz.so.1` (through `/opt/lib`)"),
        ("call foo() now.", "call `foo()` now."),
        ("1,063 files, 27.9 % - fine", "1,063 files, 27.9 % - fine"),
        ("say @octocat #1 :tada: www.x.org deadbeef1", "say `@octocat` `#1` `:tada`: `www.x.org` `deadbeef1`"),
        ("a ` b ``` c", "a `` ` `` b ```` ``` ```` c"),
        ("two\nlines", "`two\\nlines`"),
        ("", ""),
    ],
)
def test_words_that_are_names_become_code(text: str, expected: str) -> None:
    assert prose(text) == expected


@given(ANY_TEXT)
def test_prose_shows_every_sign(text: str) -> None:
    written = f"x {prose(text)}"
    assert "".join(shown(written).split()) == "x" + "".join(visible(text).split())
    assert {token.type for token in tokens(written)} <= {
        "paragraph_open",
        "inline",
        "text",
        "code_inline",
        "paragraph_close",
    }


@given(ANY_TEXT)
def test_code_is_one_piece_whatever_is_in_it(text: str) -> None:
    pieces = [token for token in tokens(f"x{code(text)}") if token.type in ("text", "code_inline")]
    assert [piece.type for piece in pieces] == ["text", "code_inline"]
    assert pieces[1].content.strip(" ") == visible(text).strip(" ")


@given(st.lists(ANY_TEXT, max_size=5))
def test_a_block_ends_where_it_should(lines: list[str]) -> None:
    (fence, *rest) = tokens("\n".join([*block(lines), "", "after"]))
    assert fence.content == "".join([visible(line) + "\n" for line in lines])
    assert [token.content for token in rest if token.type == "text"] == ["after"]
