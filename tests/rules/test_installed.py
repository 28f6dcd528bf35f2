"""The search path of Python, and the distributions on it."""

from __future__ import annotations

import pytest

from check.made import link, view_of
from layercheck.environment import runtimes
from layercheck.rules.installed import installed, search_path
from support.zip_writer import simple_zip


def dist(name: str, version: str) -> tuple[str, bytes]:
    return f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n".encode()


def below(root: str, *dists: tuple[str, str]) -> dict[str, bytes]:
    return {root + path: data for path, data in [dist(*item) for item in dists]}


def test_the_path_of_each_python() -> None:
    for runtime in runtimes():
        path = search_path(view_of({"a": b"1"}, runtime.identifier))
        assert path[:1] == (("/var/task",) if runtime.language == "python" else ())
    path = search_path(view_of({"a": b"1"}, "python3.12"))
    assert path[1:4] == ("/opt/python/lib/python3.12/site-packages", "/opt/python",
                         "/var/lang/lib/python3.12/site-packages")  # fmt: skip


@pytest.mark.parametrize(
    ("value", "own"),
    [("", []), ("/opt/x:lib", ["/opt/x", "/var/task/lib"]), ("/opt/python:", ["/opt/python"])],
)
def test_pythonpath_takes_the_place_of_the_layers_directories(value: str, own: list[str]) -> None:
    path = search_path(view_of({"python/a.py": b"1"}, env={"PYTHONPATH": value}))
    assert path[: 2 + len(own)] == ("/var/task", "/var/runtime", *own)
    assert [place for place in path if place.startswith("/opt")] == [place for place in own if "/opt" in place]
    assert path[-1] == "/var/lang/lib/python3.12/lib-dynload"
    assert len(set(path)) == len(path)


def seen(**options: object) -> list[tuple[str, str, str, bool]]:
    files = below("python/", ("urllib3", "2.0"), ("a", "1")) | below("python/lib/python3.12/site-packages/", ("a", "2"))
    files |= below("python/pkg/_vendor/", ("hidden", "1")) | below("python/lib/python3.9/site-packages/", ("old", "1"))
    view = view_of(files, **options)  # type: ignore[arg-type]
    return [
        (item.name, item.version, item.place, item.subject is None)
        for item in installed(view)
        if item.name in ("a", "urllib3", "hidden", "old")
    ]


def test_what_is_installed_where() -> None:
    lang = ("/var/lang/lib/python{}/site-packages", True)
    assert seen() == [
        ("a", "2", "/opt/python/lib/python3.12/site-packages", False),
        ("a", "1", "/opt/python", False),
        ("urllib3", "2.0", "/opt/python", False),
        ("urllib3", "1.26.19", lang[0].format("3.12"), True),
    ]
    assert seen(runtime="python3.9")[:3] == [
        ("old", "1", "/opt/python/lib/python3.9/site-packages", False),
        ("a", "1", "/opt/python", False),
        ("urllib3", "2.0", "/opt/python", False),
    ]
    assert seen(runtime="nodejs22.x") == []


def test_a_function_its_layers_and_what_they_replace() -> None:
    one = simple_zip(below("python/", ("a", "1"), ("b", "1")))
    two = simple_zip({"python/a-1.dist-info/METADATA": b"Name: a\nVersion: 1\nSummary: other\n"})
    view = view_of(below("", ("b", "2")) | {"app.py": b"1"}, layers=(one, two), kind="function")
    ours = [item for item in installed(view) if item.subject is not None]
    assert [(item.name, item.version, item.place, item.position, item.subject.id if item.subject else "")
            for item in ours] == [
        ("b", "2", "/var/task", 0, "a1"),
        ("a", "1", "/opt/python", 2, "a3"),
        ("b", "1", "/opt/python", 2, "a2"),
    ]  # fmt: skip


def test_a_wheel_and_a_linked_directory() -> None:
    wheel = view_of(simple_zip(dict([dist("a", "1")])), name="a-1-py3-none-any.whl")
    assert ("a", "/opt/python") in [(item.name, item.place) for item in installed(wheel)]
    view = view_of({"python/lib/python3.12/site-packages": link("../../../libs"), **below("libs/", ("a", "1"))})
    assert [(item.place, item.position) for item in installed(view) if item.name == "a"] == [("/opt/libs", 1)]
