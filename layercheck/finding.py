"""What a check says: defects read from a file, findings made of them, and the report about one run.

Plain frozen data. Every other room of the package may use this one; it uses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Severity(Enum):
    """How bad a finding is (DESIGN: what a verdict means)."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst; a larger number is milder."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Confidence(Enum):
    """``certain`` follows from the artifact and measured facts; ``likely`` does not follow strictly."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault met while reading a file, before any rule has judged it.

    ``kind`` is one of the words that the reader documents, ``entry`` the path of the member inside the artifact (None
    for the artifact as a whole), ``detail`` the measured fact in words.
    """

    kind: str
    entry: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that one rule found.

    ``targets`` are the sorted ids of the targets that it concerns, empty when it does not depend on the target.
    ``artifact`` is the id of the artifact, ``path`` the file inside it (None for the artifact as a whole).
    """

    rule: str
    name: str
    severity: Severity
    message: str
    confidence: Confidence = Confidence.CERTAIN
    targets: tuple[str, ...] = ()
    artifact: str | None = None
    path: str | None = None
    fix: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that could not be judged, and why. Never dropped silently."""

    what: str
    why: str
    targets: tuple[str, ...] = ()
    artifact: str | None = None
    path: str | None = None
