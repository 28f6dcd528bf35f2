"""Our loader against glibc's own, alone with a random tree in a root of its own. The seed is printed."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from layercheck.filesystem import OPT, TASK
from layercheck.linker import GlibcLoader, Load, split_library_path
from linker.oracle import REQUIRED, ask, fresh_seed, plant
from linker.random_trees import Question, random_question
from linker.real_glibc import ARM64, X86_64, Machine, RealLoader, machine_of, our_answer, real_answer
from linker.trees import environment_file, environment_of, filesystem_of

TREES = int(os.environ.get("LAYERCHECK_TREES") or 0)
"""How many trees instead of the usual number."""


def asked(loader: RealLoader, trees: int, *marks: pytest.MarkDecorator) -> object:
    skip = pytest.mark.skipif(not loader.is_here and not REQUIRED, reason=f"no loader to ask: {loader.install}")
    return pytest.param(loader, TREES or trees, marks=[skip, *marks], id=loader.architecture)


def our_load(machine: Machine, question: Question, architecture: str) -> Load:
    own = {p: environment_file(f) for p, f in question.tree.items() if not p.startswith((OPT + "/", TASK + "/"))}
    environment = environment_of(
        own,
        library_path=split_library_path(question.library_path),
        defaults=machine.oracle.defaults,
        version=machine.release,
        lib=machine.lib,
        architecture=architecture,
    )
    loader = GlibcLoader(filesystem_of(question.tree, environment), cwd=question.cwd, cpu_level=machine.cpu_level)
    return loader.load_program(question.target)


# An emulated loader takes ten times as long.
@pytest.mark.parametrize(("loader", "trees"), [asked(X86_64, 300), asked(ARM64, 150, pytest.mark.slow)])
def test_random_trees_load_as_the_real_loader_loads_them(loader: RealLoader, trees: int, tmp_path: Path) -> None:
    assert loader.is_here, loader.install
    seed, machine = fresh_seed(), machine_of(loader)
    loaded = 0
    for number in range(trees):
        question = random_question(random.Random(f"{seed}/{number}"), machine.oracle)
        root = tmp_path / str(number)
        plant(root, question, loader.programs)
        command = [*loader.command, "--inhibit-cache", question.target]
        traced = real_answer(ask(root, question, command, {"LD_TRACE_LOADED_OBJECTS": "1"}), loader)
        started = ask(root, question, command, {})
        shutil.rmtree(root)
        result = our_load(machine, question, loader.architecture)
        message = (
            f"LAYERCHECK_SEED={seed}, tree {number}: {question._replace(tree={})} {sorted(question.tree)}\n{result}"
        )
        if not question.filters:
            assert our_answer(result) == traced, message
        # The loader as a library asks for libc's symbols, which are not there.
        if all(lookup.name != machine.oracle.name for lookup in result.lookups):
            assert (result.status == "loads") == (started.returncode == 0), f"{message}\n{started}"
        loaded += result.status == "loads"
    print(f"{trees} trees asked of {loader.path}, {loaded} of them load")
    # Trees that all fail, or all load, would compare little.
    assert trees // 20 < loaded < trees - trees // 20, f"LAYERCHECK_SEED={seed}: {loaded} of {trees} load"
