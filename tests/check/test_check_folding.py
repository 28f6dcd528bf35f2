"""One cause, one finding: each row of the table of consequences, by itself and on whole artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import layercheck
from check.made import Files, judge, link, module, of, static_program, told, zipped
from layercheck.artifact import open_artifact
from layercheck.artifact.distributions import DistributionIndex
from layercheck.artifact.packages import PackageIndex
from layercheck.artifact.python_reader import PythonReader
from layercheck.check.judge import Raw, fold
from layercheck.rules import Fault, Subject, all_rules, outline
from support.elf_writer import build_elf
from support.foreign_writer import build_macho
from support.zip_writer import Member, simple_zip

TABLE = Path(layercheck.__file__).parent / "check" / "data" / "consequences.json"
ROWS = [(row["cause"], row["consequence"], row["share"]) for row in json.loads(TABLE.read_text("utf-8"))["folds"]]
RULES = {rule.id: rule for rule in all_rules()}
M = "python/pkg/_m.abi3.so"
NEEDY = {M: module("libx.so.1")}
PROVIDED: dict[str, Any] = {"runtime": "provided.al2023", "kind": "function"}
INNER = simple_zip({"python/a.py": b"1"})


def subject(number: int) -> Subject:
    artifact = open_artifact(simple_zip({"python/a.py": b"1"}))
    distributions = DistributionIndex(artifact)
    packages = PackageIndex(artifact, distributions)
    reader = PythonReader(artifact)
    return Subject(f"a{number}", artifact, "layer", "", "/opt", outline(artifact), packages, distributions, reader)


ONE, TWO = subject(1), subject(2)


def pair(cause: str, consequence: str, share: str, *, related: bool) -> list[Raw]:
    """A cause and a consequence that have in common what the row asks for, or just not."""
    details: Mapping[str, Any] = {}
    where, path = ONE, "lib/libx.so.1"
    if share == "artifact":
        where = ONE if related else TWO
    elif share == "path":
        path = path if related else "lib/liby.so.1"
    elif share == "candidates":
        details = {"candidates": ["/opt/lib/libx.so.1" if related else "/opt/lib/liby.so.1"]}
    elif share == "requirer":
        details = {"required_by": "/opt/lib/libx.so.1" if related else "/opt/lib/liby.so.1"}
    elif share == "package":
        first = Raw(RULES[cause], Fault("cause", ONE, "nodejs/node_modules/a/x.node"), "t1")
        path = f"nodejs/node_modules/{'a' if related else 'b'}/package.json"
        return [first, Raw(RULES[consequence], Fault("consequence", where, path), "t1")]
    else:
        details = {"library": "libx.so.1" if related else "liby.so.1"}
    first = Raw(RULES[cause], Fault("cause", ONE, "lib/libx.so.1"), "t1")
    return [first, Raw(RULES[consequence], Fault("consequence", where, path, details=details), "t1")]


@pytest.mark.parametrize(("cause", "consequence", "share"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_a_row_folds_what_belongs_together_and_nothing_else(cause: str, consequence: str, share: str) -> None:
    both = pair(cause, consequence, share, related=True)
    for raws in (both, both[::-1]):
        (left,) = fold(raws)
        assert left.rule.id == cause
        assert left.fault.details["consequences"] == {consequence: 1}
    assert len(fold(pair(cause, consequence, share, related=False))) == 2


def test_rows_name_rules_and_ways_to_share_that_exist() -> None:
    assert {rule for row in ROWS for rule in row[:2]} <= set(RULES)
    assert {row[2] for row in ROWS} <= {"artifact", "path", "candidates", "requirer", "library", "package"}
    assert len({row[:2] for row in ROWS}) == len(ROWS)
    # A circle would let two findings swallow one another.
    assert not {(cause, consequence) for cause, consequence, _ in ROWS} & {(b, a) for a, b, _ in ROWS}


def test_another_target_is_not_folded_but_no_target_covers_all() -> None:
    cause, consequence = pair("LC301", "LC405", "candidates", related=True)
    assert len(fold([cause, Raw(consequence.rule, consequence.fault, "t2")])) == 2
    everywhere = Raw(cause.rule, cause.fault, None)
    (left,) = fold([everywhere, consequence, Raw(consequence.rule, consequence.fault, "t2")])
    assert left.fault.details["consequences"] == {"LC405": 2}


def test_what_nothing_explains_stays() -> None:
    _, consequence = pair("LC301", "LC405", "candidates", related=True)
    assert fold([consequence]) == [consequence]
    assert fold([]) == []


WHOLE: Sequence[tuple[str, str, Files | bytes, dict[str, Any]]] = (
    ("LC002", "LC303", zipped(Member("python/_x.abi3.so", module()[:100], crc=1)), {}),
    ("LC004", "LC101", zipped(Member("python\\pkg\\a.py", b"1")), {"kind": "layer"}),
    ("LC004", "LC561", zipped(Member("src\\handler.php", b"1")), PROVIDED),
    ("LC009", "LC101", {"inner.zip": INNER}, {"kind": "layer"}),
    ("LC009", "LC561", {"inner.zip": INNER}, PROVIDED),
    ("LC012", "LC303", {"nodejs/node_modules/.bin/x.node": b"../x/x.node", "nodejs/node_modules/x/x.node": module()},
     {"runtime": "nodejs22.x"}),
    ("LC012", "LC405", {**NEEDY, "lib/libx.so.1": b"libx.so.1.2", "lib/libx.so.1.2": module()}, {}),
    ("LC010", "LC401", {**NEEDY, "lib/libx.so.1": link("libx.so.1.2")}, {}),
    ("LC110", "LC405", {**NEEDY, "lib/libx.so.1": (module(), 0o600)}, {}),
    ("LC102", "LC561", {"proj/app.php": b"1"}, {**PROVIDED, "handler": "app.handler"}),
    ("LC562", "LC102", {"proj/app.php": b"1", "proj/bootstrap": (static_program(), 0o755)},
     {**PROVIDED, "handler": "app.handler"}),
    ("LC301", "LC405", {**NEEDY, "lib/libx.so.1": module(machine="aarch64")}, {}),
    ("LC302", "LC405", {**NEEDY, "lib/libx.so.1": build_macho()}, {}),
    ("LC303", "LC405", {**NEEDY, "lib/libx.so.1": module()[:100]}, {}),
    ("LC305", "LC401", {**NEEDY, "lib/libx.so.1": build_elf(needed=["libc.musl-x86_64.so.1"])}, {}),
    ("LC402", "LC403", {
        M: build_elf(needed=["libstdc++.so.6"], verneed={"libstdc++.so.6": ["GLIBCXX_3.4.99"]}),
        "lib/libstdc++.so.6": build_elf(soname="libstdc++.so.6", verdef=["GLIBCXX_3.4.99"]),
    }, {}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "consequence", "files", "options"), WHOLE, ids=[f"{case[0]}-{case[1]}" for case in WHOLE]
)
def test_on_whole_artifacts_the_cause_speaks_alone(
    cause: str, consequence: str, files: Files | bytes, options: dict[str, Any]
) -> None:
    report = judge(files, **options)
    loud = [line for line in told(report) if line[1] != "info"]
    assert [line[0] for line in loud] == [cause]
    assert of(report, cause)[0].details["consequences"].get(consequence, 0) >= 1


def test_ignoring_a_cause_ignores_what_is_folded_under_it() -> None:
    files: Files = {**NEEDY, "lib/libx.so.1": module(machine="aarch64")}
    assert told(judge(files, ignore=["LC301"])) == []
    assert told(judge(files, select=["LC405"])) == []


def test_a_musl_library_below_a_good_module_is_told_once() -> None:
    files: Files = {**NEEDY, "lib/libx.so.1": build_elf(needed=["libc.musl-x86_64.so.1"])}
    assert [line for line in told(judge(files)) if line[1] != "info"] == [("LC305", "error", "lib/libx.so.1")]
