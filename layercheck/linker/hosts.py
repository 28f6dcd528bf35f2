"""Loading roots as what opens them does: programs by themselves, modules into the interpreter's process.

What the interpreter has loaded counts for a module: the first library of a name serves the whole process. It is known
of captured environments; the tables of Lambda's own do not tell it, so there a module is loaded as a program is.
"""

from __future__ import annotations

import re

from ..environment.model import Environment
from ..filesystem import Filesystem
from .glibc import GlibcLoader
from .model import Load
from .musl import MuslLoader, MuslProcess
from .process import Process
from .roots import PROGRAM, Root, own_musl_loader
from .work import Work

_TAG = r"\.cpython-(\d)(\d+)-"
_LAMBDAS_OWN = "/var/lang/bin/"


class Hosts:
    """Loads the roots of one filesystem, each into a process of its own.

    ``library_path`` replaces the environment's LD_LIBRARY_PATH. Loading raises TooMuch when ``work`` is done.
    """

    def __init__(
        self, filesystem: Filesystem, library_path: tuple[str, ...] | None = None, work: Work | None = None
    ) -> None:
        self._work = work or Work()
        self._filesystem = filesystem
        self._library_path = library_path
        self._musl = filesystem.environment.loader.kind == "musl"
        self.loader = (MuslLoader if self._musl else GlibcLoader)(filesystem, library_path, work=self._work)
        self._started: dict[str, Process | MuslProcess | None] = {}

    def load(self, root: Root) -> Load:
        """Load a root as what it is."""
        if root.image.is_static:
            return Load(root.path, "static")
        if root.kind != PROGRAM:
            return self._open(root)
        own = own_musl_loader(self._filesystem, root.image)
        if own is not None and not self._musl:
            # A program that brings its own loader is prepared by that one.
            return MuslLoader(self._filesystem, self._library_path, path=own, work=self._work).load_program(root.path)
        return self.loader.load_program(root.path)

    def _open(self, root: Root) -> Load:
        environment = self._filesystem.environment
        interpreter = interpreter_for(root, environment) if environment.interpreters else None
        process = self._process(interpreter) if interpreter is not None else None
        if process is None:
            return self.loader.load_program(root.path)
        load = process.copy().dlopen(root.path)
        # The lookup of the file itself is the interpreter's, and it is there.
        own = [lookup for lookup in load.lookups if lookup.name != root.path]
        return load._replace(lookups=tuple(own))

    def _process(self, interpreter: str) -> Process | MuslProcess | None:
        """The interpreter with what it needs; None when the capture does not hold all of that."""
        if interpreter not in self._started:
            process = self.loader.start(interpreter, by_kernel=True)
            usable = not isinstance(process, Load) and process.load.status != "fails"
            self._started[interpreter] = process if usable and not isinstance(process, Load) else None
        return self._started[interpreter]


def interpreter_for(root: Root, environment: Environment) -> str | None:
    """The path of the interpreter whose process opens ``root``, where it is known and there is no doubt which.

    ``.node`` files are Node.js's, modules tagged for CPython that Python's; the rest the runtime's, or that of the only
    interpreter there is. Lambda's own goes before others of the same version.
    """
    runtime = environment.runtime
    tag = re.search(_TAG, root.path[root.path.rfind("/") + 1 :])
    language, version = None, None
    if root.path.endswith(".node"):
        language = "nodejs"
    elif tag is not None:
        language, version = "python", f"{tag[1]}.{tag[2]}"
    elif runtime is not None and runtime.language in ("python", "nodejs"):
        language = runtime.language
        if language == "python":
            version = runtime.identifier.removeprefix("python")
    fitting = {
        path: known
        for path, known in environment.interpreters.items()
        if language in (None, known.language) and (version is None or known.version == version)
    }
    own = [path for path in fitting if path.startswith(_LAMBDAS_OWN)]
    paths = own or list(fitting)
    return paths[0] if len(paths) == 1 else None
