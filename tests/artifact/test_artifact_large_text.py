"""Texts too large for one read of the zip: their facts are the same by each engine, and in a directory."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from layercheck.artifact import open_artifact
from layercheck.artifact.inflate import CHUNK
from layercheck.artifact.zip_scan import WINDOW
from support.zip_writer import simple_zip

_NOISE = random.Random(6).randbytes(3 << 20).hex().encode()
_TEXTS = {
    "php/php.ini": b"extension=gd.so\n; " + _NOISE,
    "odbcinst.ini": b"[a]\nDriver=/opt/lib/x.so\n# " + _NOISE,
    "python/gone.py": b"import collections\ncollections.Mapping\n# " + _NOISE,
    "python/opens.py": b'import ctypes\nctypes.CDLL("libfoo.so.1")\n# ' + _NOISE,
    "python/starts.py": b"#!/usr/bin/python3\n# " + _NOISE,
    "deps/a.deps.json": b'{"runtimeTarget": {"name": "' + _NOISE + b'"}}',
    "java/lib/a.jar": simple_zip({"a": b"1"}) + _NOISE,
    "nodejs/node_modules/a/index.js": b"// " + _NOISE,
}


@pytest.mark.parametrize("path", _TEXTS)
def test_the_facts_do_not_depend_on_how_it_was_read(path: str, tmp_path: Path) -> None:
    layer, tree = tmp_path / "layer.zip", tmp_path / "tree"
    layer.write_bytes(simple_zip({path: _TEXTS[path]}))
    (tree / path).parent.mkdir(parents=True)
    (tree / path).write_bytes(_TEXTS[path])
    found = []
    for artifact, engine in ((layer, "zlib"), (layer, "deflate"), (tree, "zlib")):
        with open_artifact(artifact, engine=engine) as opened:
            assert len(_TEXTS[path]) > CHUNK
            assert artifact == tree or opened.entries[-1].compressed > WINDOW
            found.append(opened.facts)
    assert found[0] == found[1] == found[2]


def test_the_driver_of_a_large_configuration_is_read(tmp_path: Path) -> None:
    layer = tmp_path / "layer.zip"
    layer.write_bytes(simple_zip({"odbcinst.ini": _TEXTS["odbcinst.ini"]}))
    with open_artifact(layer, engine="zlib") as opened:
        opens = opened.facts["odbcinst.ini"].opens or ()
        assert opens[0].names == ("/opt/lib/x.so",)
