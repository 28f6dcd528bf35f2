"""Applies rules and keeps what they say, within bounds."""

from __future__ import annotations

from ..finding import Severity
from ..rules import ArtifactView, Fault, Rule, StackView, Subject, TargetView, judging_rules
from .judge import Raw
from .notes import Notes
from .part import Rest, Untold

MAX_FAULTS, MAX_FAULTS_IN_ALL, ALWAYS_KEPT, ENOUGH = 5_000, 20_000, 50, 250_000
"""Faults of one rule and severity that are told: on one target, on all, and on each target whatever the others have.
Who has more of them needs no longer list, and a hostile archive would have a million; after ``ENOUGH`` of one rule, the
targets that follow are searched no further than for some."""


class Collector:
    """What is found of one artifact by itself, or of one deployment."""

    def __init__(self) -> None:
        self.raws: list[Raw] = []
        self._notes = Notes()
        self._untold: dict[tuple[str, Severity, str | None], int] = {}
        self._found: dict[str, int] = {}
        self._kept: dict[tuple[str, Severity, str | None], int] = {}
        self._kept_in_all: dict[tuple[str, Severity], int] = {}

    def collect(self, scope: str, view: ArtifactView | StackView | TargetView, target: str | None) -> None:
        """Apply every rule of the scope."""
        for rule in judging_rules():
            if rule.scope == scope:
                self._apply(rule, view, target)

    def _apply(self, rule: Rule, view: ArtifactView | StackView | TargetView, target: str | None) -> None:
        before = self._found.get(rule.id, 0)
        found = 0
        for said in rule.run(view):
            if not isinstance(said, Fault):
                self.note(said.what, said.why, target, said.subject, said.path)
                continue
            found += 1
            self._keep(rule, said, target, view)
            if found >= ALWAYS_KEPT and before >= ENOUGH:
                self.note(
                    f"more of what {rule.id} finds", "there are too many to look for them all", target, None, None
                )
                break
        self._found[rule.id] = before + found

    def _keep(self, rule: Rule, fault: Fault, target: str | None, view: object) -> None:
        absent = view.stack.open if isinstance(view, TargetView) else ()
        if absent and rule.open and "reason" not in fault.details:
            what = str(fault.details.get("library") or fault.details.get("target") or "bootstrap") + ", which it needs"
            why = f"could be in {', '.join(absent)}, which is not at hand"
            self.note(what, why, target, fault.subject, fault.path)
        else:
            severity = fault.severity or rule.severity
            place, whole = (rule.id, severity, target), (rule.id, severity)
            self._kept[place] = here = self._kept.get(place, 0) + 1
            self._kept_in_all[whole] = everywhere = self._kept_in_all.get(whole, 0) + 1
            if here <= MAX_FAULTS and (here <= ALWAYS_KEPT or everywhere <= MAX_FAULTS_IN_ALL):
                self.raws.append(Raw(rule, fault, target))
            else:
                self._untold[place] = self._untold.get(place, 0) + 1

    def note(self, what: str, why: str, target: str | None, subject: Subject | None, path: str | None) -> None:
        """Note what could not be checked."""
        self._notes.add(what, why, target, subject.id if subject else None, path)

    def rest(self) -> Rest:
        """What was left unchecked and untold."""
        untold = [Untold(rule, level.value, target, n) for (rule, level, target), n in self._untold.items()]
        return Rest(tuple(self._notes), self._notes.more, tuple(untold))
