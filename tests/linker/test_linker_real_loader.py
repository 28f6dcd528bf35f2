"""Our loader against this machine's own ld.so, alone with a random tree in a root of its own. The seed is printed."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from layercheck.filesystem import OPT, TASK
from layercheck.linker import GlibcLoader, Load, split_library_path
from linker.oracle import REQUIRED, ask, can_ask, fresh_seed, plant
from linker.random_trees import Oracle, Question, random_question
from linker.trees import environment_file, environment_of, filesystem_of

LD = "/lib64/ld-linux-x86-64.so.2"
TREES = int(os.environ.get("LAYERCHECK_TREES") or 300)


class Answer(NamedTuple):
    """What a loader did: objects in order, names not found, versions missing (weak ones too) and not told at all;
    ``fatal`` when it gave up."""

    fatal: bool
    objects: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    versions: frozenset[tuple[str, str, str, bool]] = frozenset()
    unversioned: frozenset[tuple[str, str]] = frozenset()


class Machine(NamedTuple):
    """What this machine's loader says of itself."""

    oracle: Oracle
    release: str
    lib: str
    cpu_level: str


def this_machine() -> Machine:
    def told(option: str) -> str:
        return subprocess.run([LD, option], capture_output=True, text=True, check=True).stdout

    # The default directories stand in the loader's data as consecutive strings that end in a slash.
    runs: list[bytes] = re.findall(rb"(?:/[a-z0-9_/-]+/\0){2,}", Path(LD).read_bytes())
    defaults = tuple(text.decode().rstrip("/") for text in max(runs, key=len).split(b"\0") if text)
    release = re.search(r"version (\d+\.\d+)", told("--version"))
    assert release is not None
    levels = re.findall(r"(x86-64-v\d) \(supported, searched\)", told("--help"))
    # The legacy subdirectories of other platforms (haswell) are not known well enough.
    legacy = 'dl_platform="x86_64"' in told("--list-diagnostics")
    subdirectories = (
        *(f"glibc-hwcaps/x86-64-v{number}" for number in (2, 3, 4)),
        *(("tls", "x86_64", "tls/x86_64", "tls/x86_64/x86_64", "haswell") if legacy else ()),
    )
    multiarch = next((directory[1:] for directory in defaults if directory.endswith("-linux-gnu")), "lib64")
    return Machine(Oracle(defaults, subdirectories, Path(LD).name), release[1], multiarch, max(levels, default=""))


def real_answer(root: Path, question: Question) -> Answer:
    done = ask(root, question, [LD, "--inhibit-cache", question.target], {"LD_TRACE_LOADED_OBJECTS": "1"})
    if done.returncode:
        return Answer(True)
    # Lines without an arrow are files that were opened by path; their place in the order is that of the listing.
    lines = re.findall(r"^\t(?:(.+?) => )?(.+?)(?: \(0x\w+\))?$", done.stdout, re.M)
    lines = [(name, path) for name, path in lines if path not in (LD, "linux-vdso.so.1", "statically linked")]
    versions = re.findall(r": (\S+): (weak )?version [`'](.+?)' not found \(required by (.+?)\)", done.stderr)
    unversioned = re.findall(r": (\S+): no version information available \(required by (.+?)\)", done.stderr)
    return Answer(
        False,
        tuple(path for _, path in lines if path != "not found"),
        frozenset(name for name, path in lines if path == "not found"),
        frozenset((path, node, requirer, bool(weak)) for path, weak, node, requirer in versions),
        frozenset(unversioned),
    )


def our_answer(result: Load) -> Answer:
    if result.error is not None:
        return Answer(True)
    facts = [(fact, False) for fact in result.missing_versions] + [(fact, True) for fact in result.weak]
    return Answer(
        False,
        tuple(item.path for item in result.objects[1:]),
        frozenset(lookup.name for lookup in result.missing),
        frozenset((fact.path, fact.version, fact.required_by, weak) for fact, weak in facts),
        frozenset(result.unversioned),
    )


def our_load(machine: Machine, question: Question) -> Load:
    own = {p: environment_file(f) for p, f in question.tree.items() if not p.startswith((OPT + "/", TASK + "/"))}
    environment = environment_of(
        own,
        library_path=split_library_path(question.library_path),
        defaults=machine.oracle.defaults,
        version=machine.release,
        lib=machine.lib,
    )
    loader = GlibcLoader(filesystem_of(question.tree, environment), cwd=question.cwd, cpu_level=machine.cpu_level)
    return loader.load_program(question.target)


@pytest.mark.skipif(not can_ask(LD) and not REQUIRED, reason="needs root on Linux x86_64 to ask the real loader")
def test_random_trees_load_as_the_real_loader_loads_them(tmp_path: Path) -> None:
    seed, machine = fresh_seed(), this_machine()
    loaded = 0
    for number in range(TREES):
        question = random_question(random.Random(f"{seed}/{number}"), machine.oracle)
        root = tmp_path / str(number)
        plant(root, question, LD)
        traced = real_answer(root, question)
        started = ask(root, question, [LD, "--inhibit-cache", question.target], {})
        shutil.rmtree(root)
        result = our_load(machine, question)
        message = (
            f"LAYERCHECK_SEED={seed}, tree {number}: {question._replace(tree={})} {sorted(question.tree)}\n{result}"
        )
        if not question.filters:
            assert our_answer(result) == traced, message
        # The loader as a library asks for libc's symbols, which are not there.
        if all(lookup.name != machine.oracle.name for lookup in result.lookups):
            assert (result.status == "loads") == (started.returncode == 0), f"{message}\n{started}"
        loaded += result.status == "loads"
    # Trees that all fail, or all load, would compare little.
    assert TREES // 20 < loaded < TREES - TREES // 20, f"LAYERCHECK_SEED={seed}: {loaded} of {TREES} load"
