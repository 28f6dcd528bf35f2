"""Random trees of libraries that hold what decides a search, for asking real loaders. Files as in `linker.trees`."""

from __future__ import annotations

import random
from typing import NamedTuple

from linker.trees import File
from support.elf_writer import build_elf

NAMES = ("liba.so.1", "libb.so.1", "libc.so.9", "libd.so.1")
DIRECTORIES = (
    "/opt/lib", "/opt/python/pkg", "/opt/python/pkg.libs", "/opt/q", "/var/task", "/var/task/lib", "/srv/e",
    "/opt/$ORIGINAL",
)  # fmt: skip
ELEMENTS = (
    "$ORIGIN", "$ORIGIN/../pkg.libs", "${ORIGIN}/../../lib", "/opt/q", "/opt/lib/", "/var/task/lib//", "/none",
    "/srv/e", "/opt/link", "$ORIGIN/../../q", "", "opt/lib", "/none/../opt/q", "/opt/file", "opt/file", "/opt/round",
    "/opt/$ORIGINAL", "/opt/lib;/opt/q", "/opt/$LIB/..", "srv/e",
)  # fmt: skip
FILTER = "libfilter.so"
NODES = ("V1", "V2", "V3")
TARGET = "/opt/python/pkg/m.so"


class Oracle(NamedTuple):
    """What a tree may use: the loader's default directories, subdirectories that it knows, its own file name, and the
    machines of which files are made: its own, another one, and the 32-bit one beside it."""

    defaults: tuple[str, ...]
    subdirectories: tuple[str, ...]
    name: str
    machines: tuple[str, str, str] = ("x86_64", "aarch64", "i386")


class Question(NamedTuple):
    """A tree, LD_LIBRARY_PATH (None: not set), the working directory, the file to load as it is named.

    ``filters``: libraries of the tree have DT_FILTER or DT_AUXILIARY, of which a trace does not tell the truth.
    """

    tree: dict[str, File]
    library_path: str | None
    cwd: str
    target: str
    filters: bool


def elements(chance: random.Random) -> str:
    return ":".join(chance.choices(ELEMENTS, k=chance.choice((1, 1, 2, 3))))


def needs(chance: random.Random, oracle: Oracle, least: int) -> list[str]:
    needed = chance.sample(NAMES, chance.choice((least, least, 1, 1, 2)))
    kind = chance.random()
    if kind < 0.08:
        needed.append(chance.choice(DIRECTORIES) + "/" + chance.choice(NAMES))
    elif kind < 0.11:
        needed.append(chance.choice(("$ORIGIN/", "opt/lib/", "${ORIGIN}/../q/", "$LIB/")) + chance.choice(NAMES))
    elif kind < 0.13:
        needed.append(oracle.name)
    chance.shuffle(needed)
    return needed


def library(chance: random.Random, oracle: Oracle, name: str, filters: bool) -> bytes:
    needed = needs(chance, oracle, 0)
    verneed = {
        other: [(node, chance.choice((0, 0, 0, 2))) for node in chance.sample(NODES, chance.choice((1, 2)))]
        for other in needed
        if other in NAMES and chance.random() < 0.4
    }
    # Rarely a table that names what the object itself does not need.
    if chance.random() < 0.03:
        verneed[chance.choice(NAMES)] = [("V1", 0)]
    return build_elf(
        needed=needed,
        soname=chance.choice((name, name, name, None, chance.choice(NAMES))),
        rpath=elements(chance) if chance.random() < 0.35 else None,
        runpath=chance.choice((elements(chance), "")) if chance.random() < 0.25 else None,
        flags_1=0x800 if chance.random() < 0.05 else None,
        verdef=chance.sample(NODES, chance.choice((1, 2, 3))) if chance.random() < 0.6 else None,
        verneed=verneed or None,
        machine=chance.choices(oracle.machines, (90, 7, 3))[0],
        osabi=3 if chance.random() < 0.1 else 0,
        abi_note=chance.choice(((0, 3, 2, 0), (0, 99, 0, 0), (1, 0, 0, 0))) if chance.random() < 0.1 else None,
        relr=chance.random() < 0.03,
        gnu_stack=chance.choice(("rw", "rw", "rwx", None)),
        # A circle of these never ends in the real loader: their libraries need nothing.
        filter=FILTER if filters and chance.random() < 0.2 else None,
        auxiliary=chance.choice((FILTER, "libgone.so")) if filters and chance.random() < 0.4 else None,
    )


def unusable(chance: random.Random, machine: str) -> bytes:
    """Files that end the load of glibc, or may."""
    return chance.choice(
        (
            b"INPUT(x)\n",
            b"",
            b"\x7fELF",
            build_elf(machine=machine, etype="exec"),
            build_elf(machine=machine, etype="rel"),
            build_elf(machine=machine, etype="pie"),
            build_elf(machine=machine, data="msb"),
            build_elf(machine=machine, osabi=9),
            build_elf(machine=machine, abiversion=1),
            build_elf(machine=machine, dynamic=False),
        )
    )


def random_question(chance: random.Random, oracle: Oracle) -> Question:
    filters = chance.random() < 0.1
    machine = oracle.machines[0]
    tree: dict[str, File] = {
        TARGET: build_elf(
            needed=needs(chance, oracle, 1),
            soname=chance.choice((None, None, None, chance.choice(NAMES))),
            rpath=elements(chance) if chance.random() < 0.5 else None,
            runpath=elements(chance) if chance.random() < 0.3 else None,
            etype=chance.choice(("dyn", "pie")),
            machine=machine,
        ),
        "/opt/link": "q",
        "/opt/file": b"is no directory",
        "/opt/round": "round",
        "/opt/other/m.so": "../python/pkg/m.so",
        "/opt/q/keep.txt": b"keeps the directory",
        "/srv/e/keep.txt": b"keeps the directory",
    }
    for name in NAMES:
        for directory in chance.sample((*DIRECTORIES, *oracle.defaults), chance.choice((1, 2, 3, 4))):
            if oracle.subdirectories and chance.random() < 0.15:
                directory += "/" + chance.choice(oracle.subdirectories)
            path, kind = f"{directory}/{name}", chance.random()
            if kind < 0.80:
                tree[path] = library(chance, oracle, name, filters)
            elif kind < 0.90:
                tree[path + ".0.1"], tree[path] = library(chance, oracle, name, filters), name + ".0.1"
            elif kind < 0.95:
                tree[path] = chance.choice(("gone.so", name, "/opt/q/" + name, "../q/keep.txt", "/opt/file/x", TARGET))
            elif kind < 0.96:
                tree[path + "/inside"] = b"makes it a directory"
            else:
                tree[path] = unusable(chance, machine)
    if filters:
        soname = chance.choice((None, FILTER, NAMES[0]))
        tree[f"{chance.choice(DIRECTORIES)}/{FILTER}"] = build_elf(soname=soname, machine=machine)
    library_path = chance.choice((None, "", "/opt/lib", "/var/task:/var/task/lib:/opt/lib", elements(chance)))
    target = chance.choice((TARGET, TARGET, TARGET, "/opt/other/m.so", "opt/python/pkg/m.so"))
    cwd = "/" if not target.startswith("/") else chance.choice(("/", "/opt", "/srv/e"))
    return Question(tree, library_path, cwd, target, filters)
