"""SARIF 2.1.0, as code scanning services read it.

Sections (§) are those of the standard (OASIS, SARIF 2.1.0 plus errata 01); what GitHub's code scanning takes of it, and
how much, is from its page "SARIF support for code scanning".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..finding import ArtifactSummary, Finding, Remark, Report, Severity, Unchecked
from .escape import harmless_json, visible, visible_lines
from .location import Base, Location, Locations, is_absolute, last_part, uri
from .order import finding_order, id_order, remark_order, unchecked_order
from .sarif_rules import plain, rule_descriptors
from .words import Names, plural, remark_place

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000
"""GitHub refuses a run with more."""
_MAX_PLACES = 100
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report, base: Base | None) -> str:
    """The report as SARIF text, ASCII, ending with a newline; the same report gives the same bytes."""
    return harmless_json(_pretty(document(report, base), 4, "") + "\n")


def document(report: Report, base: Base | None) -> dict[str, Any]:
    """The report as one log with one run."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_Run(report, base).document()]}


class _Run:
    def __init__(self, report: Report, base: Base | None) -> None:
        self._report = report
        self._locations = Locations(report, base)
        self._names = Names(report)
        self._artifacts = sorted(report.artifacts, key=lambda item: id_order(item.id))
        found = sorted(report.findings, key=finding_order)
        self._findings, self._left_out = found[:MAX_RESULTS], len(found[MAX_RESULTS:])
        self._rules = rule_descriptors(self._findings)
        self._index = {rule["id"]: index for index, rule in enumerate(self._rules)}
        self._told: dict[str, int] = {}

    def document(self) -> dict[str, Any]:
        report = self._report
        driver = {
            "name": "layercheck",
            "version": visible(report.tool_version),
            "semanticVersion": visible(report.tool_version),
            "rules": self._rules,
        }
        return {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                _ROOT: {"description": {"text": "The root of the sources, from which relative paths start."}}
            },
            "invocations": [
                {
                    "executionSuccessful": report.exit_code in (0, 1),
                    "toolExecutionNotifications": self._notifications(),
                }
            ],
            "artifacts": self._each_artifact(),
            "results": [self._result(finding) for finding in self._findings],
            "properties": self._properties(),
        }

    def _properties(self) -> dict[str, Any]:
        report = self._report
        return {
            "data_version": visible(report.data_version),
            "date": visible(report.date),
            "gate": report.gate,
            "passed": report.passed,
            "suppressed": len(report.suppressed),
            "targets": [
                {"target": visible(self._names.target(target)), "passed": target.passed}
                for target in sorted(report.targets, key=lambda target: id_order(target.id))
            ],
            "compatibility": [
                {"architecture": visible(item.architecture), "runtimes": [visible(name) for name in item.runtimes]}
                for item in sorted(report.compatibility, key=lambda item: (item.architecture, item.runtimes))
            ],
        }

    def _each_artifact(self) -> list[dict[str, Any]]:
        """Each once, as the schema wants it: a file may be given twice."""
        written: list[dict[str, Any]] = []
        for artifact in map(self._artifact, self._artifacts):
            if artifact not in written:
                written.append(artifact)
        return written

    def _artifact(self, artifact: ArtifactSummary) -> dict[str, Any]:
        written: dict[str, Any] = {
            "location": _artifact_location(self._locations.file(artifact.path)),
            "roles": ["analysisTarget"],
        }
        if artifact.zip_bytes is not None:
            written["length"] = artifact.zip_bytes
        if (digest := _hexadecimal(artifact.code_sha256)) is not None:
            written["hashes"] = {"sha-256": digest}
        written["properties"] = {
            "kind": artifact.kind,
            "form": visible(artifact.form),
            "unzipped_bytes": artifact.unzipped_bytes,
            "content_sha256": visible(artifact.content_sha256),
        }
        return written

    def _result(self, finding: Finding) -> dict[str, Any]:
        where = self._names.concerned([finding])
        text = visible(finding.message) + (f" ({visible(where)})" if where else "")
        if finding.fix:
            text += "\nFix: " + visible_lines(finding.fix)
        written: dict[str, Any] = {"ruleId": finding.rule, "ruleIndex": self._index[finding.rule]}
        if finding.targets and not self._report.gate:
            # No target was asked for: that it does not work on some of all runtimes fails nobody.
            written |= {"kind": "informational", "level": "none"}
        else:
            written["level"] = _LEVELS[finding.severity]
        written["message"] = {"text": plain(text)}
        if (location := self._locations.of(finding)) is not None:
            written["locations"] = [self._location(location, finding.artifact)]
        if (
            finding.source is not None
            and (inside := self._locations.in_artifact(finding.artifact, finding.path)) is not None
        ):
            related = self._location(inside, finding.artifact)
            written["relatedLocations"] = [{"id": 1, **related, "message": {"text": "the artifact"}}]
        written["partialFingerprints"] = self._fingerprints(finding)
        written["properties"] = {
            "name": visible(finding.name),
            "confidence": finding.confidence.value,
            "targets": [visible(target) for target in sorted(finding.targets, key=id_order)],
        }
        return written

    def _fingerprints(self, finding: Finding) -> dict[str, str]:
        # GitHub goes by the name that its own tools use, and tells equal ones apart by a number behind them.
        count = self._told[finding.fingerprint] = self._told.get(finding.fingerprint, 0) + 1
        mark = visible(finding.fingerprint)
        return {"layercheck/v1": mark, "primaryLocationLineHash": f"{mark}:{count}"}

    def _location(self, location: Location, artifact: str | None) -> dict[str, Any]:
        logical = []
        if location.resource is not None:
            name = visible(location.resource)
            logical.append({"name": name, "fullyQualifiedName": name, "kind": "resource"})
        if location.member is not None:
            whole = f"{self._names.artifact(artifact)}:{location.member}"
            logical.append(
                {"name": visible(last_part(location.member)), "fullyQualifiedName": visible(whole), "kind": "file"}
            )
        written: dict[str, Any] = {
            "physicalLocation": {
                "artifactLocation": _artifact_location(location.file),
                # Of an archive no line is meant; but GitHub and others take nothing without one.
                "region": {"startLine": location.line or 1},
            }
        }
        return written | {"logicalLocations": logical} if logical else written

    def _notifications(self) -> list[dict[str, Any]]:
        """What could not be checked, like things in one; and how many results are too many."""
        same: dict[tuple[str, str, str], list[Unchecked]] = {}
        for item in sorted(self._report.unchecked, key=unchecked_order):
            same.setdefault((item.what, item.why, item.artifact or ""), []).append(item)
        # Only --strict makes a run fail for them.
        level = "error" if self._report.exit_code == 3 else "warning"
        told = [self._notification(items, level) for items in same.values()]
        told += [self._remark(remark) for remark in sorted(self._report.remarks, key=remark_order)]
        if self._left_out:
            text = f"{plural(self._left_out, 'finding')} left out: SARIF files with more results are refused."
            told.append({"descriptor": {"id": "left-out"}, "level": "warning", "message": {"text": text}})
        return told

    def _remark(self, remark: Remark) -> dict[str, Any]:
        place = f"{visible(remark_place(remark))}: " if remark.source is not None else ""
        return {
            "descriptor": {"id": visible(remark.kind)},
            # Nothing fails for it.
            "level": "note" if remark.severity is Severity.INFO else "warning",
            "message": {"text": plain(place + visible(remark.message))},
        }

    def _notification(self, items: list[Unchecked], level: str) -> dict[str, Any]:
        head = items[0]
        where = self._names.some_targets(sorted({target for item in items for target in item.targets}))
        text = f"not checked: {visible(head.what)}: {visible(head.why)}" + (f" ({visible(where)})" if where else "")
        paths = list(dict.fromkeys(item.path for item in items if item.path is not None))
        if len(items) > 1:
            text += f" ({len(items):,} times)"
        written: dict[str, Any] = {
            "descriptor": {"id": "unchecked"},
            "level": level,
            "message": {"text": plain(text)},
        }
        if head.artifact is not None:
            shown: Iterable[str | None] = paths[:_MAX_PLACES] or [None]
            places = [self._locations.in_artifact(head.artifact, path) for path in shown]
            located = [self._location(place, head.artifact) for place in places if place is not None]
            if located:
                written["locations"] = located
        return written


def _artifact_location(path: str) -> dict[str, str]:
    # §3.4.4: an absolute URI must not name a base.
    return {"uri": uri(path)} if is_absolute(path) else {"uri": uri(path), "uriBaseId": _ROOT}


def _hexadecimal(digest: str | None) -> str | None:
    """The base64 that AWS prints as the hexadecimal digits that the standard wants."""
    try:
        return base64.b64decode(digest, validate=True).hex() or None if digest is not None else None
    except (binascii.Error, ValueError):
        return None


def _pretty(value: Any, depth: int, indent: str) -> str:
    """JSON with one line an item of a list, so that two files compare well; below ``depth`` all is on one line."""
    inner = indent + " "
    if depth and isinstance(value, Mapping) and value:
        deeper = {"tool": 2, "invocations": 1}
        members = [
            f"{inner}{_encode(key)}: {_pretty(item, depth - 1 + deeper.get(key, 0), inner)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if depth and isinstance(value, list) and value:
        return "[\n" + ",\n".join([inner + _pretty(item, depth - 1, inner) for item in value]) + f"\n{indent}]"
    return _encode(value)


_encode = json.JSONEncoder(allow_nan=False).encode
