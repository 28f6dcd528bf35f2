"""``layercheck libs``: the libraries of each root, where each comes from, or what was tried."""

from __future__ import annotations

from collections.abc import Sequence

from ..check import Options
from ..check.deployment import Deployment, Opener, deploy
from ..check.options import Input
from ..check.targets import Choice, choose, environment_of
from ..elf import ElfImage, detect_libc, machine_name
from ..elf.image import MACHINES
from ..environment import Environment, data_version
from ..filesystem import TASK, Filesystem, Hit, Node
from ..finding import Defect
from ..linker import Load, Lookup, MissingVersion, resolve, split_library_path
from ..linker.hosts import Hosts
from ..linker.roots import LIBRARY, Root, classify
from ..named_tuple import NamedTuple
from ..rules.alternatives import family

_FAILED = frozenset(("fails", "foreign", "damaged"))


class NoSuchRoot(ValueError):
    """A file to judge that the deployment does not have."""


class Need(NamedTuple):
    """One lookup of the loader, in its order.

    ``path`` and ``via`` are None when it found nothing; then ``tried`` has each candidate with the reason. ``origin``
    is ``artifact`` or ``environment``.
    """

    name: str
    required_by: str
    path: str | None
    origin: str | None
    via: str | None
    tried: tuple[str, ...]


class VersionNeed(NamedTuple):
    """A version node that the file at ``path`` does not define, or may not."""

    library: str
    path: str
    version: str
    required_by: str


class RootView(NamedTuple):
    """What loading one file comes to.

    ``status``: loads, fails, unverified, static, foreign or damaged. ``root`` is False for a file of another platform
    whose counterpart for this one is there: nothing opens it. ``note`` says why a file is foreign or damaged.
    ``error`` is (path, reason) when a candidate ended the load.
    """

    path: str
    root: bool
    status: str
    needed: tuple[Need, ...] = ()
    missing: tuple[str, ...] = ()
    missing_versions: tuple[VersionNeed, ...] = ()
    unverified: tuple[VersionNeed, ...] = ()
    error: tuple[str, str] | None = None
    note: str | None = None

    @property
    def loads(self) -> bool:
        """Whether nothing is known to stand in the way; what is unverified counts as loading."""
        return self.status not in _FAILED


class Libraries(NamedTuple):
    """All roots of one deployment on one target, by path. ``library_path`` is the LD_LIBRARY_PATH that was used."""

    runtime: str
    architecture: str
    library_path: tuple[str, ...]
    objects: tuple[RootView, ...]

    @property
    def exit_code(self) -> int:
        """0 when every root loads, else 1."""
        return 0 if all(item.loads for item in self.objects if item.root) else 1


def libs(source: Input, options: Options, *, library_path: str | None = None, roots: Sequence[str] = ()) -> Libraries:
    """Load every root of a deployment, or the files ``roots`` (paths in the deployment) as programs.

    ``library_path`` is the process's LD_LIBRARY_PATH instead of the environment's; empty: not set. Raises OSError for
    an input that cannot be read, ValueError unless there is exactly one target, NoSuchRoot for an unknown root.
    """
    opener = Opener(options)
    try:
        deployment = deploy(opener, source, options)
        choice = _only(deployment, options)
        environment = environment_of(choice, options)
        if library_path is not None:
            environment = environment.with_library_path(split_library_path(library_path))
        filesystem = Filesystem(deployment.stack.overlay, environment)
        objects = _given(filesystem, roots) if roots else _found(filesystem)
        identifier = choice.runtime.identifier
        return Libraries(identifier, environment.architecture, environment.library_path, tuple(objects))
    finally:
        opener.close()


def _only(deployment: Deployment, options: Options) -> Choice:
    choices = choose(deployment, options, options.date or data_version())
    if len(choices) == 1:
        return choices[0]
    if not choices:
        raise ValueError("libs needs an artifact with at least one file")
    wanted = [
        words
        for words, values in (
            ("-r RUNTIME", {choice.runtime.identifier for choice in choices}),
            ("-a ARCHITECTURE", {choice.architecture for choice in choices}),
        )
        if len(values) > 1
    ]
    raise ValueError(f"libs needs exactly one target, these are {len(choices)}: give one {' and one '.join(wanted)}")


def _found(filesystem: Filesystem) -> list[RootView]:
    """The roots that are there, and the ELF files that can load nowhere here."""
    views = [_view(load) for load in resolve(filesystem).loads]
    judged = {view.path for view in views}
    overlay = filesystem.overlay.nodes
    # Loaded or not, a file that fits this target makes its builds for other platforms mere weight.
    fitting = {family(path) for path, node in overlay.items() if _strange(node, filesystem.environment) is None}
    for path, node in overlay.items():
        strange = _strange(node, filesystem.environment)
        if strange is not None and path not in judged:
            status, note = strange
            root = status == "damaged" or family(path) not in fitting
            views.append(RootView(path, root, status, note=note))
    return sorted(views, key=lambda view: view.path)


def _strange(node: Node, environment: Environment) -> tuple[str, str] | None:
    """(status, note) of an ELF file that is not for this target; None for one that is."""
    elf = node.facts.elf if node.facts is not None else None
    if isinstance(elf, Defect):
        return ("damaged", elf.detail) if elf.kind == "damaged" else None
    if not isinstance(elf, ElfImage) or elf.type not in (2, 3):
        return None
    reason = _machine(elf, environment)
    if reason is not None:
        return "foreign", reason
    libc = detect_libc(elf)
    if libc.kind in ("musl", "bionic") and libc.kind != environment.loader.kind:
        return "foreign", f"it is for {libc.kind}: {libc.evidence}"
    return None


def _machine(image: ElfImage, environment: Environment) -> str | None:
    if image.machine == MACHINES[environment.architecture] and image.bits == 64:
        return None
    return f"it is for {machine_name(image.machine, image.bits)}"


def _given(filesystem: Filesystem, roots: Sequence[str]) -> list[RootView]:
    views = []
    hosts = Hosts(filesystem)
    for path in dict.fromkeys(roots):
        hit = filesystem.lookup(path, TASK)
        if not isinstance(hit, Hit):
            raise NoSuchRoot(f"--root {path}: {hit.reason} in this deployment")
        if hit.node.is_directory:
            raise NoSuchRoot(f"--root {path}: it is a directory")
        views.append(_program(filesystem, hosts, hit))
    return views


def _program(filesystem: Filesystem, hosts: Hosts, hit: Hit) -> RootView:
    image = hit.node.facts.elf if hit.node.facts is not None else hit.node.file
    if isinstance(image, Defect):
        return RootView(hit.opened, True, "damaged", note=image.detail)
    if not isinstance(image, ElfImage):
        return RootView(hit.opened, True, "damaged", note="it is not an ELF file, or not known well enough")
    reason = _machine(image, filesystem.environment)
    if reason is not None:
        return RootView(hit.opened, True, "foreign", note=reason)
    kind = classify(hit.opened, image, filesystem.environment) or LIBRARY
    return _view(hosts.load(Root(hit.opened, kind, image)))


def _view(load: Load) -> RootView:
    return RootView(
        path=load.path,
        root=True,
        status=load.status,
        needed=tuple([_need(lookup) for lookup in load.lookups]),
        missing=tuple(dict.fromkeys(lookup.name for lookup in load.missing)),
        missing_versions=_versions(load.missing_versions),
        unverified=_versions(load.unverified),
        error=load.error,
    )


def _need(lookup: Lookup) -> Need:
    return Need(lookup.name, lookup.required_by, lookup.path, lookup.origin, lookup.via, lookup.tried)


def _versions(facts: Sequence[MissingVersion]) -> tuple[VersionNeed, ...]:
    return tuple([VersionNeed(fact.library, fact.path, fact.version, fact.required_by) for fact in facts])
