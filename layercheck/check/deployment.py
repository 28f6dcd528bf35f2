"""From inputs to deployments: artifacts in their roles, stacked as Lambda mounts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..artifact import Artifact, open_artifact
from ..artifact.distributions import DistributionIndex
from ..artifact.handler_code import read_handler_code
from ..artifact.packages import PackageIndex
from ..artifact.python_reader import PythonReader
from ..environment import limits
from ..filesystem import OPT, TASK, Mount, Overlay
from ..finding import Defect
from ..named_tuple import NamedTuple
from ..rules import Declared, Settings, StackView, Subject, outline
from .kind import tell_kind
from .options import Absent, Input, Options, absent_name, key_of


class Deployment(NamedTuple):
    """One stack of artifacts, of which the first given is ``main``."""

    main: Subject
    stack: StackView


class _Known:
    """An artifact that was opened, with what is told of it whatever its role. Its source stays, and so does the id."""

    def __init__(self, source: Input, artifact: Artifact) -> None:
        self.source = source
        self.artifact = artifact
        self.shape = outline(artifact)
        self.distributions = DistributionIndex(artifact)
        self.packages = PackageIndex(artifact, self.distributions)
        self.subjects: dict[str, Subject] = {}


class Opener:
    """Opens each input once and numbers the artifacts a1, a2 … in the order in which they were met.

    ``names`` says what artifacts are called, by ``key_of``; else they are called as they are when they are first asked
    for.
    """

    def __init__(self, options: Options, names: Mapping[str | int, str] = {}) -> None:
        self._options = options
        self._names = names
        self._known: dict[str | int, _Known] = {}
        self._paths: dict[str, str] = {}
        self._count = 0

    def subject(self, source: Input, kind: str, options: Options, name: str | None = None) -> Subject:
        """The artifact at ``source`` in the role ``kind`` (auto: told by its content). Raises OSError."""
        known = self._open(source, name)
        reason = "as given"
        if kind == "auto":
            wrapper = options.env.get("AWS_LAMBDA_EXEC_WRAPPER")
            artifact = known.artifact
            kind, reason = tell_kind(
                known.shape, artifact.form, artifact.name, options.handler, known.packages, wrapper
            )
        if kind not in known.subjects:
            known.subjects[kind] = self._subject(known, kind, reason)
        return known.subjects[kind]

    def _subject(self, known: _Known, kind: str, reason: str) -> Subject:
        artifact = known.artifact
        at = TASK if kind == "function" else OPT
        faults: tuple[Defect, ...] = ()
        if artifact.form == "wheel":
            from ..artifact.wheel_record import wheel_defects

            at = OPT + "/python" if kind == "layer" else TASK
            faults = wheel_defects(artifact)
        self._count += 1
        number = f"a{self._count}"
        key = key_of(known.source)
        if isinstance(key, str):
            self._paths[number] = key
        code = PythonReader(artifact)
        return Subject(
            number, artifact, kind, reason, at, known.shape, known.packages, known.distributions, code, faults
        )

    def _open(self, source: Input, name: str | None) -> _Known:
        key = key_of(source)
        if key not in self._known:
            artifact = source
            if not isinstance(artifact, Artifact):
                name = self._names.get(key, name)
                engine, progress = self._options.engine, self._options.progress
                artifact = open_artifact(artifact, name=name, engine=engine, progress=progress)
            self._known[key] = _Known(source, artifact)
        return self._known[key]

    def path(self, subject: Subject) -> str | None:
        """The path by which an artifact was opened; None for one that was given otherwise."""
        return self._paths.get(subject.id)

    def forget(self, key: str | int) -> list[str]:
        """Close the artifact that is known by ``key``, if it was opened here; returns the ids that it had."""
        known = self._known.pop(key, None)
        if known is None:
            return []
        if known.artifact is not known.source:
            known.artifact.close()
        return [subject.id for subject in known.subjects.values()]

    def close(self) -> None:
        """Close what was opened here."""
        for key in list(self._known):
            self.forget(key)


def _own(subject: Subject) -> Subject:
    """With a reader of its own: how much of its code is read does not depend on what other deployments have read."""
    return subject._replace(python=PythonReader(subject.artifact))


def deploy(opener: Opener, source: Input, options: Options, name: str | None = None) -> Deployment:
    """Stack one input with the layers of the options. A layer given as input lies below those.

    ``name`` is what the artifact is called (None: as the options say, or by its path).
    """
    main = _own(opener.subject(source, options.kind, options, name or options.name))
    layers: list[Subject] = [main] if main.kind == "layer" else []
    absent: list[str] = []
    for layer in options.layers:
        name = absent_name(layer)
        if name is not None:
            absent.append(name)
        elif not isinstance(layer, Absent):
            subject = opener.subject(layer, "layer", options)
            if not any(subject.id == known.id for known in layers):
                layers.append(_own(subject))
    subjects = tuple(layers) if main.kind == "layer" else (*layers, main)
    settings = Settings(limits(), options.upload, options.max_unzipped, options.max_zip, options.packager)
    overlay = Overlay([Mount(subject.artifact, subject.at) for subject in subjects])
    count = len(layers) + len(absent)
    handler = options.handler
    code: dict[tuple[str, str], bool | None] = {}
    if handler and main.kind == "function":
        jars = not options.runtimes or any(name.startswith("java") for name in options.runtimes)
        for subject in subjects:
            found = read_handler_code(subject.artifact, handler, jars=jars)
            code.update({(subject.id, path): defines for path, defines in found.items()})
    view = StackView(subjects, overlay, tuple(absent), count, handler, options.env, settings, code)
    if options.declared:
        view = view._replace(declared=_declared(subjects, options.declared))
    return Deployment(main, view)


def _declared(subjects: Sequence[Subject], declared: Mapping[str, Declared]) -> dict[str, Declared]:
    named = {subject.id: declared.get(subject.artifact.name) for subject in subjects if subject.kind == "layer"}
    return {identifier: said for identifier, said in named.items() if said is not None}
