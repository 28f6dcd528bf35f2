"""What a loader remembers from one load to the next never shows: a fresh one gives the same."""

from __future__ import annotations

import random

from layercheck.linker import GlibcLoader
from linker.trees import File, filesystem_of
from support.elf_writer import build_elf

NAMES = [f"lib{letter}.so" for letter in "abcdef"]
PLACES = ("/opt/lib", "/opt/python/p", "/opt/python/q")


def tree(chance: random.Random) -> dict[str, File]:
    """Few names and places, so that many programs are alike, and some are what others need."""
    files: dict[str, File] = {}
    for place in PLACES:
        for name in chance.sample(NAMES, 4):
            needed = chance.sample([*NAMES, f"{chance.choice(PLACES)}/{chance.choice(NAMES)}"], chance.randint(0, 3))
            path = chance.choice([None, None, "/opt/python/q", "$ORIGIN"])
            rpath, runpath = (path, None) if chance.random() < 0.5 else (None, path)
            files[f"{place}/{name}"] = build_elf(
                needed=needed,
                soname=name if chance.random() < 0.3 else None,
                verneed={needed[0]: ["V_1"]} if needed and chance.random() < 0.4 else {},
                verdef=["V_1"] if chance.random() < 0.3 else None,
                rpath=rpath,
                runpath=runpath,
            )
    return files


def test_every_load_is_as_if_made_alone() -> None:
    for seed in range(150):
        files = tree(random.Random(seed))
        filesystem = filesystem_of(files)
        shared = GlibcLoader(filesystem)
        paths = sorted(files)
        random.Random(seed).shuffle(paths)
        for path in paths:
            load = shared.load_program(path)
            assert load == GlibcLoader(filesystem).load_program(path), (seed, path)


def test_a_program_that_another_needs_by_its_path_is_no_pattern_for_it() -> None:
    files: dict[str, File] = {
        "/opt/python/m.so": build_elf(needed=["liba.so"]),
        "/opt/python/n.so": build_elf(needed=["liba.so"]),
        "/opt/lib/liba.so": build_elf(needed=["/opt/python/n.so"]),
    }
    filesystem = filesystem_of(files)
    shared = GlibcLoader(filesystem)
    for path in ("/opt/python/m.so", "/opt/python/n.so"):
        assert shared.load_program(path) == GlibcLoader(filesystem).load_program(path)
    # In its own process n.so is there already.
    assert [item.path for item in shared.load_program("/opt/python/n.so").objects] == [
        "/opt/python/n.so",
        "/opt/lib/liba.so",
    ]
