"""Which symbols nothing supplies, against this machine's own glibc and musl loaders, which relocate random processes.

A tree, the loader and nothing else lie in a root of their own. The seed is printed.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from layercheck.elf.symbols import Symbols, read_symbols
from layercheck.environment.model import Environment, Loader, Named
from layercheck.filesystem import OPT
from layercheck.linker import GlibcLoader, Load, LoadedObject, MuslLoader, split_library_path
from layercheck.linker.symbols import ABORTS, Supplier, Unbound, names_in, scope_of, unbound
from linker.oracle import REQUIRED, ask, can_ask, fresh_seed, plant
from linker.random_symbols import random_process
from linker.random_trees import Question
from linker.real_glibc import X86_64, Machine, machine_of
from linker.test_linker_real_musl import LD as MUSL
from linker.trees import environment_of, filesystem_of

LD = X86_64.path
TREES = int(os.environ.get("LAYERCHECK_TREES") or 300)
TRACE = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes", "LD_BIND_NOW": "yes"}


def suppliers(load: Load, question: Question, loader: str, *, musl: bool = False) -> list[Supplier]:
    names = names_in(load)
    found = []
    for item in scope_of(load, LoadedObject(loader, loader, "environment", None), musl=musl):
        raw = question.tree.get(item.real)
        symbols = read_symbols(raw) if isinstance(raw, bytes) else Symbols({})
        assert symbols is not None
        found.append(Supplier(item.path, symbols, names.get(item.path, frozenset())))
    return found


def ours(machine: Machine, question: Question, *, lazy: bool) -> tuple[Load, list[Unbound]]:
    environment = environment_of(
        {},
        library_path=split_library_path(question.library_path),
        defaults=machine.oracle.defaults,
        version=machine.release,
        lib=machine.lib,
    )
    loader = GlibcLoader(filesystem_of(question.tree, environment), cwd=question.cwd, cpu_level=machine.cpu_level)
    load = loader.load_program(question.target)
    scope = suppliers(load, question, LD)
    requirers = [item.path for item in load.objects]
    return load, list(unbound(scope, requirers, loader.behaviour, lazy=lazy))


@pytest.mark.skipif(not can_ask(LD) and not REQUIRED, reason="needs root on Linux x86_64 to ask the real loader")
def test_random_processes_bind_as_the_real_loader_binds_them(tmp_path: Path) -> None:
    seed, machine = fresh_seed(), machine_of(X86_64)
    outcomes = {"bound": 0, "unbound": 0, "aborted": 0}
    for number in range(TREES):
        question = random_process(random.Random(f"{seed}/{number}"))
        root = tmp_path / str(number)
        plant(root, question, X86_64.programs)
        traced = ask(root, question, [LD, "--inhibit-cache", question.target], TRACE)
        started = ask(root, question, [LD, "--inhibit-cache", question.target], {})
        shutil.rmtree(root)
        load, found = ours(machine, question, lazy=False)
        message = f"LAYERCHECK_SEED={seed}, process {number}: {load}\n{found}\n{traced}\n{started}"
        assert load.status == "loads", message
        aborts = any(item.why == ABORTS for item in found)
        assert aborts == (traced.returncode != 0), message
        if not aborts:
            lines = re.findall(r"undefined symbol: (\w+)(?:, version (\w+))?\t\((.+?)\)$", traced.stderr, re.M)
            assert {(i.symbol.name, i.symbol.version or "", i.required_by) for i in found} == set(lines), message
        assert bool(ours(machine, question, lazy=True)[1]) == (started.returncode != 0), message
        outcomes["aborted" if aborts else "unbound" if found else "bound"] += 1
    # Processes that all end alike would compare little.
    assert min(outcomes["bound"], outcomes["unbound"]) > TREES // 20, f"LAYERCHECK_SEED={seed}: {outcomes}"


@pytest.mark.skipif(not can_ask(MUSL) and not REQUIRED, reason="needs root and musl on Linux x86_64")
def test_random_processes_bind_as_musl_binds_them(tmp_path: Path) -> None:
    seed = fresh_seed()
    incomplete = 0
    for number in range(TREES):
        question = random_process(random.Random(f"{seed}/{number}"))
        root = tmp_path / str(number)
        plant(root, question, {MUSL: MUSL})
        done = ask(root, question, [MUSL, "--list", question.target], {})
        shutil.rmtree(root)
        facts = Loader("musl", "1.2", MUSL, ("/lib",), "lib")
        environment = Environment("made", "x86_64", None, facts, ("/opt/lib",), {MUSL: Named("libc.so", None)}, "made")
        load = MuslLoader(filesystem_of(question.tree, environment), cwd="/").load_program(question.target)
        scope = suppliers(load, question, MUSL, musl=True)
        found = list(unbound(scope, [item.path for item in load.objects], None))
        lines = re.findall(r"^Error relocating (.+?): (\w+): symbol not found$", done.stderr, re.M)
        message = f"LAYERCHECK_SEED={seed}, process {number}: {load}\n{found}\n{done}"
        assert {(item.required_by, item.symbol.name) for item in found} == set(lines), message
        assert bool(found) == (done.returncode != 0), message
        incomplete += bool(found)
    assert TREES // 20 < incomplete < TREES - TREES // 20, f"LAYERCHECK_SEED={seed}: {incomplete} of {TREES}"


def test_every_object_of_these_processes_is_in_the_layer() -> None:
    question = random_process(random.Random(1))
    assert all(path.startswith(OPT + "/") and isinstance(file, bytes) for path, file in question.tree.items())
