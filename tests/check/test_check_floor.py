"""Resolving on the oldest libraries is left out only when it would change nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from layercheck.artifact import open_artifact
from layercheck.check.floor import may_differ
from layercheck.elf import ElfImage, read_elf
from layercheck.environment import Environment, load
from layercheck.environment.model import Named
from layercheck.filesystem import Filesystem, Mount, Overlay
from layercheck.linker import resolve
from support.elf_writer import build_elf
from support.zip_writer import simple_zip

NEWEST, FLOOR = (load("python3.12", "x86_64", which) for which in ("newest", "floor"))
SYSTEM = {
    path.rpartition("/")[2]: sorted(file.versions.nodes | {"NONE_1"}) if file.versions is not None else ["NONE_1"]
    for environment in (NEWEST, FLOOR)
    for path, file in sorted(environment.files.items())
    if isinstance(file, Named)
}
NAMES = sorted({*SYSTEM, "libstdc++.so.6", "libssl.so.3", "libcrypto.so.3", "libgone.so.1"})


def image(needed: list[str], verneed: dict[str, list[str]]) -> tuple[bytes, ElfImage]:
    data = build_elf(needed=needed, verneed=dict(verneed))
    read = read_elf(data)
    assert isinstance(read, ElfImage)
    return data, read


def libraries_of(environment: Environment) -> dict[str, Named]:
    """Libraries by the names of their files; links left out."""
    return {path.rpartition("/")[2]: f for path, f in environment.files.items() if isinstance(f, Named)}


@st.composite
def needs(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    needed = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    some = {name: sorted(SYSTEM.get(name, ["NONE_1"])) for name in needed}
    verneed = {name: draw(st.lists(st.sampled_from(nodes), max_size=3, unique=True)) for name, nodes in some.items()}
    return needed, {name: nodes for name, nodes in verneed.items() if nodes}


@given(needs())
@settings(max_examples=200, deadline=None)
def test_what_need_not_be_resolved_anew_comes_out_the_same(need: tuple[list[str], dict[str, list[str]]]) -> None:
    data, read = image(*need)
    if may_differ([read], NEWEST, FLOOR):
        return
    overlay = overlay_of(data)
    now, then = (resolve(Filesystem(overlay, environment)) for environment in (NEWEST, FLOOR))
    assert [(load.status, load.missing, load.unverified, load.lookups) for load in now.loads] == [
        (load.status, load.missing, load.unverified, load.lookups) for load in then.loads
    ]


def overlay_of(data: bytes) -> Overlay:
    return Overlay([Mount(open_artifact(simple_zip({"python/m.abi3.so": data})), "/opt")])


def test_a_name_and_a_version_that_only_the_newest_has_differ() -> None:
    gone = sorted(
        {path.rpartition("/")[2] for path in NEWEST.files} - {path.rpartition("/")[2] for path in FLOOR.files}
    )
    assert gone
    assert may_differ([image([gone[0]], {})[1]], NEWEST, FLOOR)
    for name, nodes in SYSTEM.items():
        for node in nodes:
            one, other = (libraries_of(environment).get(name) for environment in (NEWEST, FLOOR))
            if one is not None and other is not None and one.state(node) != other.state(node):
                assert may_differ([image([name], {name: [node]})[1]], NEWEST, FLOOR)


def test_ordinary_needs_do_not_differ() -> None:
    _, read = image(
        ["libc.so.6", "libstdc++.so.6"], {"libc.so.6": ["GLIBC_2.17"], "libstdc++.so.6": ["GLIBCXX_3.4.21"]}
    )
    assert not may_differ([read], NEWEST, FLOOR)
    assert not may_differ([read], NEWEST, NEWEST)
