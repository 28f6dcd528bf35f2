"""What one run is asked to do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from ..artifact import Artifact
from ..environment import Environment
from ..finding import Confidence, Severity
from ..named_tuple import TYPE_CHECKING, NamedTuple
from .overrides import Baseline, Overrides

if TYPE_CHECKING:
    from typing import BinaryIO, TypeAlias

    from ..rules import Declared

Input: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | Artifact"
"""An artifact: a path, the bytes of an archive, a binary file object, or one that is open already."""


_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d*:layer:[^:]+(:\d+)?$"


class Absent(NamedTuple):
    """A layer that is attached and not at hand; ``name`` is what to call it (an ARN, the parameter that gives it)."""

    name: str


PACKAGERS = ("zip", "zip-y", "sam", "cdk")
Layer: TypeAlias = "Input | Absent"
"""A further layer of a function. A text that is a layer's ARN stands for one that is not at hand, too."""


def absent_name(layer: Layer) -> str | None:
    """What to call a layer that is not at hand; None for one that is."""
    if isinstance(layer, Absent):
        return layer.name
    return layer if isinstance(layer, str) and re.match(_ARN, layer) else None


def key_of(source: Input) -> str | int:
    """By what an artifact is known again: its path, or else the object that was given."""
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    return id(source)


class Options(NamedTuple):
    """The options of a run; sizes in bytes, ``date`` an ISO date (None: the date of the data).

    ``environment``: a captured one, judged instead of the built-in ones; ``runtimes`` then give the
    language's facts only. ``declared``: what a project declares of its layers, by their paths. ``packager``: how a
    directory becomes a zip (zip, sam and cdk store what links lead to, zip-y keeps them; None: not known). ``select``
    and ``ignore`` hold ids, names or prefixes such as LC3. ``fail_on`` None: no finding fails the run.
    ``min_confidence`` CERTAIN: likely findings do not count. ``overrides`` and ``baseline``: what was decided about
    findings. ``verify_hashes``: compare Python's installed files with their RECORD, byte for byte.
    """

    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    environment: Environment | None = None
    layers: tuple[Layer, ...] = ()
    kind: str = "auto"
    handler: str | None = None
    env: Mapping[str, str] = {}
    declared: Mapping[str, Declared] = {}
    libraries: str = "newest"
    upload: str = "s3"
    packager: str | None = None
    max_unzipped: int | None = None
    max_zip: int | None = None
    date: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    min_severity: Severity = Severity.INFO
    min_confidence: Confidence = Confidence.LIKELY
    overrides: tuple[Overrides, ...] = ()
    baseline: Baseline | None = None
    strict: bool = False
    verify_hashes: bool = False
    engine: str = "auto"
    name: str | None = None
    progress: Callable[[int, int], None] | None = None

    def validate(self) -> None:
        """Raise ValueError for a value that would make the run mean something else than was asked for.

        UnknownRuntime, which is one, for a runtime that is not known.
        """
        from ..environment import normalise_architecture, runtime
        from ..rules import all_rules

        for identifier in self.runtimes:
            runtime(identifier)
        for identifier in self.architectures:
            normalise_architecture(identifier)
        for name, value, allowed in (
            ("kind", self.kind, ("auto", "layer", "function")),
            ("libraries", self.libraries, ("newest", "floor")),
            ("upload", self.upload, ("s3", "direct")),
            ("packager", self.packager or "zip", PACKAGERS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} is {' or '.join(allowed)}, not {value!r}")
        for name, budget in (("max_unzipped", self.max_unzipped), ("max_zip", self.max_zip)):
            if budget is not None and budget < 0:
                raise ValueError(f"{name} is a number of bytes, not {budget}")
        for word in (*self.select, *self.ignore):
            if not word or not any(rule.name == word or rule.id.startswith(word.upper()) for rule in all_rules()):
                raise ValueError(f"no rule is called or begins with {word!r}")
