"""What lies in another layer, over this one or not at hand at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from check.made import Files, judge, link, module, static_program, told
from support.zip_writer import simple_zip

M = "python/pkg/_m.abi3.so"
ARN = "arn:aws:lambda:eu-west-1:111122223333:layer:more:7"
PROVIDED: dict[str, Any] = {"runtime": "provided.al2023", "kind": "function"}

OPEN: Sequence[tuple[str, Files, dict[str, Any]]] = (
    ("LC401: a library", {M: module("libx.so.1")}, {}),
    ("LC404: a library, of which an unsearched copy is here", {M: module("libx.so.1"), "v/libx.so.1": module()}, {}),
    ("LC561: the bootstrap", {"handler.php": b"1"}, PROVIDED),
    ("LC562: the bootstrap, beside a program", {"main": (static_program(), 0o755)}, PROVIDED),
    ("LC010: what a link leads to", {"python/a.py": b"1", "python/l": link("/opt/share/other")}, {}),
)  # fmt: skip


@pytest.mark.parametrize(("files", "options"), [case[1:] for case in OPEN], ids=[case[0] for case in OPEN])
def test_what_an_absent_layer_may_bring_is_unchecked_and_names_it(files: Files, options: dict[str, Any]) -> None:
    assert len(told(judge(files, **options))) == 1
    report = judge(files, layers=[ARN], **options)
    assert (told(report), report.exit_code) == ([], 0)
    assert [ARN in item.why for item in report.unchecked] == [True]


def test_a_file_that_a_later_layer_replaces_is_not_judged() -> None:
    """It never appears in /opt, so nothing can load it."""
    bad, good = {M: module(machine="aarch64")}, simple_zip({M: module()})
    assert judge(bad).exit_code == 1
    assert judge(bad, layers=[good]).exit_code == 0


def test_a_bad_copy_over_a_good_one_is_at_fault() -> None:
    bad, good = simple_zip({M: module(machine="aarch64")}), {M: module()}
    assert told(judge(good, layers=[bad])) == [("LC301", "error", M)]
