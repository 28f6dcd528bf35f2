from __future__ import annotations

import json
from typing import Any

import pytest

from layercheck.finding import Report, Severity, Source
from layercheck.report import render
from layercheck.report.location import Base
from layercheck.report.sarif_rules import plain, rule_descriptors
from layercheck.rules import all_rules
from report.made import artifact, compatibility_table, finding, report, target, unchecked
from report.schemas import sarif

BASE = Base("/checkout/build", "/checkout")


def run(made: Report, base: Base | None = BASE) -> Any:
    (found,) = json.loads(render(made, "sarif", base=base))["runs"]
    return found


def test_a_finding_in_an_archive() -> None:
    (result,) = run(report(finding(fix="do this\nthen that", fingerprint="cafe")))["results"]
    assert result == {
        "ruleId": "LC301",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "python/numpy/_core.so is built for x86-64\nFix: do this\nthen that"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "build/layer.zip", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {"name": "_core.so", "fullyQualifiedName": "layer.zip:python/numpy/_core.so", "kind": "file"}
                ],
            }
        ],
        "partialFingerprints": {"layercheck/v1": "cafe", "primaryLocationLineHash": "cafe:1"},
        "properties": {"name": "wrong-architecture", "confidence": "certain", "targets": ["t1"]},
    }


def test_a_finding_that_a_template_declares_lies_there_and_is_related_to_the_artifact() -> None:
    (result,) = run(report(finding(source=Source("template.yaml", 12, "Fn"))))["results"]
    (place,), (other,) = result["locations"], result["relatedLocations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "build/template.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12},
    }
    assert place["logicalLocations"][0] == {"name": "Fn", "fullyQualifiedName": "Fn", "kind": "resource"}
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "build/layer.zip"
    (nowhere,) = run(report(finding(source=Source("t.yaml"), artifact=None, path=None), artifacts=()))["results"]
    assert nowhere["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert "relatedLocations" not in nowhere


def test_a_file_of_a_directory_is_the_place_and_an_absolute_path_has_no_base() -> None:
    made = report(
        finding(path="python/x.so"), artifacts=(artifact(form="directory", path="/elsewhere/d", zip_bytes=None),)
    )
    (result,) = run(made)["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///elsewhere/d/python/x.so"}


def test_severities_and_equal_fingerprints() -> None:
    levels = [finding(severity=severity, path=str(number), fingerprint="f") for number, severity in enumerate(Severity)]
    results = run(report(*levels))["results"]
    assert [item["level"] for item in results] == ["error", "warning", "note"]
    assert [item["partialFingerprints"]["primaryLocationLineHash"] for item in results] == ["f:1", "f:2", "f:3"]


def test_without_a_target_what_stops_some_of_all_runtimes_is_information() -> None:
    results = run(compatibility_table(finding(targets=(), path="everywhere")))["results"]
    kinds = [(item.get("kind", "fail"), item["level"]) for item in results]
    assert sorted(kinds) == [("fail", "error"), ("informational", "none"), ("informational", "none")]
    texts = [item["message"]["text"] for item in results if "kind" in item]
    assert [text.rpartition(" (")[2] for text in texts] == [
        "python3.9, python3.12 on arm64)",
        "python3.9 on x86_64 and arm64)",
    ]


def test_findings_on_some_targets_name_them() -> None:
    made = report(finding(), targets=(target(), target(id="t2", architecture="x86_64")))
    assert run(made)["results"][0]["message"]["text"].endswith(" (python3.12 on arm64)")


@pytest.mark.parametrize(("exit_code", "level", "successful"), [(0, "warning", True), (3, "error", False)])
def test_what_is_not_checked_is_a_notification(exit_code: int, level: str, successful: bool) -> None:
    places = [unchecked(path=f"python/{name}") for name in "ab"]
    invocation = run(report(unchecked=(*places, unchecked(artifact=None, what="x")), exit_code=exit_code))[
        "invocations"
    ][0]
    assert invocation["executionSuccessful"] is successful
    first, second = invocation["toolExecutionNotifications"]
    assert first["level"] == second["level"] == level
    assert first["message"]["text"] == "not checked: GLIBC_2.35 in libc.so.6: not measured (2 times)"
    names = [place["logicalLocations"][0]["name"] for place in first["locations"]]
    assert names == ["a", "b"]
    assert "locations" not in second


def test_artifacts_have_the_digest_in_hexadecimal() -> None:
    found = run(report(artifacts=(artifact(), artifact(id="a2", code_sha256=None, zip_bytes=None))))["artifacts"]
    assert found[0]["hashes"] == {"sha-256": "a5cd4bf6c47ac120ddbccbcd1d95f65906171ebf191e8e6566160240b805505d"}
    assert found[0]["length"] == 58_400_000
    assert "hashes" not in found[1]


def test_an_artifact_that_is_given_twice_is_listed_once() -> None:
    assert (
        len(run(report(artifacts=(artifact(), artifact(id="a2"), artifact(id="a3", path="b.zip"))))["artifacts"]) == 2
    )


def test_results_beyond_what_github_takes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layercheck.report.sarif.MAX_RESULTS", 2)
    found = run(report(*[finding(path=str(number)) for number in range(5)]))
    assert len(found["results"]) == 2
    (told,) = found["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("3 findings left out")


def test_every_rule_is_described_from_its_own_documentation() -> None:
    rules = {rule.id: rule for rule in all_rules()}
    described = rule_descriptors([finding(rule=rule.id, name=rule.name) for rule in rules.values()])
    assert [item["id"] for item in described] == sorted(rules)
    for item in described:
        rule = rules[item["id"]]
        assert plain(rule.what) == item["shortDescription"]["text"]
        assert plain(rule.fix) in item["help"]["text"]
        assert len(item["fullDescription"]["text"]) <= 1024
        assert item["help"]["markdown"].startswith(f"# {rule.id} {rule.name}\n")
    assert rule_descriptors([finding(rule="LC999", name="new")]) == [{"id": "LC999", "name": "new"}]


@pytest.mark.registry
def test_every_rule_s_description_is_valid() -> None:
    made = report(*[finding(rule=rule.id, name=rule.name) for rule in all_rules()])
    sarif().validate(json.loads(render(made, "sarif", base=None)))


@pytest.mark.registry
def test_the_schema_refuses_what_is_wrong() -> None:
    document = json.loads(render(report(finding()), "sarif"))
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert not sarif().is_valid(document)


@pytest.mark.parametrize(
    ("text", "expected"), [("{0} of {x}", "{{0}} of {{x}}"), ("[id](x).js", "[id\\](x).js"), ("a[0] (b)", "a[0] (b)")]
)
def test_a_message_is_neither_placeholder_nor_link(text: str, expected: str) -> None:
    assert plain(text) == expected
