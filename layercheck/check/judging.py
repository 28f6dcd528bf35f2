"""One job: stack, resolve, apply the rules, on each of its targets.

Nothing here depends on the jobs before it, so that the same is said whichever process judges it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..elf import ElfImage
from ..environment import Environment
from ..filesystem import Filesystem
from ..finding import Target
from ..linker import Resolution, Work, resolve
from ..named_tuple import TYPE_CHECKING, NamedTuple
from ..rules import StackView, TargetView
from .collect import Collector
from .deployment import Deployment
from .floor import faults_of_floor, may_differ
from .job import Job
from .judge import Raw
from .options import Options
from .part import Judged
from .symbols import SymbolReader, Undefined, undefined_symbols
from .targets import Choice, choose, environment_of, newest_first

if TYPE_CHECKING:
    from .hashes import Compared
    from .python_packages import PythonPackages


class _Linked(NamedTuple):
    """What is the same for all targets with the same files."""

    filesystem: Filesystem
    resolution: Resolution
    undefined: Undefined


class Judging:
    """The state of one job while it is judged. ``date`` is an ISO date; ``compared`` what is known of the hashes."""

    def __init__(self, job: Job, date: str, compared: dict[str, Compared]) -> None:
        self._job = job
        self._options = job.options
        self._date = date
        self._compared = compared
        self.said = Collector()
        self.targets: list[Judged] = []
        self._linked: dict[tuple[str, str], _Linked] = {}
        self._symbols = SymbolReader()
        self._packages: PythonPackages | None = None
        self._work = Work()

    def judge(self, deployment: Deployment) -> None:
        """Judge the deployment as a whole, then on each target."""
        deployment = self._with_python(deployment)
        choices = choose(deployment, self._options, self._date)
        self.said.collect("stack", deployment.stack, None)
        for choice in choices:
            self._target(deployment.stack, choice)

    def _with_python(self, deployment: Deployment) -> Deployment:
        """The deployment with what is known of its Python packages, if it may run on Python at all."""
        stack, runtimes = deployment.stack, self._options.runtimes
        code = any("python" in found for subject in stack.subjects for found in subject.shape.languages.values())
        code = code or any(subject.distributions.all for subject in stack.subjects)
        if not code or (runtimes and not any(name.startswith("python") for name in runtimes)):
            return deployment
        from .python_packages import PythonPackages

        self._packages = PythonPackages(self._compared)
        stack = self._packages.of_stack(stack, verify_hashes=self._options.verify_hashes)
        for subject in stack.subjects if self._options.verify_hashes else ():
            for path in self._packages.unread(subject):
                self.said.note("whether it is what its RECORD says", "is more than is read again", None, subject, path)
        return deployment._replace(stack=stack)

    def _target(self, stack: StackView, choice: Choice) -> None:
        options = self._options
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
            state="supported" if choice.runtime.os == "unknown" else choice.runtime.state(self._date),
            source=self._job.origin,
        )
        stated = is_stated(options)
        self.targets.append(Judged(target, stated, newest_first(choice.runtime)))
        self.said.collect("target", view, name)
        self._unverified(view, name)
        self._unread(view, self._linked[_key(environment, choice)].undefined.unread, name)
        for path in view.resolution.unlinked[:1]:
            count = len(view.resolution.unlinked)
            why = f"more is to be linked than is followed; {path} is the first of them"
            self.said.note(f"the libraries of {count:,} file{'s'[: count > 1]}", why, name, None, None)
        if stated and options.libraries == "newest" and options.environment is None:
            self._floor(stack, choice, view, name)

    def _view(self, stack: StackView, environment: Environment, choice: Choice) -> TargetView:
        key = _key(environment, choice)
        if key not in self._linked:
            filesystem = Filesystem(stack.overlay, environment)
            resolution = resolve(filesystem, work=self._work)
            undefined = undefined_symbols(filesystem, resolution, self._symbols)
            self._linked[key] = _Linked(filesystem, resolution, undefined)
        linked = self._linked[key]
        lacking = linked.undefined.lacking
        view = TargetView(stack, environment, choice.runtime, linked.filesystem, linked.resolution, lacking)
        return view if self._packages is None else self._packages.of_target(view)

    def _unread(self, view: TargetView, unread: Sequence[tuple[str, str]], target: str) -> None:
        for root, file in unread:
            node = view.filesystem.overlay.nodes.get(root)
            if node is not None and node.entry is not None:
                why = f"the symbol table of {file} is damaged or too large"
                self.said.note("its undefined symbols", why, target, view.subject_of(node.mount), node.entry.path)

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
                self.said.note(what, why, target, view.subject_of(node.mount), node.entry.path)

    def _floor(self, stack: StackView, choice: Choice, newest: TargetView, target: str) -> None:
        environment = environment_of(choice, self._options, "floor")
        images = [f.elf for s in stack.subjects for f in s.artifact.facts.values() if isinstance(f.elf, ElfImage)]
        if may_differ(images, newest.environment, environment):
            for rule, fault in faults_of_floor(newest, self._view(stack, environment, choice)):
                self.said.raws.append(Raw(rule, fault, target))


def is_stated(options: Options) -> bool:
    """Whether at least one dimension of the target is stated: then the run is a gate, else a table."""
    return bool(options.runtimes or options.architectures or options.environment)


def _key(environment: Environment, choice: Choice) -> tuple[str, str]:
    # What of the runtime, beside its libraries, decides which files are roots.
    suffixes = choice.runtime.extension_suffixes.get(choice.architecture, ())
    return choice.architecture, "|".join([environment.inventory, *suffixes])
