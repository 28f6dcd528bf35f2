"""The recipes of the benchmark layers, as far as they need no registry."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from layers import RECIPES, counts, is_known, make, names, needs_npm, published_zip, target

from layercheck import check
from support.zip_writer import simple_zip


def test_everything_is_pinned() -> None:
    packages = [p for kind in ("wheels", "npm") for recipe in RECIPES[kind].values() for p in recipe["packages"]]
    packages += [recipe["package"] for kind in ("programs", "published") for recipe in RECIPES[kind].values()]
    assert len(packages) > 30
    for package in packages:
        assert package.rpartition("==")[2][:1].isdigit() or package.rpartition("@")[2][:1].isdigit(), package
    assert all(recipe["before"] for recipe in RECIPES["npm"].values())


def test_each_layer_is_named_once_and_has_a_target() -> None:
    assert len(set(names())) == len(names()) == 14
    assert set(RECIPES["targets"]) <= {*names(), "python"}
    assert target("seed_arm64") == ["-r", "python3.12", "-a", "arm64"]
    assert target("entries_1000") == target("seed") == ["-r", "python3.12", "-a", "x86_64"]


def test_what_is_no_layer_is_not_known() -> None:
    assert is_known("seed")
    assert is_known("entries_250")
    assert not is_known("entries_many")
    assert not is_known("seeds")


def test_only_trees_of_npm_need_npm() -> None:
    assert [name for name in names() if needs_npm(name)] == ["many", "chromium", "go_bootstrap"]


def test_entries_are_many_readable_modules_and_the_same_each_time(tmp_path: Path) -> None:
    layer = make("entries_250", tmp_path)
    assert counts(layer) == "entries_250: 250 files, 0 ELF files, 0.0 MB zipped, 0.0 MB unzipped"
    with zipfile.ZipFile(layer) as archive:
        assert archive.namelist()[249] == "python/package00002/module49.py"
    assert layer.read_bytes() == make("entries_250", tmp_path / "again").read_bytes()
    assert check(str(layer), runtime="python3.12", architecture="x86_64").passed


def test_a_layer_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    there = tmp_path / "seed.zip"
    there.write_bytes(b"as it is")
    assert make("seed", tmp_path) == there
    assert there.read_bytes() == b"as it is"


def wheel_with(folder: Path, name: str, content: bytes) -> Path:
    path = folder / "published.whl"
    path.write_bytes(simple_zip({"package/__init__.py": b"", name: content}))
    return path


def test_a_published_layer_is_taken_out_of_its_wheel(tmp_path: Path) -> None:
    assert published_zip(wheel_with(tmp_path, "package/layer.zip", b"PK as it is")) == b"PK as it is"


def test_a_published_layer_may_lie_in_a_package_of_npm_inside_the_wheel(tmp_path: Path) -> None:
    package = io.BytesIO()
    with tarfile.open(fileobj=package, mode="w:gz") as archive:
        for name, content in (("package/package.json", b"{}"), ("package/lib/layer.zip", b"PK inside")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert published_zip(wheel_with(tmp_path, "package/_jsii/asset.jsii.tgz", package.getvalue())) == b"PK inside"


def test_a_wheel_without_a_zip_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"published\.whl holds no zip"):
        published_zip(wheel_with(tmp_path, "package/readme.txt", json.dumps({}).encode()))
