"""Verdicts against what really happens: layers of real packages, good and spoiled, are imported by a real Python.

A layer without findings above info must be imported; one with an error must fail; where a rule can only warn, the
outcome is still what the case says. The root's own environment is captured, so that its libraries are the known ones.
"""

from __future__ import annotations

import pytest

from layercheck import check
from layercheck.finding import Finding, Report
from real import breaking as b
from real.import_cases import BROKEN, NEAR_MISSES, Case
from real.import_wheels import LAYERS
from real.imports import RUNTIME_NAME, Machine, Tree, interpreter, machine, outcome, steps_of, tree_of, zip_of
from support.root_tree import CAN_ENTER, REQUIRED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.registry,
    pytest.mark.skipif(not CAN_ENTER and not REQUIRED, reason="root on Linux x86_64 is needed to enter another root"),
    pytest.mark.skipif(interpreter() is None, reason="python3.11 is needed: the layers are for it"),
]


@pytest.fixture(scope="module")
def lambda_like(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    python = interpreter()
    assert python is not None
    return machine(tmp_path_factory.mktemp("lambda"), python)


def judged(machine: Machine, tree: Tree) -> Report:
    return check(zip_of(tree), environment=machine.environment, runtime=RUNTIME_NAME, kind="layer")


def loud(report: Report) -> list[tuple[str, str, str | None]]:
    return [(f.rule, f.severity.value, f.path) for f in report.findings if f.severity.value != "info"]


def errors(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity.value == "error"]


def wrong(machine: Machine, tree: Tree, case: Case | None = None) -> list[str]:
    own = steps_of(tree, "python/")
    return outcome(machine, tree, [*own, *([[step] for step in case.steps] if case else [])])


def fits(case: Case, line: str) -> bool:
    """Whether a module that a near miss spoils on purpose says so; what its package imports in its place works."""
    return any(line.startswith(name) for name in ("_yaml: ", "markupsafe._speedups: ")) and bool(case.rule)


@pytest.mark.parametrize("name", LAYERS)
def test_good_layers_pass_and_are_imported(name: str, lambda_like: Machine) -> None:
    tree = tree_of(*LAYERS[name])
    assert (loud(judged(lambda_like, tree)), wrong(lambda_like, tree)) == ([], [])


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_spoiled_layers_fail_and_the_fault_is_told(case: Case, lambda_like: Machine) -> None:
    tree = case.change(tree_of(*case.layer))
    assert wrong(lambda_like, tree, case) != [], "it can be imported: the case is none"
    report = judged(lambda_like, tree)
    found = [f for f in report.findings if f.rule == case.rule and case.path in (f.path or "")]
    assert case.severity in {f.severity.value for f in found}, loud(report)
    assert bool(errors(report)) == (case.severity == "error"), loud(report)


@pytest.mark.parametrize("case", NEAR_MISSES, ids=lambda case: case.name)
def test_what_works_all_the_same_is_no_error(case: Case, lambda_like: Machine) -> None:
    tree = case.change(tree_of(*case.layer))
    assert [line for line in wrong(lambda_like, tree, case) if not fits(case, line)] == []
    assert errors(judged(lambda_like, tree)) == []


@pytest.mark.parametrize(
    ("handler", "code", "works"),
    [
        ("app.handler", b"def handler(event, context):\n    return 1\n", True),
        ("app.handler", b"from jinja2 import Template as handler\n", True),
        ("app.handler", b"def other(event, context):\n    return 1\n", False),
        ("main.handler", b"def handler(event, context):\n    return 1\n", False),
        ("app.handler", b"type X = int\ndef handler(event, context):\n    return 1\n", False),
        ("app.handler", b"def handler(event, context)\n    return 1\n", False),
        ("app.handler", b"match = lambda e, c: 1\nhandler = match\n", True),
    ],
)
def test_handlers(handler: str, code: bytes, works: bool, lambda_like: Machine) -> None:
    layer, function = tree_of(*LAYERS["jinja2"]), b.added({"app.py": code})({})
    report = check(
        zip_of(function), environment=lambda_like.environment, runtime=RUNTIME_NAME, kind="function",
        layers=[zip_of(layer)], handler=handler,
    )  # fmt: skip
    module, _, name = handler.rpartition(".")
    assert (outcome(lambda_like, layer, [[f"{module}:{name}"]], function) == []) == works
    assert {f.rule for f in errors(report)} == (set() if works else {"LC571"})
