"""What a run loads: a check that writes JSON must not wait for libraries that it does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.elf_writer import build_elf
from support.zip_writer import simple_zip

HEAVY = frozenset(
    (
        "rich",
        "packaging",
        "elftools",
        "wheel_inspect",
        "yaml",
        "boto3",
        "jsonschema",
        "typing",
        "dataclasses",
        "multiprocessing",
        "concurrent",
    )
)
PROBE = """
import json, sys
from layercheck.cli import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump([code, sorted({name.partition(".")[0] for name in sys.modules})], file)
"""


def run(folder: Path, *arguments: str) -> tuple[int, frozenset[str]]:
    """The exit code and the top-level modules that were loaded."""
    out = folder / "loaded.json"
    subprocess.run([sys.executable, "-c", PROBE, str(out), *arguments], capture_output=True, check=True, cwd=folder)
    code, loaded = json.loads(out.read_text(encoding="utf-8"))
    return code, frozenset(loaded)


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A layer that makes many rules speak: metadata, a missing library, an extension module for another Python."""
    files: dict[str, bytes | tuple[bytes, int]] = {
        "python/x/__init__.py": b"",
        "python/x/_x.abi3.so": build_elf(needed=["libnowhere.so.1", "libc.so.6"]),
        "python/x/_y.cpython-39-x86_64-linux-gnu.so": build_elf(needed=["libc.so.6"]),
        "python/x-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\nRequires-Dist: y>=2\n",
        "python/x-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nTag: cp312-abi3-manylinux2014_x86_64\n",
        "python/x-1.0.dist-info/RECORD": b"x/__init__.py,,\n",
    }
    path = tmp_path / "layer.zip"
    path.write_bytes(simple_zip(files))
    return path


@pytest.mark.parametrize("form", ["json", "concise"])
def test_a_failing_check_loads_nothing_heavy(layer: Path, form: str) -> None:
    code, loaded = run(layer.parent, str(layer), "-r", "python3.12", "-a", "x86_64", "-f", form)
    assert code == 1
    assert "layercheck" in loaded
    assert loaded & HEAVY == set()


def test_a_compatibility_table_loads_nothing_heavy(layer: Path) -> None:
    code, loaded = run(layer.parent, str(layer), "-f", "json")
    assert code == 1
    assert loaded & HEAVY == set()


def test_help_loads_neither_rules_nor_environment(tmp_path: Path) -> None:
    probe = "import sys\nfrom layercheck.cli import main\nmain(['--help'])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "layercheck.cli.parser" in loaded
    assert {"layercheck.rules", "layercheck.environment", "layercheck.check", "zipfile"} & loaded == set()


def test_importing_the_package_loads_no_room(tmp_path: Path) -> None:
    probe = "import sys\nimport layercheck\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    loaded = {name for name in done.stdout.split() if name.startswith("layercheck")}
    assert loaded == {"layercheck", "layercheck._version", "layercheck.named_tuple"}
