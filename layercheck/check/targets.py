"""Which runtimes and architectures a deployment is judged on, and where that comes from."""

from __future__ import annotations

import re

from ..elf import ElfImage, machine_name
from ..environment import Environment, Runtime, load, normalise_architecture, runtime, runtimes
from ..linker import split_library_path
from ..named_tuple import NamedTuple
from .deployment import Deployment
from .kind import tell_languages
from .options import Options

ARCHITECTURES = ("x86_64", "arm64")


class Choice(NamedTuple):
    """A runtime and an architecture to judge on; ``reason`` in words."""

    runtime: Runtime
    architecture: str
    reason: str


def choose(deployment: Deployment, options: Options, date: str) -> list[Choice]:
    """The targets of one deployment. Raises environment.UnknownRuntime or ValueError for unknown names."""
    if options.environment is not None:
        return _captured(options.environment, options)
    given = [runtime(name) for name in dict.fromkeys(options.runtimes)]
    architectures = list(dict.fromkeys(normalise_architecture(name) for name in options.architectures))
    if given and architectures:
        return [Choice(r, a, "as given") for r in given for a in architectures]
    if not given and not architectures:
        if not deployment.main.artifact.entries:
            # Nothing could be read: there is nothing that could work anywhere.
            return []
        return [Choice(r, a, "no target given") for r in fitting_runtimes(deployment) for a in ARCHITECTURES]
    if given:
        found = elf_architectures(deployment)
        if len(found) == 1:
            return [Choice(r, found[0], "-r and the ELF files") for r in given]
        why = "-r; its ELF files disagree" if found else "-r; no ELF file tells the architecture"
        return [Choice(r, a, why) for r in given for a in ARCHITECTURES]
    usable = [r for r in fitting_runtimes(deployment) if r.state(date) == "supported"]
    return [Choice(r, a, "-a; every supported runtime of its language") for r in usable for a in architectures]


def _captured(environment: Environment, options: Options) -> list[Choice]:
    from ..environment.captured import unknown_runtime

    if options.libraries != "newest":
        raise ValueError("a captured environment has its own libraries: --libraries does not go with --environment")
    others = {normalise_architecture(name) for name in options.architectures} - {environment.architecture}
    if others:
        raise ValueError(f"the environment is for {environment.architecture}, not {' or '.join(sorted(others))}")
    given = [runtime(name) for name in dict.fromkeys(options.runtimes)]
    known = given or [environment.runtime or unknown_runtime(environment)]
    return [Choice(item, environment.architecture, "a captured environment") for item in known]


def environment_of(choice: Choice, options: Options, libraries: str | None = None) -> Environment:
    """What the target offers: its libraries (``newest`` or ``floor``), with the function's own LD_LIBRARY_PATH."""
    environment = options.environment
    if environment is None:
        environment = load(choice.runtime.identifier, choice.architecture, libraries or options.libraries)
    elif options.runtimes:
        environment = environment._replace(runtime=choice.runtime)
    own = options.env.get("LD_LIBRARY_PATH")
    return environment if own is None else environment.with_library_path(split_library_path(own))


def fitting_runtimes(deployment: Deployment) -> list[Runtime]:
    """Every runtime of the languages that the artifact holds code for, newest first; all when it tells nothing."""
    languages: set[str] = set()
    for subject in deployment.stack.subjects:
        languages |= tell_languages(subject.shape, subject.kind)
    if deployment.stack.function is not None:
        languages = set(tell_languages(deployment.stack.function.shape, "function")) or languages
    found = [r for r in runtimes() if r.language in languages] or list(runtimes())
    return sorted(found, key=newest_first)


def newest_first(item: Runtime) -> tuple[str, list[int], str]:
    """Sorts runtimes of one language from the newest version to the oldest, Amazon Linux 2023 before 2."""
    numbers = [-int(number) for number in re.findall(r"\d+", item.identifier.split(".al")[0])]
    system = "0" if item.os == "al2023" else "1"
    return item.language, numbers, system + item.identifier


def elf_architectures(deployment: Deployment) -> list[str]:
    """The architectures of the ELF files of a deployment, out of those that Lambda has."""
    found = set()
    for subject in deployment.stack.subjects:
        for fact in subject.artifact.facts.values():
            if isinstance(fact.elf, ElfImage) and fact.elf.type in (2, 3):
                found.add(machine_name(fact.elf.machine, fact.elf.bits))
    return [name for name in ARCHITECTURES if name in found] if found <= set(ARCHITECTURES) else list(ARCHITECTURES)
