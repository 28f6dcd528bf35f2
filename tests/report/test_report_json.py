from __future__ import annotations

import json
import random
import subprocess
import sys
from types import MappingProxyType

import jsonschema
import pytest

from layercheck.finding import Report, Severity, Source
from layercheck.report import FORMATS, render
from layercheck.report.schema import schema
from report.made import artifact, compatibility_table, finding, report, target, unchecked, wrong_architecture_everywhere

VALIDATOR = jsonschema.Draft202012Validator(schema())


SOURCE = Source("app/template.yaml", 12, "Fn")


def full() -> Report:
    return report(
        finding(fix="do this", details={"tried": ("/opt/lib: absent",), "chain": ["a", "b"]}),
        finding(rule="LC571", source=SOURCE, targets=()),
        finding(severity=Severity.INFO, rule="LC120", path=None, artifact=None, targets=()),
        finding(severity=Severity.WARNING, rule="LC407"),
        unchecked=(unchecked(), unchecked(path="python/x.so", targets=("t1",))),
        artifacts=(artifact(), artifact(id="a2", form="directory", zip_bytes=None, code_sha256=None, followed_bytes=3)),
        targets=(target(function="a2", handler="app.handler", open=("arn:b", "arn:a"), passed=False, source=SOURCE),),
    )


@pytest.mark.parametrize(
    "made",
    [full(), report(), compatibility_table(), wrong_architecture_everywhere()],
    ids=["full", "empty", "table", "many"],
)
def test_the_schema_describes_what_is_written(made: Report) -> None:
    document = json.loads(render(made, "json"))
    VALIDATOR.validate(document)
    known = schema()
    # Only where there are projects; all other keys are always there.
    assert list(document) == [key for key in known["properties"] if key != "projects" or made.projects]
    for key, definition in [
        ("targets", "target"),
        ("artifacts", "artifact"),
        ("findings", "finding"),
        ("unchecked",) * 2,
    ]:
        for item in document[key]:
            # Only a project declares its targets; all other keys are always there.
            optional = {"source"} - item.keys() if key == "targets" else set()
            assert list(item) == [name for name in known["$defs"][definition]["properties"] if name not in optional]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema_version", "2.0"),
        ("exit_code", 7),
        ("gate", None),
        ("summary", {"error": -1, "warning": 0, "info": 0}),
        ("findings", [{"rule": "LC301"}]),
        ("targets", [{}]),
        ("artifacts", [{}]),
        ("unchecked", [{}]),
        ("compatibility", [{"architecture": "arm64"}]),
    ],
)
def test_the_schema_refuses_what_is_wrong(key: str, value: object) -> None:
    document = json.loads(render(full(), "json"))
    document[key] = value
    assert not VALIDATOR.is_valid(document)


def test_the_schema_is_a_schema_and_allows_keys_to_be_added() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    document = json.loads(render(full(), "json"))
    document["findings"][0]["new"] = document["new"] = 1
    VALIDATOR.validate(document)


def test_the_values_are_those_of_the_report() -> None:
    document = json.loads(render(full(), "json"))
    assert document["tool"] == {"name": "layercheck", "version": "0.1.0"}
    assert document["summary"] == {"error": 2, "warning": 1, "info": 1}
    assert document["findings"][1]["source"] == {"file": "app/template.yaml", "line": 12, "resource": "Fn"}
    assert document["targets"][0]["source"] == document["findings"][1]["source"]
    first = document["findings"][0]
    assert first == {
        "rule": "LC301",
        "name": "wrong-architecture",
        "severity": "error",
        "confidence": "certain",
        "targets": ["t1"],
        "artifact": "a1",
        "path": "python/numpy/_core.so",
        "message": "python/numpy/_core.so is built for x86-64",
        "fix": "do this",
        "details": {"chain": ["a", "b"], "tried": ["/opt/lib: absent"]},
        "fingerprint": "",
        "source": None,
    }
    assert document["targets"][0]["open"] == ["arn:a", "arn:b"]
    assert document["artifacts"][0]["packages"][0] == {"name": "scipy", "bytes": 80_000_000}
    assert document["artifacts"][1]["zip_bytes"] is None
    assert [item["path"] for item in document["unchecked"]] == [None, "python/x.so"]


def test_findings_are_sorted_worst_first() -> None:
    found = [
        finding(severity=Severity.INFO, rule="LC001"),
        finding(rule="LC402"),
        finding(rule="LC301", artifact="a2"),
        finding(rule="LC301", path="python/b", message="2"),
        finding(rule="LC301", path="python/b", message="1"),
        finding(rule="LC301", path=None),
        finding(severity=Severity.WARNING, rule="LC002"),
    ]
    document = json.loads(render(report(*found), "json"))
    told = [(item["rule"], item["artifact"], item["path"], item["message"]) for item in document["findings"]]
    long = finding().message
    assert told == [
        ("LC301", "a1", None, long),
        ("LC301", "a1", "python/b", "1"),
        ("LC301", "a1", "python/b", "2"),
        ("LC301", "a2", "python/numpy/_core.so", long),
        ("LC402", "a1", "python/numpy/_core.so", long),
        ("LC002", "a1", "python/numpy/_core.so", long),
        ("LC001", "a1", "python/numpy/_core.so", long),
    ]


def test_ids_are_sorted_as_numbers() -> None:
    made = report(targets=tuple(target(id=f"t{number}") for number in (10, 2, 1)))
    assert [item["id"] for item in json.loads(render(made, "json"))["targets"]] == ["t1", "t2", "t10"]


@pytest.mark.parametrize("format", FORMATS)
def test_the_order_in_which_things_were_found_does_not_show(format: str) -> None:
    findings = [
        finding(path=f"python/p{number % 7}/m{number}.so", fact=f"fact {number % 5}", details={"tried": [str(number)]})
        for number in range(60)
    ]
    findings += [finding(details={"chain": [str(number)]}) for number in range(5)]
    places = [unchecked(what=str(number % 4), path=str(number)) for number in range(20)]
    expected = render(report(*findings, unchecked=tuple(places)), format, verbose=True)
    for seed in range(5):
        random.Random(seed).shuffle(findings)
        random.Random(seed).shuffle(places)
        assert render(report(*findings, unchecked=tuple(places)), format, verbose=True) == expected


def test_names_that_are_not_text_stay_valid_json() -> None:
    path = "python/\udcff\x1b[31m\u202e\n.so"
    written = render(report(finding(path=path)), "json")
    assert written.isascii()
    assert "\x1b" not in written
    assert json.loads(written)["findings"][0]["path"] == path


def test_details_may_hold_mappings_and_sets() -> None:
    details = MappingProxyType({"b": MappingProxyType({"x": 1}), "a": frozenset({"2", "1"})})
    written = render(report(finding(details=details)), "json")
    assert json.loads(written)["findings"][0]["details"] == {"a": ["1", "2"], "b": {"x": 1}}


@pytest.mark.parametrize(("value", "error"), [(b"bytes", TypeError), (float("nan"), ValueError)])
def test_details_that_are_not_json_are_an_error(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        render(report(finding(details={"x": value})), "json")


def test_json_does_not_pay_for_rich() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from report.made import report; from layercheck.report import render;"
        "render(report(), 'json'); render(report(), 'concise'); assert 'rich' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(ValueError, match="text, concise, json"):
        render(report(), "yaml")
