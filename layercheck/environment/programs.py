"""Which programs Lambda itself has: data/programs.json for its own systems, the capture's list for a captured one."""

from __future__ import annotations

from functools import cache

from .model import Environment, Runtime
from .store import read

_LANGUAGE_PROGRAMS = "/var/lang/bin"


@cache
def _known(system: str, language: str, version: str) -> dict[str, frozenset[str]]:
    """Each directory whose content is known, with the names in it."""
    table = read("programs")
    listed = table["systems"].get(system, {"directories": {}})["directories"]
    found = {directory: frozenset(words.split()) for directory, words in listed.items()}
    own = table["languages"].get(language)
    if own is not None and found:
        found[_LANGUAGE_PROGRAMS] = frozenset(own["programs"].replace("{version}", version).split())
    return found


def has_program(environment: Environment, runtime: Runtime, path: str) -> bool | None:
    """Whether the environment has a program at the absolute ``path``; None where that is not known.

    Of /opt and /var/task, which hold only what the artifacts bring, the answer is False.
    """
    if path.startswith(("/opt/", "/var/task/")):
        return False
    directory, _, name = path.rpartition("/")
    directory = _real(directory)
    if environment.path or environment.programs:
        if any(
            (_real(known[: known.rfind("/")]), known[known.rfind("/") + 1 :]) == (directory, name)
            for known in environment.programs
        ):
            return True
        return False if directory in map(_real, environment.path) else None
    if path.startswith(tuple(read("programs")["elsewhere"]["directories"])):
        return False
    version = runtime.identifier.removeprefix("python").partition(".al")[0]
    known_names = _known(runtime.os, runtime.language, version)
    return name in known_names[directory] if directory in known_names else None


def _real(directory: str) -> str:
    """/bin is a link to /usr/bin on Amazon Linux, and PATH may spell a directory with a slash at its end."""
    plain = directory.rstrip("/")
    found: str = read("programs")["links"].get(plain, plain)
    return found
