"""Random processes of one program and four libraries that define and want symbols, for asking real loaders."""

from __future__ import annotations

import random
from typing import Any

from linker.random_trees import Question
from linker.trees import File
from support.elf_writer import build_elf

LIBRARIES = ("liba.so", "libb.so", "libc9.so", "libd.so")
NAMES = ("f", "g", "h")
NODES = ("V1", "V2", "V3")
TARGET = "/opt/m"


def definitions(chance: random.Random) -> dict[str, Any]:
    """Symbols that a library defines: without versions, with some, hidden, under several at once."""
    if chance.random() < 0.3:
        return {"syms": chance.sample(NAMES, chance.choice((1, 2, 3)))}
    syms: list[Any] = chance.sample(NAMES, 1) if chance.random() < 0.3 else []
    for name in chance.sample(NAMES, chance.choice((1, 2))):
        # A name is either defined without a version or under versions, of which at most one is the default.
        if name in syms:
            continue
        nodes = chance.sample(NODES, chance.choice((1, 1, 2)))
        syms += [[name, node, "hidden"] for node in nodes[1:]]
        syms.append([name, nodes[0], *(["hidden"] if chance.random() < 0.4 else [])])
    return {"syms": syms, "verdef": list(NODES)}


def wants(chance: random.Random, needed: list[str], versioned: frozenset[str], own: list[Any]) -> dict[str, Any]:
    """Symbols that an object wants and does not have itself, bound to a version of a library or not.

    ``versioned`` libraries have the nodes.
    """
    found: dict[str, Any] = {"undef": [], "undef_weak": [], "jump_slot": []}
    defined = {spec if isinstance(spec, str) else spec[0] for spec in own}
    for name in chance.sample(NAMES, chance.choice((0, 1, 1, 2))):
        if name in defined:
            continue
        spec: Any = name
        # A library without versions stops some loaders: not too many of those.
        files = [file for file in needed if file in versioned or chance.random() < 0.2]
        if files and chance.random() < 0.6:
            spec = [name, chance.choice(files), chance.choice(NODES)]
        found[chance.choice(("undef", "undef", "undef_weak", "jump_slot"))].append(spec)
    return found


def random_process(chance: random.Random) -> Question:
    """All libraries are there and are found."""
    made = {name: definitions(chance) for name in LIBRARIES}
    versioned = frozenset(name for name, fields in made.items() if "verdef" in fields)
    tree: dict[str, File] = {}
    for place, name in enumerate(LIBRARIES):
        needed = [other for other in LIBRARIES[place + 1 :] if chance.random() < 0.3]
        fields = made[name] | wants(chance, needed, versioned, made[name]["syms"])
        tree[f"/opt/lib/{name}"] = build_elf(soname=name, needed=needed, **fields)
    needed = chance.sample(LIBRARIES, chance.choice((1, 2, 3)))
    own = chance.sample(NAMES, 1) if chance.random() < 0.2 else []
    flags = 8 if chance.random() < 0.2 else None
    rest = wants(chance, needed, versioned, own)
    tree[TARGET] = build_elf(etype="pie", needed=needed, flags=flags, syms=own, **rest)
    return Question(tree, "/opt/lib", "/", TARGET, False)
