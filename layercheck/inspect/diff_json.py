"""The JSON of ``layercheck diff``, schema_version 1.0 (report/diff-schema.json)."""

from __future__ import annotations

from typing import Any

from ..finding import Unchecked
from .diff import Diff, FileChange, FileState, PackageChange, PackageState, Side
from .diff_findings import Told
from .diff_project import ProjectDiff
from .size_json import head, source


def document(difference: Diff) -> dict[str, Any]:
    """The whole answer, ready for json.dumps."""
    return {**_head(difference.exit_code), **_difference(difference)}


def project_document(difference: ProjectDiff) -> dict[str, Any]:
    """The answer about two builds of a project: of each function and layer what ``document`` says of an artifact."""
    return {
        **_head(difference.exit_code),
        "deployments": [
            {
                "name": part.name,
                "change": part.change,
                "source": source(part.origin),
                "diff": None if part.diff is None else _difference(part.diff),
            }
            for part in difference.parts
        ],
        "unchecked": [_unchecked(item) for item in difference.unchecked],
    }


def _head(code: int) -> dict[str, Any]:
    return {**head(code), "same": code == 0}


def _difference(difference: Diff) -> dict[str, Any]:
    old, new = difference.old, difference.new
    changes = difference.libraries
    return {
        "identical": difference.identical,
        "old": _side(old),
        "new": _side(new),
        "delta": {
            "zip_bytes": None if old.zip_bytes is None or new.zip_bytes is None else new.zip_bytes - old.zip_bytes,
            "unzipped_bytes": new.unzipped_bytes - old.unzipped_bytes,
            "files": new.files - old.files,
        },
        "packages": [_package(item) for item in difference.packages],
        "files": [_file(item) for item in difference.files],
        "libraries": {
            "needed": {"new": list(changes.needed_new), "gone": list(changes.needed_gone)},
            "versions": {"new": _versions(changes.versions_new), "gone": _versions(changes.versions_gone)},
            "provided": {"new": list(changes.provided_new), "gone": list(changes.provided_gone)},
            "architectures": {"new": list(changes.architectures_new), "gone": list(changes.architectures_gone)},
        },
        "findings": {
            "new": [_told(item) for item in difference.findings_new],
            "gone": [_told(item) for item in difference.findings_gone],
        },
        "unchecked": [_unchecked(item) for item in difference.unchecked],
    }


def _unchecked(item: Unchecked) -> dict[str, Any]:
    return {"artifact": item.artifact, "path": item.path, "what": item.what, "why": item.why}


def _side(side: Side) -> dict[str, Any]:
    return {
        "path": side.path,
        "kind": side.kind,
        "form": side.form,
        "zip_bytes": side.zip_bytes,
        "unzipped_bytes": side.unzipped_bytes,
        "files": side.files,
        "code_sha256": side.code_sha256,
        "content_sha256": side.content_sha256,
        "check": {"exit_code": side.exit_code, **side.counts, "unchecked": side.unchecked},
        "compatibility": [
            {"architecture": item.architecture, "runtimes": list(item.runtimes)} for item in side.compatibility
        ],
    }


def _package(item: PackageChange) -> dict[str, Any]:
    return {
        "change": item.change,
        "ecosystem": item.ecosystem,
        "name": item.name,
        "old": _package_state(item.old),
        "new": _package_state(item.new),
        "delta_bytes": item.delta,
    }


def _package_state(state: PackageState | None) -> dict[str, Any] | None:
    return None if state is None else {"versions": list(state.versions), "bytes": state.bytes}


def _file(item: FileChange) -> dict[str, Any]:
    return {
        "change": item.change,
        "path": item.path,
        "package": item.package,
        "old": _file_state(item.old),
        "new": _file_state(item.new),
        "delta_bytes": item.delta,
    }


def _file_state(state: FileState | None) -> dict[str, Any] | None:
    return None if state is None else {"kind": state.kind, "mode": state.mode, "bytes": state.bytes}


def _versions(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"library": library, "version": version} for library, version in pairs]


def _told(item: Told) -> dict[str, Any]:
    return {
        "rule": item.rule,
        "name": item.name,
        "severity": item.severity,
        "path": item.path,
        "message": item.message,
        "fix": item.fix,
        "targets": list(item.targets),
    }
