"""From inputs to deployments: artifacts in their roles, stacked as Lambda mounts them."""

from __future__ import annotations

import os
import re
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
from .options import Absent, Input, Options

_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d*:layer:[^:]+(:\d+)?$"


class Deployment(NamedTuple):
    """One stack of artifacts, of which the first given is ``main``."""

    main: Subject
    stack: StackView


class Opener:
    """Opens each input once and numbers the artifacts a1, a2 … in the order in which they were met."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._known: dict[str, Artifact] = {}
        self._subjects: dict[tuple[int, str], Subject] = {}
        self.opened: list[Artifact] = []

    def subject(self, source: Input, kind: str, options: Options, name: str | None = None) -> Subject:
        """The artifact at ``source`` in the role ``kind`` (auto: told by its content). Raises OSError."""
        artifact = self._open(source, name, follow=options.packager not in (None, "zip-y"))
        known = self._subjects.get((id(artifact), kind))
        if known is not None:
            return known
        shape = outline(artifact)
        reason = "as given"
        distributions = DistributionIndex(artifact)
        packages = PackageIndex(artifact, distributions)
        if kind == "auto":
            wrapper = options.env.get("AWS_LAMBDA_EXEC_WRAPPER")
            kind, reason = tell_kind(shape, artifact.form, artifact.name, options.handler, packages, wrapper)
        key = (id(artifact), kind)
        if key not in self._subjects:
            at = TASK if kind == "function" else OPT
            if artifact.form == "wheel":
                at = OPT + "/python" if kind == "layer" else TASK
            number = f"a{len(self._subjects) + 1}"
            faults: tuple[Defect, ...] = ()
            if artifact.form == "wheel":
                from ..artifact.wheel_record import wheel_defects

                faults = wheel_defects(artifact)
            code = PythonReader(artifact)
            self._subjects[key] = Subject(
                number, artifact, kind, reason, at, shape, packages, distributions, code, faults
            )
        return self._subjects[key]

    def _open(self, source: Input, name: str | None, *, follow: bool) -> Artifact:
        if isinstance(source, Artifact):
            return source
        path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
        key = path if isinstance(path, str) else None
        if key is not None and key in self._known:
            return self._known[key]
        how = self._options
        artifact = open_artifact(source, name=name, engine=how.engine, progress=how.progress, follow=follow)
        self.opened.append(artifact)
        if key is not None:
            self._known[key] = artifact
        return artifact

    @property
    def subjects(self) -> list[Subject]:
        """All artifacts so far, by number."""
        return list(self._subjects.values())

    def close(self) -> None:
        """Close what was opened here."""
        for artifact in self.opened:
            artifact.close()


def deploy(opener: Opener, source: Input, options: Options, name: str | None = None) -> Deployment:
    """Stack one input with the layers of the options. A layer given as input lies below those.

    ``name`` is what the artifact is called (None: as the options say, or by its path).
    """
    main = opener.subject(source, options.kind, options, name or options.name)
    layers: list[Subject] = [main] if main.kind == "layer" else []
    absent: list[str] = []
    for layer in options.layers:
        if isinstance(layer, Absent):
            absent.append(layer.name)
        elif isinstance(layer, str) and re.match(_ARN, layer):
            absent.append(layer)
        else:
            subject = opener.subject(layer, "layer", options)
            if subject not in layers:
                layers.append(subject)
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
