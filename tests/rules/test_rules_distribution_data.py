"""The tables behind LC504 and LC505: well formed, each with its source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import layercheck
from layercheck.artifact.distributions import normalise
from layercheck.rules.closure import import_names

ROOT = Path(layercheck.__file__).parent


def test_import_names() -> None:
    table = json.loads((ROOT / "rules" / "data" / "import-names.json").read_text(encoding="utf-8"))
    assert set(table) == {"why", "source", "confidence", "names"}
    assert table["confidence"] == "high"
    assert list(table["names"]) == sorted(table["names"])
    for name, modules in table["names"].items():
        assert name == normalise(name)
        assert modules
        assert all(re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", module) for module in modules), name


def test_names_that_the_table_lacks_are_guessed() -> None:
    assert import_names("pillow") == (("PIL",), True)
    assert import_names("google-cloud-storage") == (("google_cloud_storage", "google.cloud.storage"), False)
    assert import_names("requests") == (("requests",), False)


def test_the_names_of_what_is_installed_here() -> None:
    """The guess and the table against distributions at hand."""
    from importlib.metadata import packages_distributions

    known: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            known.setdefault(normalise(name), set()).add(module)
    for name in ("pytest", "hypothesis", "packaging", "pathspec"):
        if name in known:
            assert {module.partition(".")[0] for module in import_names(name)[0]} & known[name], name


def test_readers_of_metadata() -> None:
    table = json.loads((ROOT / "check" / "data" / "metadata-readers.json").read_text(encoding="utf-8"))
    for reader in table["readers"]:
        assert set(reader) == {
            "path", "text", "distribution", "imported_as", "call", "raises", "source", "confidence",
        }  # fmt: skip
        assert reader["source"].startswith("https://")
        assert reader["confidence"] in ("high", "medium")
        assert reader["path"].endswith(".py")
        assert reader["distribution"] == normalise(reader["distribution"])
