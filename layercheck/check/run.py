"""One run: open, stack, resolve, apply the rules, judge, report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .. import _version
from ..artifact import SYMLINK
from ..elf import ElfImage, detect_libc
from ..environment import Environment, data_version, limits
from ..filesystem import Filesystem
from ..finding import (
    ArtifactSummary,
    Compatibility,
    Finding,
    Linkage,
    Report,
    Severity,
    Source,
    Target,
)
from ..linker import Resolution, Work, resolve
from ..named_tuple import NamedTuple
from ..rules import ArtifactView, Fault, Rule, StackView, Subject, TargetView, all_rules
from .decide import judged, shown
from .deployment import Deployment, Opener, deploy
from .floor import faults_of_floor, may_differ
from .job import Job, run_jobs
from .judge import Raw, fold, merge
from .notes import Notes
from .options import Input, Options
from .symbols import SymbolReader, Undefined, undefined_symbols
from .targets import ARCHITECTURES, Choice, choose, environment_of, newest_first

if TYPE_CHECKING:
    from .python_packages import PythonPackages

MAX_FAULTS, MAX_FAULTS_IN_ALL, ALWAYS_KEPT, ENOUGH = 5_000, 20_000, 50, 250_000
"""Faults of one rule and severity that are told: on one target, on all, and on each target whatever the others have.
Who has more of them needs no longer list, and a hostile archive would have a million; after ``ENOUGH`` of one rule, the
targets that follow are searched no further than for some."""


class _Linked(NamedTuple):
    """What is the same for all targets with the same files: kept with the stack, whose id is part of the key."""

    filesystem: Filesystem
    resolution: Resolution
    undefined: Undefined
    stack: StackView


class Run:
    """The state of one run over its inputs."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.date = options.date or data_version()
        self.opener = Opener(options)
        self.raws: list[Raw] = []
        self.targets: list[tuple[Target, Choice, bool]] = []
        self.notes = Notes()
        self._linked: dict[tuple[int, str, str], _Linked] = {}
        self._symbols = SymbolReader()
        self._packages: PythonPackages | None = None
        self._work = Work()
        self._untold: dict[tuple[str, Severity, str | None], int] = {}
        self._found: dict[str, int] = {}
        self._kept: dict[tuple[str, Severity, str | None], int] = {}
        self._kept_in_all: dict[tuple[str, Severity], int] = {}
        self._judged: set[str] = set()
        self._declared: dict[str, Source] = {}
        self._job: Job | None = None

    def add(self, job: Job) -> None:
        """Judge one deployment on all its targets, and take over what its project says."""
        self._job = job
        first = len(self.targets)
        main = None if job.source is None else self._deployment(job, job.source)
        names: list[str | None] = [target.id for target, _, _ in self.targets[first:]]
        for item in job.unchecked:
            for name in names or [None]:
                self.notes.add(item.what, item.why, name, main if item.path is not None else None, item.path)
        for said in job.faults:
            rule = next(rule for rule in all_rules() if rule.id == said.rule)
            for name in (names if said.on_targets else None) or [None]:
                self.raws.append(Raw(rule, said.fault, name, said.source or job.origin))

    def _deployment(self, job: Job, source: Input) -> str:
        """Judge the artifact of a job with its layers; returns the artifact's id."""
        deployment = self._with_python(deploy(self.opener, source, job.options, job.name), job.options)
        stack = deployment.stack
        choices = choose(deployment, job.options, self.date)
        for subject in stack.subjects:
            if subject.id not in self._judged:
                self._judged.add(subject.id)
                self._artifact(subject, stack)
        self._collect("stack", stack, None)
        for choice in choices:
            self._target(deployment, choice, job)
        if job.origin is not None:
            self._declared.setdefault(deployment.main.id, job.origin)
        return deployment.main.id

    def _with_python(self, deployment: Deployment, options: Options) -> Deployment:
        """The deployment with what is known of its Python packages, if it may run on Python at all."""
        stack, runtimes = deployment.stack, options.runtimes
        code = any("python" in found for subject in stack.subjects for found in subject.shape.languages.values())
        code = code or any(subject.distributions.all for subject in stack.subjects)
        if not code or (runtimes and not any(name.startswith("python") for name in runtimes)):
            return deployment
        if self._packages is None:
            from .python_packages import PythonPackages

            self._packages = PythonPackages()
        return deployment._replace(stack=self._packages.of_stack(stack, verify_hashes=options.verify_hashes))

    def _collect(self, scope: str, view: ArtifactView | StackView | TargetView, target: str | None) -> None:
        for rule in all_rules():
            if rule.scope == scope:
                self._apply(rule, view, target)

    def _apply(self, rule: Rule, view: ArtifactView | StackView | TargetView, target: str | None) -> None:
        before = self._found.get(rule.id, 0)
        found = 0
        for said in rule.run(view):
            if not isinstance(said, Fault):
                self._note(said.what, said.why, target, said.subject, said.path)
                continue
            found += 1
            self._keep(rule, said, target, view)
            if found >= ALWAYS_KEPT and before >= ENOUGH:
                self._note(
                    f"more of what {rule.id} finds", "there are too many to look for them all", target, None, None
                )
                break
        self._found[rule.id] = before + found

    def _keep(self, rule: Rule, fault: Fault, target: str | None, view: object) -> None:
        absent = view.stack.open if isinstance(view, TargetView) else ()
        if absent and rule.open and "reason" not in fault.details:
            what = str(fault.details.get("library") or fault.details.get("target") or "bootstrap") + ", which it needs"
            why = f"could be in {', '.join(absent)}, which is not at hand"
            self._note(what, why, target, fault.subject, fault.path)
        else:
            severity = fault.severity or rule.severity
            place, whole = (rule.id, severity, target), (rule.id, severity)
            self._kept[place] = here = self._kept.get(place, 0) + 1
            self._kept_in_all[whole] = everywhere = self._kept_in_all.get(whole, 0) + 1
            if here <= MAX_FAULTS and (here <= ALWAYS_KEPT or everywhere <= MAX_FAULTS_IN_ALL):
                self.raws.append(Raw(rule, fault, target, self._job.origin if self._job is not None else None))
            else:
                self._untold[place] = self._untold.get(place, 0) + 1

    def _note(self, what: str, why: str, target: str | None, subject: Subject | None, path: str | None) -> None:
        self.notes.add(what, why, target, subject.id if subject else None, path)

    def _artifact(self, subject: Subject, stack: StackView) -> None:
        self._collect("artifact", ArtifactView(subject, stack.settings), None)
        artifact = subject.artifact
        for defect in artifact.defects:
            if defect.kind == "unreadable":
                self._note("its content", f"cannot be read here: {defect.detail}", None, subject, defect.entry)
        for path in self._packages.unread(subject) if self._packages is not None else ():
            self._note("whether it is what its RECORD says", "is more than is read again", None, subject, path)
        left_out = [defect for defect in artifact.defects if defect.kind == "left-out"]
        for defect in left_out[:1]:
            self._note(f"{len(left_out):,} names", defect.detail, None, subject, defect.entry)
        for kind, count in artifact.unread.items():
            self._note(f"{count:,} {kind}", "there are more than are read in one artifact", None, subject, None)
        for entry in artifact.entries:
            if entry.kind == "other":
                self._note("a device, pipe or socket", "is not packed into a zip", None, subject, entry.path)
        for path, facts in artifact.facts.items():
            if facts.opens is None:
                self._note("the libraries that it opens by name", "is more code than is read", None, subject, path)
        if artifact.stopped:
            self._note("the rest of its files", "more than 1 GiB was read; sizes are as declared", None, subject, None)

    def _target(self, deployment: Deployment, choice: Choice, job: Job) -> None:
        stack, options = deployment.stack, job.options
        name = f"t{len(self.targets) + 1}"
        environment = environment_of(choice, options)
        view = self._view(stack, environment, choice)
        target = Target(
            id=name,
            runtime=choice.runtime.identifier,
            architecture=choice.architecture,
            function=stack.function.id if stack.function is not None else None,
            layers=tuple([subject.id for subject in stack.subjects if subject.kind == "layer"]),
            handler=stack.handler,
            open=stack.open,
            reason=choice.reason,
            # A captured environment of no known runtime has no dates: there is nothing to say about its support.
            state="supported" if choice.runtime.os == "unknown" else choice.runtime.state(self.date),
            source=job.origin,
        )
        gate = is_gate(options)
        self.targets.append((target, choice, gate))
        self._collect("target", view, name)
        self._unverified(view, name)
        self._unread(view, self._linked[_key(stack, environment, choice)].undefined.unread, name)
        for path in view.resolution.unlinked[:1]:
            count = len(view.resolution.unlinked)
            why = f"more is to be linked than is followed; {path} is the first of them"
            self._note(f"the libraries of {count:,} file{'s'[: count > 1]}", why, name, None, None)
        if gate and options.libraries == "newest" and options.environment is None:
            self._floor(job, stack, choice, view, name)

    @property
    def gate(self) -> bool:
        """Whether at least one dimension of a target was stated."""
        return is_gate(self.options) or any(gate for _, _, gate in self.targets)

    def _view(self, stack: StackView, environment: Environment, choice: Choice) -> TargetView:
        # The stack is kept in the value: its id stays its own for as long as the key is there.
        key = _key(stack, environment, choice)
        if key not in self._linked:
            filesystem = Filesystem(stack.overlay, environment)
            resolution = resolve(filesystem, work=self._work)
            undefined = undefined_symbols(filesystem, resolution, self._symbols)
            self._linked[key] = _Linked(filesystem, resolution, undefined, stack)
        linked = self._linked[key]
        lacking = linked.undefined.lacking
        view = TargetView(stack, environment, choice.runtime, linked.filesystem, linked.resolution, lacking)
        return view if self._packages is None else self._packages.of_target(view)

    def _unread(self, view: TargetView, unread: Sequence[tuple[str, str]], target: str) -> None:
        for root, file in unread:
            node = view.filesystem.overlay.nodes.get(root)
            if node is not None and node.entry is not None:
                why = f"the symbol table of {file} is damaged or too large"
                self._note("its undefined symbols", why, target, view.subject_of(node.mount), node.entry.path)

    def _unverified(self, view: TargetView, target: str) -> None:
        nodes = view.filesystem.overlay.nodes
        seen: set[tuple[str, str, str]] = set()
        for load_ in view.resolution.loads:
            for fact in load_.unverified:
                if (fact.required_by, fact.path, fact.version) in seen:
                    continue
                seen.add((fact.required_by, fact.path, fact.version))
                node = nodes.get(load_.path)
                if node is None or node.entry is None:
                    continue
                what = f"version {fact.version} of {fact.library}"
                why = f"whether {fact.path} defines it is not known"
                self._note(what, why, target, view.subject_of(node.mount), node.entry.path)

    def _floor(self, job: Job, stack: StackView, choice: Choice, newest: TargetView, target: str) -> None:
        environment = environment_of(choice, job.options, "floor")
        images = [f.elf for s in stack.subjects for f in s.artifact.facts.values() if isinstance(f.elf, ElfImage)]
        if may_differ(images, newest.environment, environment):
            for rule, fault in faults_of_floor(newest, self._view(stack, environment, choice)):
                self.raws.append(Raw(rule, fault, target, job.origin))

    def report(self) -> Report:
        """The report over everything added."""
        order = {target.id: place for place, (target, _, _) in enumerate(self.targets)}
        for (rule, severity, target), count in self._untold.items():
            self._note(
                f"{count:,} more {severity.value}s {rule}", "there are too many to tell them all", target, None, None
            )
        everything = merge(fold(self.raws), order, self._declared)
        paths = {subject.id: subject.artifact.name for subject in self.opener.subjects}
        findings, suppressed = judged(everything, self.options, paths, self.date)
        failing = [f for f in findings if self._fails(f)]
        targets = [t._replace(passed=not any(_concerns(f, t) for f in failing)) for t, _, _ in self.targets]
        findings, lowered = shown(findings, self.options.min_severity)
        return Report(
            tool_version=_version.__version__,
            data_version=data_version(),
            date=self.date,
            exit_code=self._exit_code(failing, targets),
            targets=tuple(targets),
            artifacts=tuple([_summary(subject) for subject in self.opener.subjects]),
            compatibility=tuple(self._compatibility(targets, [f for f in everything if f.severity is Severity.ERROR])),
            findings=tuple(findings),
            unchecked=self.notes.all(order),
            gate=self.gate,
            limit_bytes=limits().unzipped_total_bytes,
            suppressed=(*suppressed, *lowered),
        )

    def _fails(self, finding: Finding) -> bool:
        return self.options.fail_on is not None and finding.severity.rank <= self.options.fail_on.rank

    def _exit_code(self, failing: Sequence[Finding], targets: Sequence[Target]) -> int:
        if self.options.strict and self.notes:
            return 3
        gates = {target.id for target, _, gate in self.targets if gate}
        if any(not finding.targets or not gates.isdisjoint(finding.targets) for finding in failing):
            return 1
        works: dict[tuple[str | None, tuple[str, ...]], bool] = {}
        for target in [target for target in targets if target.id not in gates]:
            key = (target.function, target.layers)
            works[key] = works.get(key, False) or (target.passed and target.state == "supported")
        return 0 if all(works.values()) or not failing else 1

    def _compatibility(self, targets: Sequence[Target], errors: Sequence[Finding]) -> Iterator[Compatibility]:
        """What may truthfully be declared: no selection of rules and no threshold makes an error go away."""
        by_name = {target.id: choice for target, choice, _ in self.targets}
        for architecture in ARCHITECTURES:
            mine = [t for t in targets if t.architecture == architecture]
            failed = {t.runtime for t in mine if any(_concerns(error, t) for error in errors)}
            usable = {t.runtime: by_name[t.id].runtime for t in mine if t.state == "supported"}
            fitting = sorted((r for n, r in usable.items() if n not in failed), key=newest_first)
            if fitting:
                names = [r.identifier for r in fitting][: limits().compatible_runtimes]
                yield Compatibility(architecture, tuple(names))

    def close(self) -> None:
        """Close the artifacts that the run opened."""
        self.opener.close()


def is_gate(options: Options) -> bool:
    """Whether at least one dimension of the target is stated."""
    return bool(options.runtimes or options.architectures or options.environment)


def _key(stack: StackView, environment: Environment, choice: Choice) -> tuple[int, str, str]:
    return id(stack), choice.architecture, environment.inventory + _suffixes(choice)


def _suffixes(choice: Choice) -> str:
    """What of the runtime, beside its libraries, decides which files are roots."""
    return "|" + "|".join(choice.runtime.extension_suffixes.get(choice.architecture, ()))


def _concerns(finding: Finding, target: Target) -> bool:
    if finding.targets:
        return target.id in finding.targets
    if finding.artifact is None and finding.source is not None:
        # What a project declares elsewhere is no fault of this function.
        return finding.source == target.source
    return finding.artifact is None or finding.artifact in (target.function, *target.layers)


def _summary(subject: Subject) -> ArtifactSummary:
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


def run(inputs: Sequence[Input], options: Options) -> Report:
    """Check all inputs, each a deployment of its own, with the same options.

    Raises OSError for an input that cannot be read, ValueError for an unknown runtime or architecture.
    """
    return run_jobs([Job(source, options) for source in inputs], options)
