"""Numbers the artifacts and targets of a run through all its parts, and gathers what was left unchecked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..finding import ArtifactSummary, Source
from .notes import Notes
from .part import Judged, Part, Rest, Seen


class Numbered:
    """``artifacts`` and ``targets`` have the ids of the run; ``names`` maps each part's own ids to them.

    ``declared``: where an artifact is declared by itself, by its id.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.artifacts: list[ArtifactSummary] = []
        self.targets: list[Judged] = []
        self.names: list[Mapping[str, str]] = []
        self.declared: dict[str, Source] = {}
        self.notes = Notes()
        self._untold: dict[tuple[str, str, str | None], int] = {}
        self._known: dict[object, str] = {}
        for part in parts:
            self._add(part)
        for (rule, severity, target), count in self._untold.items():
            what = f"{count:,} more {severity}s {rule}"
            self.notes.add(what, "there are too many to tell them all", target, None, None)

    def _add(self, part: Part) -> None:
        names: dict[str, str] = {}
        for seen in part.artifacts:
            identity = _identity(part, seen)
            known = identity in self._known
            name = self._known.setdefault(identity, f"a{len(self._known) + 1}")
            names[seen.summary.id] = name
            if not known:
                self.artifacts.append(seen.summary._replace(id=name))
                self._rest(seen.rest, names)
        if part.main is not None and part.origin is not None:
            self.declared.setdefault(names[part.main], part.origin)
        for item in part.targets:
            target = item.target
            names[target.id] = name = f"t{len(self.targets) + 1}"
            function = names[target.function] if target.function is not None else None
            layers = tuple([names[layer] for layer in target.layers])
            self.targets.append(item._replace(target=target._replace(id=name, function=function, layers=layers)))
        self._rest(part.rest, names)
        self.names.append(names)

    def _rest(self, rest: Rest, names: Mapping[str, str]) -> None:
        self.notes.more += rest.more
        for note in rest.notes:
            artifact = names[note.artifact] if note.artifact is not None else None
            for target in note.targets or (None,):
                self.notes.add(note.what, note.why, names[target] if target is not None else None, artifact, note.path)
        for item in rest.untold:
            key = (item.rule, item.severity, names[item.target] if item.target is not None else None)
            self._untold[key] = self._untold.get(key, 0) + item.number


def _identity(part: Part, seen: Seen) -> object:
    """What makes two artifacts of a run the same: their path and role. Content, too: it may change in between."""
    if seen.path is None:
        return part.batch, seen.summary.id
    return seen.path, seen.summary.kind, seen.summary.content_sha256, seen.summary.code_sha256
