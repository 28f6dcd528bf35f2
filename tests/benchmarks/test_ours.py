"""Starting layercheck with an engine: what is measured under a name is that engine, and this checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from project.sources import ROOT
from support.zip_writer import simple_zip

PROBE = """
import sys, zlib, types
sys.path[:0] = [{root!r}, {root!r} + "/benchmarks"]
from ours import use
other = types.ModuleType("other")
vars(other).update(vars(zlib))
calls = []
other.decompress = lambda *a, **k: calls.append("decompress") or zlib.decompress(*a, **k)
other.decompressobj = lambda *a, **k: calls.append("decompressobj") or zlib.decompressobj(*a, **k)
other.crc32 = lambda *a, **k: calls.append("crc32") or zlib.crc32(*a, **k)
use({engine!r}, other)
from layercheck import open_artifact
with open_artifact({path!r}) as artifact:
    print(artifact.inflate_count, artifact.defects, sorted(set(calls)))
"""


def run(engine: str, path: Path) -> str:
    program = PROBE.format(root=str(ROOT), engine=engine, path=str(path))
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    path = tmp_path / "layer.zip"
    # One member that is inflated at once, and one in pieces.
    large = Random(1).randbytes(3 << 20)
    path.write_bytes(simple_zip({"python/a.py": b"a = 1\n" * 99, "python/b.bin": large}))
    return path


@pytest.mark.parametrize("engine", ["isal", "zlib-ng"])
def test_an_engine_with_the_interface_of_zlib_does_all_the_inflating(engine: str, layer: Path) -> None:
    assert run(engine, layer) == "2 () ['crc32', 'decompress', 'decompressobj']"


def test_zlib_is_zlib_even_where_deflate_is_installed(layer: Path) -> None:
    assert run("zlib", layer) == "2 () []"


def test_the_checkout_of_the_benchmark_is_measured(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks" / "ours.py"
    copy.parent.mkdir()
    copy.write_bytes((ROOT / "benchmarks" / "ours.py").read_bytes())
    package = tmp_path / "layercheck" / "cli"
    package.mkdir(parents=True)
    (tmp_path / "layercheck" / "__init__.py").touch()
    (package / "__init__.py").write_text("def entry():\n    import sys\n    print('this one', sys.argv[1:])\n")
    command = [sys.executable, str(copy), "zlib", "-", "a.zip", "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "this one ['a.zip', '-f', 'json']\n"
