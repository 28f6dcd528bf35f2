"""Paths in the merged view: what is found, and why not."""

from __future__ import annotations

import stat

import pytest

from layercheck.artifact import open_artifact
from layercheck.environment.model import EnvironmentFile, Link, Named, Other
from layercheck.filesystem import OPT, TASK, Filesystem, Hit, Miss, Mount, Overlay
from linker.trees import environment_of
from support.zip_writer import Member, build_zip, simple_zip

LIBZ = Named("libz.so.1", None)
SYSTEM: dict[str, EnvironmentFile] = {
    "/usr/lib64/libz.so.1": LIBZ,
    "/lib64": Link("usr/lib64"),
    "/usr/lib64/libz.so": Link("libz.so.1"),
    "/etc/empty": Other("directory"),
    "/etc/passwd": Other("text"),
}
LINK = stat.S_IFLNK | 0o777


def link(target: str) -> tuple[bytes, int]:
    return target.encode(), LINK


def view(*layers: bytes, function: bytes | None = None) -> Filesystem:
    mounts = [Mount(open_artifact(layer), OPT) for layer in layers]
    if function is not None:
        mounts.append(Mount(open_artifact(function), TASK))
    return Filesystem(Overlay(mounts), environment_of(SYSTEM))


LINKS = simple_zip(
    {
        "lib/real.so.1.2": b"x",
        "lib/real.so.1": link("real.so.1.2"),
        "lib/real.so": link("./real.so.1"),
        "lib/up": link("../python/pkg"),
        "lib/system": link("/usr/lib64"),
        "lib/z": link("/lib64/libz.so"),
        "lib/loop": link("loop"),
        "lib/ping": link("pong"),
        "lib/pong": link("ping"),
        "lib/gone": link("nowhere/at/all"),
        "lib/out": link("../../../../../usr/lib64/libz.so.1"),
        "python/pkg/__init__.py": b"y",
        "python/pkg/back": link("../../lib"),
    }
)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/opt/lib/real.so.1.2", "/opt/lib/real.so.1.2"),
        ("/opt/lib/real.so.1", "/opt/lib/real.so.1.2"),
        ("/opt/lib/real.so", "/opt/lib/real.so.1.2"),
        ("/opt/lib/./real.so", "/opt/lib/real.so.1.2"),
        ("/opt//lib///real.so", "/opt/lib/real.so.1.2"),
        ("/opt/lib/../lib/real.so", "/opt/lib/real.so.1.2"),
        ("/opt/lib/up/__init__.py", "/opt/python/pkg/__init__.py"),
        # '..' follows the link: /opt/lib/up is /opt/python/pkg.
        ("/opt/lib/up/../pkg/__init__.py", "/opt/python/pkg/__init__.py"),
        ("/opt/lib/up/back/real.so", "/opt/lib/real.so.1.2"),
        ("/opt/lib/system/libz.so.1", "/usr/lib64/libz.so.1"),
        ("/opt/lib/z", "/usr/lib64/libz.so.1"),
        ("/opt/lib/out", "/usr/lib64/libz.so.1"),
        ("/lib64/libz.so", "/usr/lib64/libz.so.1"),
        ("/../../lib64/libz.so", "/usr/lib64/libz.so.1"),
        ("/opt/lib/", "/opt/lib"),
        ("/opt/lib/up/", "/opt/python/pkg"),
        ("/", "/"),
        ("/opt", "/opt"),
        ("/var/task", "/var/task"),
        ("/etc/empty", "/etc/empty"),
        ("/usr", "/usr"),
    ],
)
def test_hits(path: str, real: str) -> None:
    hit = view(LINKS).lookup(path)
    assert isinstance(hit, Hit)
    assert (hit.real, hit.identity, hit.opened) == (real, real, path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/opt/lib/none", "absent"),
        ("/opt/none/x", "absent"),
        # The kernel looks the directory up before it goes up again.
        ("/opt/none/../lib/real.so", "absent"),
        ("/opt/lib/up/../lib/real.so", "absent"),
        ("/opt/lib/gone", "absent"),
        ("/opt/lib/loop", "loop"),
        ("/opt/lib/ping", "loop"),
        ("/opt/lib/loop/x", "loop"),
        ("/opt/lib/real.so/x", "not a directory"),
        ("/opt/lib/real.so/..", "not a directory"),
        ("/opt/lib/real.so/", "not a directory"),
        ("/opt/lib/real.so.1.2/.", "not a directory"),
        ("/usr/lib64/libz.so.1/x", "not a directory"),
        ("/etc/passwd/x", "not a directory"),
        ("/opt/lib/none/", "absent"),
    ],
)
def test_misses(path: str, reason: str) -> None:
    assert view(LINKS).lookup(path) == Miss(reason)


def test_relative_paths_start_from_the_working_directory() -> None:
    files = view(LINKS)
    for cwd in ("/opt/lib", "/opt/lib/"):
        hit = files.lookup("real.so", cwd)
        assert isinstance(hit, Hit)
        assert hit.real == "/opt/lib/real.so.1.2"
    assert files.lookup("real.so") == Miss("absent")
    assert isinstance(files.lookup("lib64/libz.so"), Hit)


@pytest.mark.parametrize(("count", "found"), [(40, True), (41, False)])
def test_forty_links_are_followed_as_linux_does(count: int, found: bool) -> None:
    files: dict[str, bytes | tuple[bytes, int]] = {f"l{n}": link(f"l{n + 1}") for n in range(1, count)}
    files[f"l{count}"] = link("end")
    files["end"] = b"x"
    answer = view(simple_zip(files)).lookup("/opt/l1")
    assert isinstance(answer, Hit) if found else answer == Miss("loop")


def test_a_file_that_others_may_not_read_is_denied() -> None:
    files = view(simple_zip({"lib/a.so": (b"x", 0o640), "lib/b.so": (b"x", 0o604), "lib/c.so": link("a.so")}))
    assert files.lookup("/opt/lib/a.so") == Miss("denied")
    assert files.lookup("/opt/lib/c.so") == Miss("denied")
    assert isinstance(files.lookup("/opt/lib/b.so"), Hit)


def test_files_without_modes_can_be_read() -> None:
    files = view(build_zip([Member("lib/a.so", b"x", host=0)]))
    assert isinstance(files.lookup("/opt/lib/a.so"), Hit)


def test_a_later_layer_replaces_files_of_an_earlier_one() -> None:
    first = simple_zip({"lib/a": b"1", "lib/only": b"1"})
    second = simple_zip({"lib/a": b"22"})
    files = view(first, second)
    hit = files.lookup("/opt/lib/a")
    assert isinstance(hit, Hit)
    assert hit.node.entry is not None
    assert (hit.node.mount, hit.node.entry.size) == (1, 2)
    only = files.lookup("/opt/lib/only")
    assert isinstance(only, Hit)
    assert only.node.mount == 0
    assert files.overlay.overridden == [("/opt/lib/a", 0, 1)]
    assert files.overlay.clashes == []


def test_a_file_replaces_a_link_and_a_link_a_file() -> None:
    files = view(simple_zip({"a": link("b"), "b": b"1", "c": b"333"}), simple_zip({"a": b"22", "c": link("b")}))
    one, other = files.lookup("/opt/a"), files.lookup("/opt/c")
    assert isinstance(one, Hit)
    assert isinstance(other, Hit)
    assert (one.real, other.real) == ("/opt/a", "/opt/b")


def test_the_function_lies_beside_the_layers() -> None:
    files = view(simple_zip({"app.py": b"1"}), function=simple_zip({"app.py": b"22", "to": link("/opt/app.py")}))
    hits = [files.lookup(path) for path in ("/opt/app.py", "/var/task/app.py", "/var/task/to")]
    assert [hit.real for hit in hits if isinstance(hit, Hit)] == ["/opt/app.py", "/var/task/app.py", "/opt/app.py"]


def test_an_artifact_covers_the_environment_only_below_its_place() -> None:
    files = view(simple_zip({"usr/lib64/libz.so.1": b"mine"}))
    hit = files.lookup("/usr/lib64/libz.so.1")
    assert isinstance(hit, Hit)
    assert hit.node.file is LIBZ


@pytest.mark.parametrize(
    "members",
    [
        [Member("x", b"file"), Member("x/y", b"below")],
        [Member("x/y", b"below"), Member("x", b"file")],
        [Member("x", b"file"), Member("x/", kind="directory")],
        [Member("x/", kind="directory"), Member("x", b"file")],
    ],
)
def test_a_clash_within_one_artifact_is_noted_once(members: list[Member]) -> None:
    clashes = view(build_zip(members)).overlay.clashes
    assert set(clashes) == {("/opt/x", 0, 0)}


def test_a_clash_between_layers_names_both() -> None:
    file, directory = simple_zip({"x": b"file"}), simple_zip({"x/y": b"below"})
    assert set(view(file, directory).overlay.clashes) == {("/opt/x", 0, 1)}
    assert set(view(directory, file).overlay.clashes) == {("/opt/x", 0, 1)}
    assert view(directory, directory).overlay.clashes == []


def test_listdir_merges_layers_and_follows_links() -> None:
    files = view(simple_zip({"lib/a": b"1", "etc/": b""}), simple_zip({"lib/b": b"2", "l": link("lib")}))
    assert files.listdir("/opt/lib") == ["a", "b"]
    assert files.listdir("/opt/l") == ["a", "b"]
    assert files.listdir("/opt") == ["etc", "l", "lib"]
    assert files.listdir("/lib64") == ["libz.so", "libz.so.1"]
    assert files.listdir("/opt/none") == []
    assert {"opt", "usr", "var", "lib64", "etc"} <= set(files.listdir("/"))


def test_a_wheel_is_mounted_deeper() -> None:
    overlay = Overlay([Mount(open_artifact(simple_zip({"pkg/__init__.py": b"x"})), "/opt/python")])
    hit = Filesystem(overlay, environment_of({})).lookup("/opt/python/pkg")
    assert isinstance(hit, Hit)
    assert hit.node.is_directory
