"""Which paths are projects, and what is read of them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..check import Job, Options
from ..environment import data_version
from ..finding import ProjectSummary, Unchecked
from ..named_tuple import NamedTuple
from .jobs import jobs_of
from .locate import written
from .model import Stack, Trouble
from .nodes import Map
from .reader import read_file
from .stacks import Loader, is_built
from .view import project_view, with_faults

TEMPLATES = ("template.yaml", "template.yml", "template.json")
SUFFIXES = (".yaml", ".yml", ".json", ".template")
_BUILT = ".aws-sam/build"
_HEAD = 4 << 20
PSEUDO = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix")


class Project(NamedTuple):
    """A project: ``form`` is sam, cloudformation or cdk, ``file`` its template or manifest.

    ``packager`` is how its directories become zips. ``parameters`` are the names that ``--set`` may give.
    """

    form: str
    file: str
    stacks: tuple[Stack, ...]
    troubles: tuple[Trouble, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    packager: str = "sam"
    parameters: frozenset[str] = frozenset()

    def summary(self) -> ProjectSummary:
        """What was found, for the first lines of a report."""
        functions = sum([len(stack.functions) for stack in self.stacks])
        layers = sum([len(stack.layers) for stack in self.stacks])
        return ProjectSummary(self.form, self.file, len(self.stacks), functions, layers)

    def jobs(self, options: Options) -> list[Job]:
        """What to judge, with the run's options where the project does not state a thing."""
        if options.packager is None:
            options = options._replace(packager=self.packager)
        jobs = jobs_of(self.stacks, options)
        notes = (*self.unchecked, *[note for stack in self.stacks for note in stack.unchecked])
        if notes:
            jobs.append(Job(None, options, None, None, notes))
        view = project_view(self.stacks, self.troubles, options.date or data_version())
        return with_faults(jobs, view, options)


def find(path: str, parameters: Mapping[str, str] | None = None) -> Project | None:
    """The project at ``path``, a directory or a template; None when it is none.

    ``parameters`` are values for its templates (``--set``). Raises OSError when it cannot be read, ValueError for a
    parameter that no template of the project has.
    """
    file = _template_of(path)
    if file is None:
        return None
    loader = Loader(parameters or {})
    loader.load(file)
    names = frozenset(loader.parameters)
    # Where a template cannot be read its parameters are not known.
    if not any(trouble.kind == "broken" for trouble in loader.troubles):
        _check_names(parameters or {}, names)
    form = loader.stacks[0].form if loader.stacks else "sam"
    packager = "sam"
    return Project(form, file, tuple(loader.stacks), tuple(loader.troubles), tuple(loader.unchecked), packager, names)


def _check_names(given: Mapping[str, str], names: frozenset[str]) -> None:
    known = sorted(names | frozenset(PSEUDO))
    for name in given:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known)
            hint = f"; did you mean {', '.join(near)}?" if near else f"; it has {', '.join(sorted(names)) or 'none'}"
            raise ValueError(f"--set {name}: the template has no such parameter{hint}")


def _template_of(path: str) -> str | None:
    """The template that ``path`` is or holds. Raises OSError."""
    if os.path.isdir(path):
        for folder in (os.path.join(path, *_BUILT.split("/")), path):
            for name in TEMPLATES:
                file = os.path.join(folder, name)
                if os.path.isfile(file) and not _copied(file):
                    return written(file)
        return None
    if not path.lower().endswith(SUFFIXES) or not os.path.isfile(path):
        return None
    with open(path, "rb") as opened:
        head = opened.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return None
    # Any other JSON is no template, and no archive either, which LC001 tells.
    return None if path.lower().endswith(".json") and b'"Resources"' not in head else written(path)


def _copied(file: str) -> bool:
    """Whether a template below .aws-sam/build is a source that was copied into a function's package."""
    if not is_built(file) or os.path.basename(os.path.dirname(os.path.abspath(file))) == "build":
        return False
    root = read_file(file).root
    resources = root.get("Resources") if root is not None else None
    if not isinstance(resources, Map):
        return True
    metadata = [body.get("Metadata") for body in resources.values() if isinstance(body, Map)]
    return not any(isinstance(item, Map) and "SamResourceId" in item for item in metadata)
