"""The JSON of ``layercheck size``, schema_version 1.0 (report/size-schema.json)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _version
from ..environment import data_version
from ..finding import Source, Unchecked
from .advise import Advice
from .contents import table
from .deployments import Measured, exit_code
from .size import ArtifactSize, PackageSize, Share, Sizes, add


def document(sizes: Sizes, advice: Advice | None = None, top: int | None = None) -> dict[str, Any]:
    """The whole answer, ready for json.dumps; of the packages the ``top`` largest (None: all), the rest added up."""
    return {**head(sizes.exit_code), **_deployment(sizes, advice, top)}


def project_document(parts: Sequence[Measured], notes: Sequence[Unchecked], top: int | None = None) -> dict[str, Any]:
    """The answer about several deployments, each as ``document`` has it; ``notes``: what could not be measured."""
    return {
        **head(exit_code(parts)),
        "deployments": [
            {"name": item.name, "source": source(item.origin), **_deployment(item.sizes, item.advice, top)}
            for item in parts
        ],
        "unchecked": [{"what": note.what, "why": note.why} for note in notes],
    }


def source(origin: Source | None) -> dict[str, Any] | None:
    """The place in a template that declares a deployment."""
    return None if origin is None else {"file": origin.file, "line": origin.line, "resource": origin.resource}


def head(code: int) -> dict[str, Any]:
    """What the answers of ``size`` and ``diff`` begin with."""
    return {
        "schema_version": "1.0",
        "tool": {"name": "layercheck", "version": _version.__version__},
        "data_version": data_version(),
        "exit_code": code,
    }


def _deployment(sizes: Sizes, advice: Advice | None, top: int | None) -> dict[str, Any]:
    shown, rest = split(sizes, top)
    titles = table()["kinds"]
    return {
        "limit_bytes": sizes.limit,
        "total_bytes": sizes.total,
        "left_bytes": sizes.left,
        "budgets": {"max_unzipped_bytes": sizes.max_unzipped, "max_zip_bytes": sizes.max_zip},
        "layers": sizes.layers,
        "open": sorted(sizes.open),
        "artifacts": [_artifact(item) for item in sizes.artifacts],
        "packages": [_package(item) for item in shown],
        "more": {"packages": len(rest), **_share(add(item.share for item in rest))},
        "kinds": [
            {"kind": item.kind, "title": titles[item.kind]["title"], **_share(item.share)} for item in sizes.kinds
        ],
        "unchecked": [
            {"artifact": item.artifact, "path": item.path, "what": item.what, "why": item.why}
            for item in sizes.unchecked
        ],
        "advice": None if advice is None else _advice(advice),
    }


def split(sizes: Sizes, top: int | None) -> tuple[tuple[PackageSize, ...], tuple[PackageSize, ...]]:
    """The ``top`` largest packages, and the others."""
    return (sizes.packages, ()) if top is None else (sizes.packages[:top], sizes.packages[top:])


def _share(share: Share) -> dict[str, Any]:
    return {"files": share.files, "bytes": share.bytes, "compressed_bytes": share.compressed}


def _artifact(item: ArtifactSize) -> dict[str, Any]:
    return {
        "id": item.id,
        "path": item.path,
        "kind": item.kind,
        "form": item.form,
        "zip_bytes": item.zip_bytes,
        **_share(item.share),
        "followed_bytes": item.followed_bytes,
    }


def _package(item: PackageSize) -> dict[str, Any]:
    return {
        "artifact": item.artifact,
        "ecosystem": item.package.ecosystem,
        "name": item.package.name,
        "version": item.package.version,
        **_share(item.share),
        "kinds": dict(item.kinds),
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "recommendation": advice.recommendation,
        "why": advice.why,
        "bytes_that_could_go": advice.could_go,
        "options": [
            {"form": item.form, "fits": item.fits, "for": list(item.pros), "against": list(item.cons)}
            for item in advice.options
        ],
        "figures": [
            {"name": item.name, "value": item.value, "limit": item.limit, "unit": item.unit, "source": item.source}
            for item in advice.figures
        ],
        "removable": [
            {
                "what": item.what,
                "files": item.files,
                "bytes": item.bytes,
                "counted": item.counted,
                "confidence": item.confidence,
                "how": item.how,
                "cost": item.cost,
                "source": item.source,
            }
            for item in advice.removable
        ],
        "unchecked": list(advice.unchecked),
    }
