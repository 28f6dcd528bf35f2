"""The JSON report, ``schema_version`` 1.0. Changes only add keys.

One line an item of a list: quick to write (the standard library's fast encoder does not indent), and two reports
compare well line by line. The text is ASCII, so that a name with a byte that is not UTF-8 (a lone surrogate here)
stays valid JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..finding import (
    ArtifactSummary,
    Finding,
    ProjectSummary,
    Remark,
    Report,
    Severity,
    Source,
    Suppressed,
    Target,
    Unchecked,
)
from ..named_tuple import TYPE_CHECKING
from .order import finding_order, id_order, remark_order, unchecked_order

if TYPE_CHECKING:
    from typing import Any

SCHEMA_VERSION = "1.0"


def render(report: Report) -> str:
    """The report as JSON text, ending with a newline; the same report gives the same bytes."""
    members = [f"{_encode(key)}: {_member(value)}" for key, value in document(report).items()]
    text = "{\n" + ",\n".join(members) + "\n}\n"
    if "##" in text:
        from .escape import harmless_json

        return harmless_json(text)
    return text


def document(report: Report) -> dict[str, Any]:
    """The report as plain dicts and lists, sorted, keys in the documented order."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "layercheck", "version": report.tool_version},
        "data_version": report.data_version,
        "date": report.date,
        "exit_code": report.exit_code,
        "targets": [_target(target) for target in sorted(report.targets, key=lambda target: id_order(target.id))],
        "artifacts": [_artifact(item) for item in sorted(report.artifacts, key=lambda item: id_order(item.id))],
        "compatibility": [
            {"architecture": item.architecture, "runtimes": list(item.runtimes)}
            for item in sorted(report.compatibility, key=lambda item: (item.architecture, item.runtimes))
        ],
        "findings": [_finding(finding) for finding in sorted(report.findings, key=finding_order)],
        "unchecked": [_unchecked(item) for item in sorted(report.unchecked, key=unchecked_order)],
        "summary": {severity.value: report.count(severity) for severity in Severity},
        "gate": report.gate,
        "suppressed": [_suppressed(item) for item in sorted(report.suppressed, key=_suppressed_order)],
        "remarks": [_remark(item) for item in sorted(report.remarks, key=remark_order)],
        **({"projects": [_project(item) for item in report.projects]} if report.projects else {}),
    }


def _project(project: ProjectSummary) -> dict[str, Any]:
    return project._asdict()


def _target(target: Target) -> dict[str, Any]:
    declared = {} if target.source is None else {"source": _source(target.source)}
    return {
        "id": target.id,
        "runtime": target.runtime,
        "architecture": target.architecture,
        "function": target.function,
        "layers": list(target.layers),
        "handler": target.handler,
        "open": sorted(target.open),
        "passed": target.passed,
        "reason": target.reason,
        "state": target.state,
        **declared,
    }


def _source(source: Source | None) -> dict[str, Any] | None:
    return None if source is None else source._asdict()


def _artifact(artifact: ArtifactSummary) -> dict[str, Any]:
    return {
        "id": artifact.id,
        "kind": artifact.kind,
        "form": artifact.form,
        "path": artifact.path,
        "code_sha256": artifact.code_sha256,
        "content_sha256": artifact.content_sha256,
        "zip_bytes": artifact.zip_bytes,
        "unzipped_bytes": artifact.unzipped_bytes,
        "files": artifact.files,
        "elf_files": artifact.elf_files,
        "kind_reason": artifact.kind_reason,
        "followed_bytes": artifact.followed_bytes,
        "packages": [
            {"name": name, "bytes": size}
            for name, size in sorted(artifact.packages, key=lambda package: (-package[1], package[0]))
        ],
        "linkage": [
            {"kind": item.kind, "files": item.files, "path": item.path, "evidence": item.evidence}
            for item in sorted(artifact.linkage, key=lambda item: (-item.files, item.kind))
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "targets": sorted(finding.targets),
        "artifact": finding.artifact,
        "path": finding.path,
        "message": finding.message,
        "fix": finding.fix,
        "details": dict(sorted(finding.details.items())),
        "fingerprint": finding.fingerprint,
        "source": _source(finding.source),
    }


def _unchecked(item: Unchecked) -> dict[str, Any]:
    return {
        "targets": sorted(item.targets),
        "artifact": item.artifact,
        "path": item.path,
        "what": item.what,
        "why": item.why,
    }


def _suppressed(item: Suppressed) -> dict[str, Any]:
    finding = item.finding
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "targets": sorted(finding.targets),
        "artifact": finding.artifact,
        "path": finding.path,
        "message": finding.message,
        "fingerprint": finding.fingerprint,
        "source": _source(finding.source),
        "by": item.by,
        "reason": item.reason,
    }


def _suppressed_order(item: Suppressed) -> tuple[object, ...]:
    return finding_order(item.finding), item.by, item.reason or ""


def _remark(item: Remark) -> dict[str, Any]:
    severity = item.severity.value
    return {"kind": item.kind, "severity": severity, "message": item.message, "source": _source(item.source)}


def _member(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join([_encode(item) for item in value]) + "\n]"
    return _encode(value)


def _plain(value: Any) -> Any:
    """What rules may put into details besides JSON's own types."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"details hold a {type(value).__name__}, which is not JSON")


# Made once: json.dumps() would make an encoder for each finding.
_encode = json.JSONEncoder(default=_plain, allow_nan=False).encode
