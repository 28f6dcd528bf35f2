"""One run: open each artifact once, judge each job, put the parts together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..artifact import SYMLINK
from ..elf import ElfImage, detect_libc
from ..environment import data_version, limits
from ..finding import ArtifactSummary, Linkage, Report
from ..named_tuple import TYPE_CHECKING, NamedTuple
from ..rules import ArtifactView, Settings, Subject, all_rules
from .collect import Collector
from .deployment import Opener, deploy
from .job import Job, names_of, run_jobs
from .judge import Raw, fold, merge
from .judging import Judging
from .options import Input, Options, key_of
from .part import Part, Seen

if TYPE_CHECKING:
    from .hashes import Compared


class Run:
    """Judges jobs one after another, with the artifacts that they share.

    ``names`` says what artifacts are called, by ``key_of``. ``batch`` tells the parts made here from others.
    """

    def __init__(self, options: Options, names: Mapping[str | int, str] = {}, *, batch: int = 0) -> None:
        self._date = options.date or data_version()
        self._batch = batch
        self._opener = Opener(options, names)
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
            rule = next((rule for rule in all_rules() if rule.id == said.rule), None)
            if rule is None:
                raise ValueError(f"no rule has the id {said.rule}")
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
                self._seen[subject.id] = Seen(self._opener.path(subject), _summary(subject), said.rest())
        return self._collected[key]

    def forget(self, keys: Iterable[str | int]) -> None:
        """Close the artifacts that are known by these keys: no further job needs them."""
        gone = {name for key in keys for name in self._opener.forget(key)}
        for name in gone:
            self._seen.pop(name, None)
            self._compared.pop(name, None)
        self._collected = {key: said for key, said in self._collected.items() if key[0] not in gone}

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


def _summary(subject: Subject) -> ArtifactSummary:
    """Sizes, counts and digests of one artifact in its role."""
    artifact = subject.artifact
    links = any(entry.kind == SYMLINK for entry in artifact.entries)
    near = artifact.unzipped_bytes > limits().unzipped_total_bytes * 8 // 10
    packages = [(p.name, count) for p, count in subject.packages.sizes()[:12]] if near else []
    return ArtifactSummary(
        id=subject.id,
        kind=subject.kind,
        form=artifact.form,
        path=artifact.name,
        code_sha256=artifact.code_sha256,
        content_sha256=artifact.content_sha256,
        zip_bytes=artifact.zip_bytes,
        unzipped_bytes=artifact.unzipped_bytes,
        files=artifact.files,
        elf_files=sum([isinstance(fact.elf, ElfImage) for fact in artifact.facts.values()]),
        kind_reason=subject.kind_reason,
        followed_bytes=artifact.followed_bytes() if links else None,
        packages=tuple(packages),
        linkage=tuple(_linkage(subject)),
    )


def _linkage(subject: Subject) -> Iterator[Linkage]:
    """For which C library the ELF files are made, the most frequent first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path, fact in subject.artifact.facts.items():
        if isinstance(fact.elf, ElfImage) and fact.elf.type in (2, 3):
            libc = detect_libc(fact.elf)
            found.setdefault(libc.kind, []).append((path, libc.evidence))
    for kind, files in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        path, evidence = min(files)
        yield Linkage(kind, len(files), path, evidence)


class Judgement(NamedTuple):
    """The parts of a batch, in order, up to the job that could not be judged; then the error tells why."""

    parts: tuple[Part, ...]
    error: Exception | None = None


def judge_batch(number: int, jobs: Sequence[Job], options: Options, names: Mapping[str | int, str]) -> Judgement:
    """Judge jobs one after another. An artifact is closed behind the last job that needs it.

    ``number`` tells batches apart, ``names`` says what artifacts are called.
    """
    last = {key_of(source): place for place, job in enumerate(jobs) for source in job.sources()}
    work = Run(options, names, batch=number)
    parts: list[Part] = []
    try:
        for place, job in enumerate(jobs):
            parts.append(work.judge(job))
            work.forget([key for key in map(key_of, job.sources()) if last[key] == place])
    except (OSError, ValueError) as error:
        return Judgement(tuple(parts), error)
    finally:
        work.close()
    return Judgement(tuple(parts))


def judge_here(jobs: Sequence[Job], options: Options) -> list[Part]:
    """Judge every job in this process. Raises the error of the first that cannot be judged."""
    done = judge_batch(0, jobs, options, names_of(jobs))
    if done.error is not None:
        raise done.error
    return list(done.parts)


def run(inputs: Sequence[Input], options: Options) -> Report:
    """Check all inputs, each a deployment of its own, with the same options.

    Raises OSError for an input that cannot be read, ValueError for an unknown runtime or architecture.
    """
    return run_jobs([Job(source, options) for source in inputs], options)
