"""What LC002 says of a wheel that is given as input: whether it is one, and whether it is as it was built."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Confidence, Defect, Severity
from .base import Fault, Subject

_SHOWN = 20
_AGAIN = "Fetch or build the wheel again (pip download, pip wheel), and do not edit it in place."


def wheel_faults(subject: Subject) -> Iterator[Fault]:
    """One fault for each kind of defect, however many files are concerned."""
    kinds: dict[str, list[Defect]] = {}
    for defect in subject.wheel_defects:
        kinds.setdefault(defect.kind, []).append(defect)
    for defect in kinds.pop("no-wheel", ()):
        fact = f"{defect.detail}: pip does not install it as a wheel"
        yield Fault(fact, subject, defect.entry, _AGAIN, details={"kind": defect.kind})
    for kind, defects in sorted(kinds.items()):
        first = defects[0]
        more = f", and so {len(defects) - 1} more files" if len(defects) > 1 else ""
        end = ": the wheel was altered or damaged after it was built" if kind == "altered" else ""
        yield Fault(
            f"{first.detail}{more}{end}",
            subject,
            first.entry,
            _AGAIN,
            Severity.WARNING if kind == "altered" else Severity.INFO,
            Confidence.LIKELY,
            {"kind": kind, "files": [defect.entry for defect in defects[:_SHOWN]]},
        )
