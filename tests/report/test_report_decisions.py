"""What decisions took out, and what is to be said about them, in every format that has room for it."""

from __future__ import annotations

import json

import pytest

from layercheck.finding import Remark, Severity, Source, Suppressed
from layercheck.report import render
from report.made import finding, report

MADE = report(
    suppressed=(
        Suppressed(finding(path="python/a.so"), "exception", "never imported"),
        Suppressed(finding(path="python/b.so"), "baseline", "base.json"),
        Suppressed(finding(path="python/c.so"), "baseline", "base.json"),
    ),
    remarks=(
        Remark("gone-from-baseline", Severity.INFO, "1 finding is gone", Source("base.json")),
        Remark("expired-exception", Severity.WARNING, "it expired", Source("layercheck.toml", 12)),
        Remark("unused-exception", Severity.WARNING, "it fits nothing"),
    ),
)


def test_concise_ends_with_the_remarks_and_the_count() -> None:
    assert render(MADE, "concise").splitlines() == [
        "layercheck.toml:12: warning: it expired [expired-exception]",
        "layercheck: warning: it fits nothing [unused-exception]",
        "base.json: info: 1 finding is gone [gone-from-baseline]",
        "no errors, 3 suppressed",
    ]


def test_text_counts_by_what_and_lists_when_asked() -> None:
    written = render(MADE, "text")
    assert "suppressed  3: 1 by an exception, 2 in the baseline" in written
    assert "warning layercheck.toml:12: it expired" in written
    assert "info base.json: 1 finding is gone" in written
    assert "python/a.so" not in written
    assert "LC301 layer.zip:python/a.so: by an exception (never imported)" in render(MADE, "text", verbose=True)
    assert "suppressed  3" not in render(MADE, "text", quiet=True)


def test_json_has_them_all() -> None:
    document = json.loads(render(MADE, "json"))
    assert [(item["path"], item["by"]) for item in document["suppressed"]] == [
        ("python/a.so", "exception"),
        ("python/b.so", "baseline"),
        ("python/c.so", "baseline"),
    ]
    assert document["remarks"][0] == {
        "kind": "expired-exception",
        "severity": "warning",
        "message": "it expired",
        "source": {"file": "layercheck.toml", "line": 12, "resource": None},
    }
    assert document["summary"] == {"error": 0, "warning": 0, "info": 0}


def test_sarif_tells_remarks_and_reports_nothing_that_is_suppressed() -> None:
    [run] = json.loads(render(MADE, "sarif"))["runs"]
    assert run["results"] == []
    assert run["properties"]["suppressed"] == 3
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert [(note["descriptor"]["id"], note["level"], note["message"]["text"]) for note in told] == [
        ("expired-exception", "warning", "layercheck.toml:12: it expired"),
        ("unused-exception", "warning", "it fits nothing"),
        ("gone-from-baseline", "note", "base.json: 1 finding is gone"),
    ]


def test_markdown_folds_them() -> None:
    written = render(MADE, "markdown")
    assert "<summary>suppressed 3: 1 by an exception, 2 in the baseline</summary>" in written
    assert "LC301 layer.zip:python/a.so: by an exception (never imported)" in written
    assert "<summary>3 remarks on what was decided</summary>" in written


@pytest.mark.parametrize("gate", [True, False])
def test_the_last_line_counts_them(gate: bool) -> None:
    assert (
        render(MADE._replace(gate=gate), "text")
        .splitlines()[-1]
        .endswith("3 suppressed (python3.12 on arm64)" if gate else "works on 1 of 1 target, 3 suppressed")
    )


def test_many_are_counted_not_listed() -> None:
    many = MADE._replace(suppressed=MADE.suppressed * 40, remarks=MADE.remarks * 20)
    assert "… and 90 more" in render(many, "markdown")
    assert "… and 48 more remarks" in render(many, "markdown")
    assert "… and 48 more remarks (-v shows all)" in render(many, "text")
    assert render(many, "text", verbose=True).count("it expired") == 20
