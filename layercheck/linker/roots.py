"""Which ELF files of a deployment something other than the loader opens: programs, extension modules, addons.

A shared library that no root reaches may still be opened by name at run time; it becomes a root of the uncertain kind.
"""

from __future__ import annotations

from ..elf import ElfImage, detect_libc
from ..elf.image import ELFOSABI_GNU, ELFOSABI_NONE, MACHINES
from ..environment.model import Environment
from ..filesystem import Filesystem, Hit
from ..named_tuple import NamedTuple

PROGRAM, EXTENSION, LIBRARY, UNUSED = "program", "extension", "library", "unused"


PYTHON_SITES = ("/opt/python", "/var/task")
"""Where Python looks in an artifact, beside site-packages."""
PYTHON_PLACES = tuple([site + "/" for site in PYTHON_SITES])
_NODE_PLACES = ("/opt/nodejs/", "/var/task/")


class Root(NamedTuple):
    """An absolute path in the deployment, what opens it, and its image."""

    path: str
    kind: str
    image: ElfImage


def find_roots(filesystem: Filesystem) -> list[Root]:
    """All ELF files to judge on this environment, sorted by path; those for another machine are left out."""
    environment = filesystem.environment
    machine = MACHINES[environment.architecture]
    roots = []
    nodes = filesystem.overlay.nodes
    for mount in filesystem.overlay.mounts:
        plain = mount.artifact.form != "wheel"
        for name, facts in mount.artifact.facts.items():
            image = facts.elf
            if not isinstance(image, ElfImage) or image.machine != machine or image.bits != 64:
                continue
            path = f"{mount.at}/{name if plain else mount.place(name)}"
            node = nodes.get(path)
            # The file of a later layer hides the one of an earlier.
            if node is None or node.facts is not facts:
                continue
            if image.osabi not in (ELFOSABI_NONE, ELFOSABI_GNU):
                # For FreeBSD, Solaris …: packages bring such builds beside the one for Linux.
                continue
            kind = classify(path, image, environment)
            if kind == EXTENSION and is_plain_elsewhere(path, filesystem):
                kind = LIBRARY
            if kind is not None and not is_foreign_libc(filesystem, image):
                roots.append(Root(path, kind, image))
    roots.sort(key=lambda root: root.path)
    return roots


def classify(path: str, image: ElfImage, environment: Environment) -> str | None:
    """What kind of root the file is: ``unused`` for a module of another interpreter, None for an object file.

    A module that does not lie where the runtime's interpreter searches is a plain library: something else may open it.
    """
    if image.type not in (2, 3):
        return None
    name = path[path.rfind("/") + 1 :]
    if image.is_program:
        return PROGRAM
    runtime = environment.runtime
    language = runtime.language if runtime is not None else None
    if name.endswith(".node"):
        return EXTENSION if language in ("nodejs", None) and path.startswith(_NODE_PLACES) else LIBRARY
    if not is_extension_name(name) or language not in ("python", None) or not path.startswith(PYTHON_PLACES):
        return LIBRARY
    if runtime is not None:
        suffixes = runtime.extension_suffixes.get(environment.architecture, ())
        if not name.endswith(tuple(suffixes)) or _tagged_for_another(name, suffixes):
            return UNUSED
    return EXTENSION


def is_extension_name(name: str) -> bool:
    """Whether a file is called as Python extension modules are: x.cpython-312-x86_64-linux-gnu.so, x.abi3.so, x.so."""
    return name.endswith(".so") and (not name.startswith("lib") or ".cpython-" in name or ".abi3." in name)


def _tagged_for_another(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether only the plain ``.so`` matched although the name carries the tag of another interpreter."""
    tag = name.split(".", 1)[1]
    return tag != "so" and "." + tag not in suffixes and tag.startswith(("cpython-", "pypy", "abi", "graalpy"))


def is_foreign_libc(filesystem: Filesystem, image: ElfImage) -> bool:
    """Code for Android, or for musl where no musl loader is: the environment's, or one that the artifact brings."""
    needed = image.needed
    if (
        image.interp is None
        and "libc.so.6" in needed
        and "libc.so" not in needed
        and "libc.musl" not in "".join(needed)
    ):
        # By far the most files: told without asking for all the evidence.
        return False
    kind = detect_libc(image).kind
    if kind == "bionic":
        return True
    if filesystem.environment.loader.kind == "musl" or kind != "musl":
        return False
    return own_musl_loader(filesystem, image) is None


def own_musl_loader(filesystem: Filesystem, image: ElfImage) -> str | None:
    """The path of the musl loader that a program names as its interpreter, if it is there."""
    if image.interp is None or not image.interp.rpartition("/")[2].startswith("ld-musl-"):
        return None
    return image.interp if isinstance(filesystem.lookup(image.interp), Hit) else None


def is_plain_elsewhere(path: str, filesystem: Filesystem) -> bool:
    """Whether x.so, without a tag of Python in its name, lies in no package: then it may be any plugin."""
    directory, _, name = path.rpartition("/")
    if name.count(".") != 1 or not name.endswith(".so"):
        return False
    return not (
        f"{directory}/__init__.py" in filesystem.overlay.nodes
        or directory in PYTHON_SITES
        or directory.endswith("/site-packages")
    )
