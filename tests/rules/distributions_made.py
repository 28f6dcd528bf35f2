"""Installed distributions as pip leaves them, and what a check says of them in a few words."""

from __future__ import annotations

import base64
import hashlib

from check.made import Files, judge, of, told
from layercheck.finding import Finding, Report


def digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def wheel(
    name: str,
    version: str,
    files: dict[str, bytes],
    *,
    lost: dict[str, bytes] | None = None,
    requires: tuple[str, ...] = (),
    root: str = "python/",
) -> dict[str, bytes]:
    """What pip leaves of a wheel; ``lost`` was there and is in RECORD only."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += "".join(f"Requires-Dist: {item}\n" for item in requires)
    made = {**files, f"{info}/METADATA": about.encode(), f"{info}/WHEEL": b"Wheel-Version: 1.0\nTag: py3-none-any\n"}
    rows = [f"{path},{digest(data)},{len(data)}" for path, data in {**made, **(lost or {})}.items()]
    made[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    return {root + path: data for path, data in made.items()}


def one(report: Report, rule: str) -> Finding:
    found = of(report, rule)
    assert len(found) == 1, told(report)
    return found[0]


def said(files: Files, rule: str, **options: object) -> list[tuple[str, str, str | None]]:
    """(severity, confidence, path) of the rule's findings."""
    found = of(judge(files, **options), rule)  # type: ignore[arg-type]
    return [(item.severity.value, item.confidence.value, item.path) for item in found]
