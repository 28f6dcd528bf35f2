"""Our loader against this machine's own ld.so, alone with a random tree in a root of its own.

Random trees hold what decides a search: RPATH, RUNPATH, $ORIGIN, LD_LIBRARY_PATH, links, SONAMEs, versions, libraries
of another machine, and files that are no libraries. The seed is in every message.
"""

from __future__ import annotations

import os
import platform
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from layercheck.filesystem import OPT, TASK
from layercheck.linker import GlibcLoader, Load
from linker.trees import File, environment_file, environment_of, filesystem_of
from support.elf_writer import build_elf

LD = "/lib64/ld-linux-x86-64.so.2"
TREES = 80
CAN_ASK = sys.platform == "linux" and platform.machine() == "x86_64" and os.access(LD, os.X_OK) and os.geteuid() == 0
# A CI job that must not skip says so.
REQUIRED = os.environ.get("LAYERCHECK_REQUIRE_LOADER") == "1"
TARGET = "/opt/python/pkg/m.so"
NAMES = ("liba.so.1", "libb.so.1", "libc.so.9", "libd.so.1")
DIRECTORIES = ("/opt/lib", "/opt/python/pkg", "/opt/python/pkg.libs", "/opt/q", "/var/task", "/var/task/lib", "/srv/e")
ELEMENTS = (
    "$ORIGIN", "$ORIGIN/../pkg.libs", "${ORIGIN}/../../lib", "/opt/q", "/opt/lib/", "/var/task/lib", "/none", "/srv/e",
    "/opt/link", "$ORIGIN/../../q",
)  # fmt: skip
PATHS = ((), ("/opt/lib",), ("/var/task", "/var/task/lib", "/opt/lib"), ("/srv/e", "/none"))
NODES = ("V1", "V2", "V3")


class Answer(NamedTuple):
    """What a loader did: objects in order, names not found, versions missing; ``fatal`` when it gave up."""

    fatal: bool
    objects: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    versions: frozenset[tuple[str, str, str]] = frozenset()


def defaults_of_loader() -> tuple[str, ...]:
    """The default directories stand in the loader's data as consecutive strings that end in a slash."""
    data = Path(LD).read_bytes()
    runs: list[bytes] = re.findall(rb"(?:/[a-z0-9_/-]+/\0){2,}", data)
    assert runs, "no default directories in the loader"
    return tuple(text.decode().rstrip("/") for text in max(runs, key=len).split(b"\0") if text)


def release_of_loader() -> str:
    text = subprocess.run([LD, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"version (\d+\.\d+)", text)
    assert match is not None
    return match[1]


def elements(chance: random.Random) -> str:
    return ":".join(chance.choices(ELEMENTS, k=chance.choice((1, 1, 2, 3))))


def library(chance: random.Random, name: str) -> bytes:
    needed = chance.sample(NAMES, chance.choice((0, 0, 1, 1, 2)))
    if chance.random() < 0.1:
        needed.append(chance.choice(DIRECTORIES) + "/" + chance.choice(NAMES))
    verneed = {
        other: [(node, chance.choice((0, 0, 0, 2))) for node in chance.sample(NODES, chance.choice((1, 2)))]
        for other in needed
        if "/" not in other and chance.random() < 0.4
    }
    return build_elf(
        needed=needed,
        soname=chance.choice((name, name, name, None, chance.choice(NAMES))),
        rpath=elements(chance) if chance.random() < 0.35 else None,
        runpath=chance.choice((elements(chance), "")) if chance.random() < 0.25 else None,
        flags_1=0x800 if chance.random() < 0.05 else None,
        verdef=chance.sample(NODES, chance.choice((1, 2, 3))) if chance.random() < 0.6 else None,
        verneed=verneed or None,
        machine=chance.choices(("x86_64", "aarch64", "i386"), (90, 7, 3))[0],
    )


def random_tree(chance: random.Random, defaults: tuple[str, ...]) -> dict[str, File]:
    tree: dict[str, File] = {
        TARGET: build_elf(
            needed=chance.sample(NAMES, chance.choice((1, 2, 3))),
            rpath=elements(chance) if chance.random() < 0.5 else None,
            runpath=elements(chance) if chance.random() < 0.3 else None,
        ),
        "/opt/link": "q",
        "/opt/q/keep.txt": b"keeps the directory",
    }
    for name in NAMES:
        for directory in chance.sample((*DIRECTORIES, *defaults), chance.choice((1, 2, 3, 4))):
            path, kind = f"{directory}/{name}", chance.random()
            if kind < 0.80:
                tree[path] = library(chance, name)
            elif kind < 0.90:
                tree[path + ".0.1"], tree[path] = library(chance, name), name + ".0.1"
            elif kind < 0.94:
                tree[path] = chance.choice(("gone.so", name, "/opt/q/" + name, "../q/keep.txt"))
            elif kind < 0.97:
                tree[path] = chance.choice((b"INPUT(x)\n", b""))
            else:
                tree[path] = build_elf(etype=chance.choice(("exec", "rel")))
    return tree


def ask(root: Path, tree: Mapping[str, File], library_path: tuple[str, ...]) -> Answer:
    for path, file in tree.items():
        place = root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file, str):
            place.symlink_to(file)
        else:
            assert isinstance(file, bytes)
            place.write_bytes(file)
            place.chmod(0o755)
    loader = root / LD[1:]
    loader.parent.mkdir(exist_ok=True)
    shutil.copy2(os.path.realpath(LD), loader)
    environment = {"LD_TRACE_LOADED_OBJECTS": "1"}
    if library_path:
        environment["LD_LIBRARY_PATH"] = ":".join(library_path)
    # The variables must reach ld.so alone: hence the root is changed in the child, right before it.
    done = subprocess.run(
        [LD, "--inhibit-cache", TARGET],
        env=environment,
        preexec_fn=partial(enter, root),
        capture_output=True,
        text=True,
        timeout=30,
    )
    lines = re.findall(r"^\t(\S+) => (\S+|not found)(?: \(0x\w+\))?$", done.stdout, re.M)
    by_path = re.findall(r"^\t(/\S+) \(0x\w+\)$", done.stdout, re.M)
    versions = re.findall(r": (\S+): (weak )?version [`'](.+?)' not found \(required by (.+?)\)", done.stderr)
    if done.returncode:
        return Answer(True)
    # Lines without an arrow are files that were opened by path; their place in the order is that of the listing.
    paths = re.findall(r"^\t(?:\S+ => )?(/\S+) \(0x\w+\)$", done.stdout, re.M)
    assert len(paths) == len([path for _, path in lines if path != "not found"]) + len(by_path)
    return Answer(
        False,
        tuple(path for path in paths if path != LD),
        frozenset(name for name, path in lines if path == "not found"),
        frozenset((path, node, requirer) for path, weak, node, requirer in versions if not weak),
    )


def enter(root: Path) -> None:
    os.chroot(root)
    os.chdir("/")


def ours(result: Load) -> Answer:
    if result.error is not None:
        return Answer(True)
    missing = frozenset(lookup.name for lookup in result.missing)
    # Of a name that failed for one requirer and was found for another the trace checks no versions.
    facts = [fact for fact in result.missing_versions if fact.library not in missing]
    return Answer(
        False,
        tuple(item.path for item in result.objects[1:]),
        missing,
        frozenset((fact.path, fact.version, fact.required_by) for fact in facts),
    )


@pytest.mark.skipif(not CAN_ASK and not REQUIRED, reason="needs root on Linux x86_64 to ask the real loader")
def test_random_trees_load_as_the_real_loader_loads_them(tmp_path: Path) -> None:
    seed = int(os.environ.get("LAYERCHECK_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"LAYERCHECK_SEED={seed}")
    defaults, release = defaults_of_loader(), release_of_loader()
    loaded = 0
    for number in range(TREES):
        chance = random.Random(f"{seed}/{number}")
        tree = random_tree(chance, defaults)
        library_path = chance.choice(
            ((), ("/opt/lib",), ("/var/task", "/var/task/lib", "/opt/lib"), ("/srv/e", "/none"))
        )
        root = tmp_path / str(number)
        real = ask(root, tree, library_path)
        shutil.rmtree(root)
        own = {p: environment_file(f) for p, f in tree.items() if not p.startswith((OPT + "/", TASK + "/"))}
        environment = environment_of(own, library_path=library_path, defaults=defaults, version=release)
        result = GlibcLoader(filesystem_of(tree, environment), cwd="/").load_program(TARGET)
        mine = ours(result)
        message = f"LAYERCHECK_SEED={seed}, tree {number}, LD_LIBRARY_PATH={':'.join(library_path)}: {sorted(tree)}"
        assert mine == real, f"{message}\n{result}"
        loaded += result.status == "loads"
    # Trees that all fail, or all load, would compare little.
    assert TREES // 20 < loaded < TREES - TREES // 20, f"LAYERCHECK_SEED={seed}: {loaded} of {TREES} load"
