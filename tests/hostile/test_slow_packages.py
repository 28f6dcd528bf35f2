"""Small packages, and packages of many files, that once took minutes or gigabytes: each ends in a report, soon."""

from __future__ import annotations

from time import process_time

from check.made import Files, judge, told

SECONDS = 10
"""What no input may take (CPU time); these took 20 and more, and take less than two now."""


def extras(count: int, ask: str) -> Files:
    """A package of which each extra asks for the next one, and the last for what is not there."""
    lines = ["Name: a", "Version: 1", "Requires-Dist: a[e0]"]
    lines += ["Requires-Dist: " + ask.format(number=number, following=number + 1) for number in range(count)]
    lines += [f'Requires-Dist: absent; extra == "e{count}"']
    return {"python/a.py": b"1", "python/a-1.dist-info/METADATA": "\n".join(lines).encode()}


def test_a_chain_of_extras() -> None:
    files = extras(250, 'a[e{following}]; extra == "e{number}"')
    start = process_time()
    found = told(judge(files))
    assert process_time() - start < SECONDS
    assert [rule for rule, _, _ in found] == ["LC505"]


def test_extras_that_may_be_any() -> None:
    files = extras(5_000, 'a[e{following}]; extra in "e{number}" and extra != ""')
    start = process_time()
    report = judge(files)
    assert process_time() - start < SECONDS
    assert told(report) == []
    assert "absent, which a may require" in [item.what for item in report.unchecked]


def test_star_imports_that_branch() -> None:
    """Seven floors of modules, each with a star for each module below."""
    files = {
        f"m{floor}_{number}.py": "".join(f"from m{floor + 1}_{below} import *\n" for below in range(12 * (floor < 6)))
        for floor in range(7)
        for number in range(12)
    }
    start = process_time()
    found = told(judge({name: text.encode() for name, text in files.items()}, handler="m0_0.handler"))
    assert process_time() - start < SECONDS
    assert found == [("LC571", "error", "m0_0.py")]
