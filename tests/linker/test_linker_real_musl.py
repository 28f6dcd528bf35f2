"""Our emulation of musl against musl's own loader, alone with a random tree in a root of its own."""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from layercheck.environment.model import Environment, Loader, Named
from layercheck.filesystem import OPT, TASK
from layercheck.linker import Load, MuslLoader
from linker.oracle import REQUIRED, ask, can_ask, fresh_seed, plant
from linker.random_trees import Oracle, Question, random_question
from linker.trees import environment_file, filesystem_of

LD = "/lib/ld-musl-x86_64.so.1"
DEFAULTS = ("/lib", "/usr/local/lib", "/usr/lib")
TREES = int(os.environ.get("LAYERCHECK_TREES") or 300)


class Answer(NamedTuple):
    """Whether it loads; then what was found and where, else which lookups failed (name, who asked)."""

    loads: bool
    found: tuple[tuple[str, str], ...] = ()
    failed: frozenset[tuple[str, str]] = frozenset()


def real_answer(root: Path, question: Question) -> Answer:
    done = ask(root, question, [LD, "--list", question.target], {})
    lines = re.findall(r"^\t(.+?) => (.+?) \((?:0x\w+|0)\)$", done.stdout, re.M)
    failed = re.findall(r"^Error loading shared library (.*?): .* \(needed by (.+?)\)$", done.stderr, re.M)
    assert (done.returncode != 0) == bool(failed), done
    if failed:
        return Answer(False, (), frozenset(failed))
    return Answer(True, tuple((name, path) for name, path in lines if path != LD))


def our_answer(result: Load) -> Answer:
    if result.missing:
        return Answer(False, (), frozenset((lookup.name, lookup.required_by) for lookup in result.missing))
    mapped = {item.path for item in result.objects[1:]}
    found: dict[str, str] = {}
    for lookup in result.lookups:
        if lookup.path in mapped and lookup.path is not None and lookup.via != "loaded":
            found.setdefault(lookup.path, lookup.name)
    return Answer(True, tuple((found[item.path], item.path) for item in result.objects[1:]))


def our_load(question: Question) -> Load:
    own = {p: environment_file(f) for p, f in question.tree.items() if not p.startswith((OPT + "/", TASK + "/"))}
    own[LD] = Named("libc.so", None)
    directories = tuple((question.library_path or "").split(":"))
    facts = Loader("musl", "1.2", LD, DEFAULTS, "lib")
    environment = Environment("made", "x86_64", None, facts, directories, own, "made")
    return MuslLoader(filesystem_of(question.tree, environment), cwd=question.cwd).load_program(question.target)


@pytest.mark.skipif(not can_ask(LD) and not REQUIRED, reason="needs root and musl on Linux x86_64 to ask musl's loader")
def test_random_trees_load_as_musl_loads_them(tmp_path: Path) -> None:
    seed = fresh_seed()
    oracle = Oracle(DEFAULTS, (), Path(LD).name)
    loaded = 0
    for number in range(TREES):
        question = random_question(random.Random(f"{seed}/{number}"), oracle)
        root = tmp_path / str(number)
        plant(root, question, {LD: LD})
        real = real_answer(root, question)
        shutil.rmtree(root)
        result = our_load(question)
        message = (
            f"LAYERCHECK_SEED={seed}, tree {number}: {question._replace(tree={})} {sorted(question.tree)}\n{result}"
        )
        assert our_answer(result) == real, message
        loaded += result.status == "loads"
    assert TREES // 20 < loaded < TREES - TREES // 20, f"LAYERCHECK_SEED={seed}: {loaded} of {TREES} load"
