"""What libgcc keeps of the C library's names differs by architecture, and wheels for arm64 use it."""

from __future__ import annotations

import pytest

from layercheck.environment import load
from layercheck.environment.model import Named


@pytest.mark.parametrize("runtime", ["python3.11", "python3.12"])
@pytest.mark.parametrize("libraries", ["newest", "floor"])
def test_only_arm64_has_the_oldest_node(runtime: str, libraries: str) -> None:
    found = {}
    for architecture in ("x86_64", "arm64"):
        nodes = [
            file.versions.nodes
            for file in load(runtime, architecture, libraries).files.values()
            if isinstance(file, Named) and file.soname == "libgcc_s.so.1" and file.versions is not None
        ]
        found[architecture] = {"GLIBC_2.0" in each for each in nodes}
    assert found == {"x86_64": {False}, "arm64": {True}}
