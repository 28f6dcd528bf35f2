"""How the text is laid out: where lines end, what is drawn, what is cut."""

from __future__ import annotations

import pytest

from layercheck.finding import Report, Source
from layercheck.report import render
from layercheck.report.page import Page
from report.made import LIMIT, artifact, finding, report, target


def lines(made: Report, *, width: int = 100, verbose: bool = False) -> list[str]:
    return render(made, "text", width=width, verbose=verbose).splitlines()


def test_a_line_ends_between_facts_about_an_artifact() -> None:
    told = lines(report(), width=60)
    assert told[:3] == [
        "layer.zip: layer zip (python/ at the top), 58.4 MB zipped,",
        "  185.1 MB unzipped, 2,495 files, 157 ELF files",
        "target: python3.12 on arm64 (-r and -a)",
    ]
    wide = lines(report(artifacts=(artifact(path="層" * 20),)), width=60)
    assert wide[0] == f"{'層' * 20}:"
    assert wide[1] == "  layer zip (python/ at the top), 58.4 MB zipped,"


def test_of_several_targets_each_says_how_it_ended_and_those_that_fail_are_shown() -> None:
    targets = tuple(target(id=f"t{n}", runtime=f"python3.{n}", passed=n != 11) for n in range(3, 15))
    told = lines(report(targets=targets))
    assert "target: python3.3 on arm64 (-r and -a), passed" in told
    assert "target: python3.11 on arm64 (-r and -a), failed" in told
    assert "… and 6 more targets (-v shows all)" in told
    assert sum(line.startswith("target:") for line in lines(report(targets=targets), verbose=True)) == 12


def test_of_many_artifacts_the_first_are_described() -> None:
    made = report(artifacts=tuple(artifact(id=f"a{n}", path=f"fn{n}.zip") for n in range(1, 31)))
    assert "… and 18 more artifacts (-v shows all)" in lines(made)
    assert sum(": layer zip" in line for line in lines(made, verbose=True)) == 30


def test_sentences_of_a_fix_are_wrapped_and_commands_are_not() -> None:
    sentence, command = "Take another " + "wheel " * 30 + "instead.", "pip install " + "x " * 60
    told = lines(report(finding(fix=f"{sentence}\n{command}")), width=80)
    assert f"    {command.rstrip()}" in told
    assert max(len(line) for line in told if "wheel" in line) <= 80
    alone = lines(report(finding(fix=sentence)), width=80)
    assert max(map(len, alone)) <= 80


def test_a_chain_of_one_file_says_nothing_new() -> None:
    assert not [line for line in lines(report(finding(details={"chain": ["a.so"]}))) if "chain" in line]


@pytest.mark.parametrize(
    ("size", "filled"), [(0, 0), (1, 1), (131_072_000, 10), (LIMIT - 1, 19), (LIMIT, 20), (LIMIT * 9, 20)]
)
def test_the_bar_is_full_only_at_the_limit(size: int, filled: int) -> None:
    bar = "█" * filled + "░" * (20 - filled)
    assert f"unzipped size  {bar}  " in "\n".join(lines(report(artifacts=(artifact(unzipped_bytes=size),))))


def test_no_line_is_a_command_to_a_build_service() -> None:
    names = ("::error::x", "##[group]x", "##vso[task.complete]x", "###[x]")
    made = report(
        *[finding(path=f"{'long/' * 30} {name}", fact=f"{'words ' * 30}{name}", fix=name) for name in names],
        artifacts=(artifact(path="::stop-commands::x"),),
    )
    for format in ("text", "concise"):
        for width in (40, 60, 100):
            written = render(made, format, width=width)
            assert not [line for line in written.split("\n") if line.lstrip().startswith("::")]
            assert "##[" not in written
            assert "##vso[" not in written
    assert render(made, "concise").startswith("\\x3a:stop-commands")


def test_what_a_template_declares_is_named_with_its_line() -> None:
    source = Source("template.yaml", 12, "Fn")
    told = lines(report(finding(source=source)))
    assert told[told.index("    - python/numpy/_core.so") + 1] == "  declared in template.yaml:12 (Fn)"
    many = [finding(source=Source("t.yaml", number)) for number in range(1, 9)]
    assert "  declared in t.yaml:1, t.yaml:2, t.yaml:3, t.yaml:4 and 4 more" in lines(report(*many))
    alone = report(finding(source=source, artifact=None, path=None))
    assert "    - template.yaml:12" in lines(alone)
    assert render(alone, "concise").startswith("template.yaml:12: LC301 error: ")
    assert not [line for line in lines(alone) if "declared in" in line]


def test_what_a_long_fact_leaves_of_its_last_line_is_room_for_the_next() -> None:
    page = Page(60, False)
    page.phrases(
        "target:", ["python3.13 on x86_64 for Orders (a-folder/of-a-project/template.yaml:11)", "x.zip", "failed"]
    )
    assert page.finish().splitlines() == [
        "target: python3.13 on x86_64 for Orders",
        "  (a-folder/of-a-project/template.yaml:11), x.zip, failed",
    ]


def test_targets_of_one_resource_are_told_together() -> None:
    place = Source("template.yaml", 3, "Deps")
    pairs = [(runtime, where) for runtime in ("python3.12", "python3.13") for where in ("x86_64", "arm64")]
    targets = [
        target(id=f"t{n}", runtime=runtime, architecture=where, source=place)
        for n, (runtime, where) in enumerate(pairs, 1)
    ]
    other = target(id="t9", runtime="python3.12", source=Source("template.yaml", 9, "Other"), layers=("a2",))
    told = lines(report(finding(targets=("t1", "t2", "t3", "t4"), artifact=None, path=None), targets=(*targets, other)))
    assert "error LC301 wrong-architecture  python3.12, python3.13 on x86_64 and arm64 for Deps" in told


def test_a_path_is_not_folded_for_the_sake_of_a_bar() -> None:
    path = "build/layers/of/many/parts/layer.zip"
    made = report(
        artifacts=(artifact(path=path), artifact(id="a2", path="b.zip", unzipped_bytes=5)),
        targets=(target(), target(id="t2", layers=("a2",))),
    )
    made = made._replace(artifacts=tuple(item._replace(unzipped_bytes=5) for item in made.artifacts))
    rows = {width: [line for line in lines(made, width=width) if line.startswith("  build/")] for width in (80, 100)}
    assert rows[80][0].split() == [path, "5", "bytes", "5", "bytes", "0.0", "%"]
    assert rows[100][0].startswith(f"  {path} ")
    assert "█" in rows[100][0]
