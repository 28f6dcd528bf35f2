"""LC506 and LC508 against what really happens: copies of the SDK, and modules of taken names, are imported."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import layercheck.rules
from layercheck import check
from layercheck.rules.requirement import satisfies
from real.imports import RUNTIME_NAME, File, Machine, Tree, interpreter, lay, machine, outcome, zip_of
from real.wheels import X86, Wheel, members_of
from support.root_tree import CAN_ENTER, REQUIRED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.registry,
    pytest.mark.skipif(not CAN_ENTER and not REQUIRED, reason="root on Linux x86_64 is needed to enter another root"),
    pytest.mark.skipif(interpreter() is None, reason="python3.11 is needed: the layers are for it"),
]

DATA = Path(layercheck.rules.__file__).parent / "data"
WHEELS = {
    requirement: Wheel(requirement, X86, python, sha256)
    for requirement, python, sha256 in (
        ("argparse==1.4.0", "3.11", "c31647edb69fd3d465a847ea3157d37bed1f95f19760b11a47aa91c04b666314"),
        ("awslambdaric==4.0.1", "3.11", "bb077859e4b2a1f2eb63a0585919e323ad96580d5068c4446c1dfa93c8b7584f"),
        ("boto3==1.34.145", "3.11", "69d5afb7a017d07dd6bdfb680d2912d5d369b3fafa0a45161207d9f393b14d7e"),
        ("botocore==1.34.145", "3.11", "2e72e262de02adcb0264ac2bac159a28f55dbba8d9e52aa0308773a42950dff5"),
        ("botocore==1.42.97", "3.11", "77d2c8ce1bc592d3fbd7c01c35836f4a5b0cac2ca03ccdf6ffc60faa16b5fadc"),
        ("dataclasses==0.8", "3.6", "0201d89fa866f68c8ebd9d08ee6ff50c0b255f8ec63a71c16fda7af82bb887bf"),
        ("s3transfer==0.10.2", "3.11", "eca1c20de70a39daee580aef4986996620f365c4e0fda6a86100231d62f1bf69"),
        ("simplejson==4.1.1", "3.11", "7ce252b28fddbdd83db5bd7d93dad2a8a591d7ada098afec9c1b23d6b722a7a4"),
        ("six==1.17.0", "3.11", "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"),
        ("snapshot-restore-py==1.0.0", "3.11", "38f99e696793790f54658e71c68c7a8a40cea877c81232b5052383b1301aceba"),
        ("typing==3.10.0.0", "3.4", "12fbdfbe7d6cca1a42e485229afcb0b0c8259258cfb919b8a5e2a5c953742f89"),
        ("urllib3==1.24.3", "3.11", "a637e5fae88995b256e3409dc4d52c2e2e0ba32c42a6365fee8bbd2238de3cfb"),
        ("urllib3==2.0.7", "3.11", "fdb6d215c776278489906c2f8916e6e7d4f5a9b602ccbcfdf7f016fc8da0596e"),
    )
}
CLIENT = "boto3.session:Session"
LOADED = """
import json, logging, os, site, sys, time, traceback, warnings
sys.path.append(sys.argv[1])
import awslambdaric.__main__
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def tree(*requirements: str) -> Tree:
    return {path: File(data, mode) for name in requirements for path, data, mode in members_of(WHEELS[name])}


@pytest.fixture(scope="module")
def lambda_like(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    python = interpreter()
    assert python is not None
    return machine(tmp_path_factory.mktemp("lambda"), python)


def severities(machine: Machine, layer: Tree, rule: str) -> list[str]:
    report = check(zip_of(layer), environment=machine.environment, runtime=RUNTIME_NAME, kind="layer")
    return [finding.severity.value for finding in report.findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("layer", "severity", "fails"),
    [
        (("botocore==1.34.145",), "error", "DEFAULT_CHECKSUM_ALGORITHM"),
        (("boto3==1.34.145", "botocore==1.34.145"), "error", "DEFAULT_CHECKSUM_ALGORITHM"),
        (("boto3==1.34.145", "botocore==1.34.145", "s3transfer==0.10.2"), None, None),
        (("botocore==1.42.97",), "warning", None),
        (("boto3==1.34.145",), "warning", None),
        (("urllib3==1.24.3",), "error", "PROTOCOL_TLS"),
        (("urllib3==2.0.7",), None, None),
        (("six==1.17.0",), None, None),
    ],
    ids=str,
)
def test_copies_of_the_sdk(layer: Sequence[str], severity: str | None, fails: str | None, lambda_like: Machine) -> None:
    files = tree(*layer)
    said = outcome(lambda_like, files, [["boto3", CLIENT, "boto3.s3.transfer"]])
    assert severities(lambda_like, files, "LC506") == ([severity] if severity else [])
    assert bool(said) == (fails is not None)
    assert fails is None or fails in said[0]


@pytest.mark.parametrize(
    ("requirement", "severity", "step", "fails"),
    [
        ("typing==3.10.0.0", "error", "typing", "_abc_registry"),
        ("dataclasses==0.8", "error", "s3transfer.manager", "_ClassVar"),
        ("argparse==1.4.0", "info", "argparse:ArgumentParser", None),
    ],
)
def test_backports(requirement: str, severity: str, step: str, fails: str | None, lambda_like: Machine) -> None:
    said = outcome(lambda_like, tree(requirement), [[step]])
    assert severities(lambda_like, tree(requirement), "LC508") == [severity]
    assert (said == []) == (fails is None)
    assert fails is None or fails in said[0]


def test_files_of_ones_own(lambda_like: Machine) -> None:
    mine = File(b"MARK = 1\n")
    hides, ignored = {"python/queue.py": mine}, {"python/types.py": mine}
    assert severities(lambda_like, hides, "LC508") == ["warning"]
    assert outcome(lambda_like, hides, [["boto3", CLIENT]]) != []
    # What is loaded already is not looked for: the file has what the module lacks.
    assert severities(lambda_like, ignored, "LC508") == ["info"]
    assert "MARK" in outcome(lambda_like, ignored, [["types:MARK"]])[0]
    assert outcome(lambda_like, ignored, [["boto3", CLIENT]]) == []


def test_what_the_runtimes_client_has_loaded(tmp_path: Path) -> None:
    python = interpreter()
    assert python is not None
    lay(tmp_path, tree("awslambdaric==4.0.1", "simplejson==4.1.1", "snapshot-restore-py==1.0.0"))
    command = [python, "-I", "-S", "-B", "-c", LOADED, str(tmp_path / "python")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    present = set(json.loads(done.stdout))
    table: dict[str, Any] = json.loads((DATA / "standard-library.json").read_text(encoding="utf-8"))
    loaded = table["loaded"]
    wanted = set(loaded["names"].split())
    wanted |= {name for name, since in loaded["since"].items() if satisfies("3.11", f">={since}")}
    wanted |= {name for name, until in loaded["until"].items() if satisfies("3.11", f"<={until}")}
    assert wanted <= present
    assert (set(table["modules"]["names"].split()) & present) - wanted == set()
    assert set(table["imported"]["names"].split()) & present == set()
