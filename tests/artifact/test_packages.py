"""Which package a file belongs to, and where the bytes go."""

from __future__ import annotations

import pytest

from layercheck.artifact import open_artifact
from layercheck.artifact.distributions import Distribution, DistributionIndex
from layercheck.artifact.packages import PackageIndex
from support.zip_writer import simple_zip


def dist(
    name: str, *paths: str, root: str = "python/", rows: tuple[str, ...] | None = None, size: int = 10
) -> dict[str, bytes]:
    """A distribution with files of so many bytes; RECORD lists them, or ``rows`` instead; none when that is empty."""
    info = f"{root}{name.replace('-', '_')}-1.0.dist-info"
    made = {root + path: b"x" * 10 for path in paths}
    made[f"{info}/METADATA"] = f"Name: {name}\nVersion: 1.0\n".encode()
    if rows != ():
        made[f"{info}/RECORD"] = "".join([f"{row},,\n" for row in rows or paths]).encode()
    return made


def owners(files: dict[str, bytes], *paths: str) -> list[str | None]:
    with open_artifact(simple_zip(files)) as artifact:
        index = PackageIndex(artifact, DistributionIndex(artifact))
        found = [index.owner(path) for path in paths]
    return [package.name if package is not None else None for package in found]


def sizes(files: dict[str, bytes]) -> dict[str, int]:
    """Bytes by package, without those of metadata."""
    with open_artifact(simple_zip(files)) as artifact:
        found = PackageIndex(artifact, DistributionIndex(artifact)).sizes()
        meta = {package: 0 for package, _ in found}
        index = PackageIndex(artifact, DistributionIndex(artifact))
        for entry in artifact.entries:
            owner = index.owner(entry.path)
            if owner is not None and "-info/" in entry.path:
                meta[owner] += entry.bytes
        assert sum(size for _, size in found) == artifact.unzipped_bytes
    assert [size for _, size in found] == sorted([size for _, size in found], reverse=True)
    return {package.name: size - meta[package] for package, size in found}


def test_a_namespace_is_shared_by_what_record_lists() -> None:
    files = dist("google-auth", "google/auth/__init__.py", "google/oauth2/a.py")
    files |= dist("google-api-core", "google/api_core/__init__.py", "google/api_core/b.py")
    files |= {f"python/google/auth/{name}": b"12345" for name in ("__pycache__/__init__.cpython-312.pyc", "new.py")}
    files |= {"python/google/lost.py": b"1"}
    assert sizes(files) == {"google-auth": 30, "google-api-core": 20, "python/google/": 1}
    assert owners(files, "python/google/auth", "python/google", "python/google/api_core/c/d.so") == [
        "google-auth", None, "google-api-core",
    ]  # fmt: skip


def test_libraries_beside_a_package_and_scripts() -> None:
    rows = ("numpy/a.py", "numpy.libs/libx.so", "../../bin/f2py", "../../share/man/f2py.1", "../../../etc/passwd")
    placed = ("numpy/a.py", "numpy.libs/libx.so", "bin/f2py", "share/man/f2py.1")
    assert sizes(dist("numpy", *placed, rows=rows)) == {"numpy": 40}
    root = "python/lib/python3.12/site-packages/"
    assert sizes(dist("numpy", *placed, rows=rows, root=root)) == {"numpy": 40}
    beside = dist("numpy", "numpy/a.py", rows=("numpy/a.py", "../../../bin/f2py"), root=root)
    assert sizes({**beside, "python/bin/f2py": b"123"}) == {"numpy": 13}


def test_without_record() -> None:
    files = dist("my-pkg", "my_pkg/a.py", "my_pkg/b/c.py", "my_pkg.libs/x.so", "other/a.py", rows=())
    assert sizes(files) == {"my-pkg": 30, "python/other/": 10}
    files = dist("pillow", "PIL/a.py", "one.py", "__pycache__/two.cpython-312.pyc", rows=())
    files |= {"python/pillow-1.0.dist-info/top_level.txt": b"PIL\none\n"}
    assert sizes(files) == {"pillow": 20, "python/__pycache__/": 10}


def test_modules_at_the_top_and_their_bytecode() -> None:
    files = dist("six", "six.py") | {"python/__pycache__/six.cpython-312.pyc": b"12345", "python/mine.py": b"1"}
    assert sizes(files) == {"six": 15, "python/": 1}


def test_what_is_vendored_belongs_to_the_one_that_did_it() -> None:
    vendor = "setuptools/_vendor/"
    inner = dist("wheel", "wheel/a.py", root=f"python/{vendor}")
    files = dist("setuptools", "setuptools/a.py", rows=("setuptools/a.py", f"{vendor}wheel/a.py")) | inner
    assert owners(files, f"python/{vendor}wheel/a.py", f"python/{vendor}wheel/b.py") == ["setuptools", "setuptools"]
    assert sizes(files)["setuptools"] == 20


def test_the_same_file_in_two_distributions_is_of_the_first() -> None:
    files = dist("opencv-python", "cv2/a.py", "cv2/b.so") | dist("opencv-python-headless", "cv2/a.py", "cv2/b.so")
    assert sizes(files)["opencv-python"] == 20


def test_npm_and_functions() -> None:
    files = {"node_modules/@a/b/c.js": b"1", "node_modules/a/node_modules/b/c.js": b"22", "app.py": b"333"}
    assert sizes(files) == {"app.py": 3, "b": 2, "@a/b": 1}
    assert sizes(dist("x", "x/a.py", root="") | {"app.py": b"1"}) == {"x": 10, "app.py": 1}


@pytest.mark.parametrize("row", ["", "../", "../../..", "a//b", "/etc/passwd", "./x", "x/../../y", "a/" * 500])
def test_odd_rows(row: str) -> None:
    files = dist("x", "x/a.py", rows=("x/a.py", row))
    assert sizes(files) == {"x": 10}


def test_damage_does_not_hide_what_is_known() -> None:
    files = dist("x", "x/a.py", rows=())
    with open_artifact(simple_zip({**files, "python/x-1.0.dist-info/RECORD": b""})) as artifact:
        index = DistributionIndex(artifact)
        (found,) = index.all
        assert isinstance(found, Distribution)
        assert found.damage == "RECORD is empty or cannot be read"
        assert PackageIndex(artifact, index).owner("python/x/a.py") == ("x", "1.0", "python")
