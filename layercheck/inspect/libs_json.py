"""The JSON of ``layercheck libs``, schema_version 1.0."""

from __future__ import annotations

from typing import Any

from .libs import Libraries, RootView, VersionNeed


def document(libraries: Libraries) -> dict[str, Any]:
    """The whole answer; ready for json.dumps."""
    return {"schema_version": "1.0", "objects": [_object(item) for item in libraries.objects]}


def _object(item: RootView) -> dict[str, Any]:
    return {
        "path": item.path,
        "root": item.root,
        "status": item.status,
        "needed": [
            {
                "name": need.name,
                "required_by": need.required_by,
                "path": need.path,
                "from": need.origin,
                "via": need.via,
                "tried": list(need.tried),
            }
            for need in item.needed
        ],
        "missing": list(item.missing),
        "missing_versions": [_version(fact) for fact in item.missing_versions],
        "unverified": [_version(fact) for fact in item.unverified],
        "error": None if item.error is None else {"path": item.error[0], "reason": item.error[1]},
        "note": item.note,
    }


def _version(fact: VersionNeed) -> dict[str, str]:
    return {"library": fact.library, "path": fact.path, "version": fact.version, "required_by": fact.required_by}
