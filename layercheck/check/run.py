"""One run: open each artifact once, judge each job, put the parts together."""

from __future__ import annotations

from collections.abc import Sequence

from ..environment import data_version
from ..finding import Report
from ..named_tuple import TYPE_CHECKING
from ..rules import ArtifactView, Settings, Subject, all_rules
from .collect import Collector
from .deployment import Opener, deploy
from .job import Job, run_jobs
from .judge import Raw, fold, merge
from .judging import Judging
from .options import Input, Options
from .part import Part, Seen
from .summary import summary

if TYPE_CHECKING:
    from .hashes import Compared


class Run:
    """Judges jobs one after another, with the artifacts that they share. ``batch`` numbers this object's jobs."""

    def __init__(self, options: Options, *, batch: int = 0) -> None:
        self._date = options.date or data_version()
        self._batch = batch
        self._opener = Opener(options)
        self._compared: dict[str, Compared] = {}
        self._collected: dict[tuple[object, ...], Collector] = {}
        self._seen: dict[str, Seen] = {}

    def judge(self, job: Job) -> Part:
        """Judge one deployment, and take over what its project says. Raises OSError, and ValueError as ``run`` does."""
        state = Judging(job, self._date, self._compared)
        raws: list[Raw] = []
        artifacts: list[Seen] = []
        main: Subject | None = None
        if job.source is not None:
            deployment = deploy(self._opener, job.source, job.options, job.name)
            main, stack = deployment.main, deployment.stack
            for subject in stack.subjects:
                raws += self._artifact(subject, stack.settings).raws
            state.judge(deployment)
            # In the order in which they were opened, which numbers them.
            artifacts += [self._seen[s.id] for s in (main, *[s for s in stack.subjects if s is not main])]
        raws += state.said.raws
        names: list[str | None] = [item.target.id for item in state.targets]
        for note in job.unchecked:
            for name in names or [None]:
                state.said.note(note.what, note.why, name, main if note.path is not None else None, note.path)
        for said in job.faults:
            rule = next(rule for rule in all_rules() if rule.id == said.rule)
            for name in (names if said.on_targets else None) or [None]:
                raws.append(Raw(rule, said.fault, name, said.source or job.origin))
        return Part(
            self._batch,
            main.id if main is not None else None,
            job.origin,
            tuple(artifacts),
            tuple(state.targets),
            tuple(merge(fold(raws), {name: place for place, name in enumerate(names) if name is not None})),
            state.said.rest(),
        )

    def _artifact(self, subject: Subject, settings: Settings) -> Collector:
        """What is found of an artifact whatever it is deployed with."""
        key = (subject.id, settings.upload, settings.max_unzipped, settings.max_zip)
        if key not in self._collected:
            said = Collector()
            said.collect("artifact", ArtifactView(subject, settings), None)
            _note_artifact(said, subject)
            self._collected[key] = said
            if subject.id not in self._seen:
                self._seen[subject.id] = Seen(self._opener.path(subject), summary(subject), said.rest())
        return self._collected[key]

    def close(self) -> None:
        """Close the artifacts that were opened."""
        self._opener.close()


def _note_artifact(said: Collector, subject: Subject) -> None:
    artifact = subject.artifact
    for defect in artifact.defects:
        if defect.kind == "unreadable":
            said.note("its content", f"cannot be read here: {defect.detail}", None, subject, defect.entry)
    left_out = [defect for defect in artifact.defects if defect.kind == "left-out"]
    for defect in left_out[:1]:
        said.note(f"{len(left_out):,} names", defect.detail, None, subject, defect.entry)
    for kind, count in artifact.unread.items():
        said.note(f"{count:,} {kind}", "there are more than are read in one artifact", None, subject, None)
    for entry in artifact.entries:
        if entry.kind == "other":
            said.note("a device, pipe or socket", "is not packed into a zip", None, subject, entry.path)
    for path, facts in artifact.facts.items():
        if facts.opens is None:
            said.note("the libraries that it opens by name", "is more code than is read", None, subject, path)
    if artifact.stopped:
        said.note("the rest of its files", "more than 1 GiB was read; sizes are as declared", None, subject, None)


def run(inputs: Sequence[Input], options: Options) -> Report:
    """Check all inputs, each a deployment of its own, with the same options.

    Raises OSError for an input that cannot be read, ValueError for an unknown runtime or architecture.
    """
    return run_jobs([Job(source, options) for source in inputs], options)
