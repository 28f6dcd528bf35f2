from __future__ import annotations

import pytest
from rich.cells import cell_len

from layercheck.finding import Compatibility, Confidence, Report, Severity
from layercheck.report import render
from report.made import (
    LIMIT,
    artifact,
    compatibility_table,
    finding,
    report,
    target,
    unchecked,
    wrong_architecture_everywhere,
)

INFO, WARNING = Severity.INFO, Severity.WARNING


def lines(made: Report, *, width: int = 100, verbose: bool = False, quiet: bool = False) -> list[str]:
    written = render(made, "text", width=width, verbose=verbose, quiet=quiet)
    assert written.endswith("\n")
    return written.splitlines()


def test_a_layer_all_of_the_wrong_architecture_fits_on_a_screen() -> None:
    told = lines(wrong_architecture_everywhere())
    assert len(told) <= 30
    assert told[0].startswith(
        "layer.zip: layer zip (python/ at the top), 58.4 MB zipped, 185.1 MB unzipped, 2,495 files"
    )
    assert "target: python3.12 on arm64 (-r and -a)" in told
    assert "error LC301 wrong-architecture  157 files" in told
    assert "  built for x86-64, which arm64 cannot load" in told
    assert "    … and 153 more: scipy 120, numpy 25, PIL 8" in told
    assert "    rm -rf python && mkdir python" in told
    assert "  also explains: 157 x LC405" in told
    assert told[-1] == "FAILED: 157 errors (python3.12 on arm64)"
    assert sum(line.startswith("    - python/PIL/") for line in told) == 4


def test_verbose_names_every_file() -> None:
    told = lines(wrong_architecture_everywhere(), verbose=True)
    assert sum(line.startswith("    - python/") for line in told) == 157
    assert not [line for line in told if "more" in line]


def test_one_more_file_than_shown_is_named_and_not_counted() -> None:
    told = lines(report(*[finding(path=f"python/a/{number}.so") for number in range(5)]))
    assert "    - python/a/4.so" in told


def test_a_passing_report() -> None:
    told = lines(report())
    assert told[-1] == "PASSED: no errors (python3.12 on arm64)"
    assert not [line for line in told if "LC" in line]


@pytest.mark.parametrize(
    ("exit_code", "word"), [(0, "TOLERATED: 1 error"), (1, "FAILED: 1 error"), (3, "NOT CHECKED: 1 error")]
)
def test_the_last_line_says_what_the_exit_code_says(exit_code: int, word: str) -> None:
    assert lines(report(finding(), exit_code=exit_code))[-1].startswith(word)


def test_errors_come_before_warnings_before_infos() -> None:
    told = lines(report(finding(severity=INFO, rule="LC120"), finding(severity=WARNING, rule="LC407"), finding()))
    heads = [line.split()[0] for line in told if line.startswith(("error ", "warning ", "info "))]
    assert heads == ["error", "warning", "info"]
    assert told[-1] == "FAILED: 1 error, 1 warning, 1 info (python3.12 on arm64)"


def test_infos_are_one_paragraph_each_unless_verbose() -> None:
    infos = [
        finding(severity=INFO, rule="LC015", name="not-reproducible", path=None, fact="word " * 60, fix="normalise"),
        finding(severity=INFO, rule="LC120", name="build-debris", path="python/tests", fact="tests, 3 MB"),
        finding(severity=INFO, rule="LC308", name="executable-stack", path="a", fact="stack"),
        finding(severity=INFO, rule="LC308", name="executable-stack", path="b", fact="stack"),
    ]
    told = lines(report(*infos))
    start = next(number for number, line in enumerate(told) if line.startswith("info"))
    assert told[start].startswith("info LC015 not-reproducible: word word")
    end = told.index("", start)
    assert sum(line.count("word") for line in told[start:end]) == 60
    assert told[end - 2 : end] == [
        "info LC120 build-debris  python/tests: tests, 3 MB",
        "info LC308 executable-stack  2 files: stack",
    ]
    assert "  fix: normalise" in lines(report(*infos), verbose=True)


def test_findings_that_differ_in_what_matters_are_told_apart() -> None:
    base = finding()
    others = [
        finding(fact="another"),
        finding(fix="another"),
        finding(confidence=Confidence.LIKELY),
        finding(targets=("t1", "t2")),
    ]
    told = lines(report(base, *others, targets=(target(), target(id="t2", architecture="x86_64"))))
    heads = [line for line in told if line.startswith("error LC301")]
    assert len(heads) == 5
    assert "error LC301 wrong-architecture (likely)  python3.12 on arm64" in heads
    assert "error LC301 wrong-architecture" in heads


def test_many_facts_of_one_rule_are_counted() -> None:
    made = report(*[finding(fact=f"fact {number}", path=f"python/{number}.so") for number in range(20)])
    told = lines(made)
    assert sum(line.startswith("error LC301") for line in told) == 8
    assert "  … and 12 more errors LC301 with other facts or on other targets (-v shows all)" in told
    assert sum(line.startswith("error LC301") for line in lines(made, verbose=True)) == 20


def test_quiet_leaves_errors_and_the_last_line() -> None:
    made = report(finding(), finding(severity=WARNING, rule="LC407"), unchecked=(unchecked(),))
    told = lines(made, quiet=True)
    assert told == [
        "error LC301 layer.zip:python/numpy/_core.so: built for x86-64, which arm64 cannot load",
        "",
        "FAILED: 1 error, 1 warning, 1 not checked (python3.12 on arm64)",
    ]
    assert lines(report(), quiet=True) == ["PASSED: no errors (python3.12 on arm64)"]


def test_what_was_tried_is_shown_for_one_file_and_cut_unless_verbose() -> None:
    tried = [f"/opt/lib{number}: absent" for number in range(15)]
    made = report(finding(details={"tried": tried, "chain": ["a.so", "libb.so"]}))
    told = lines(made)
    assert "  chain: a.so -> libb.so" in told
    assert sum(": absent" in line for line in told) == 9
    assert "    … and 6 more (-v shows all)" in told
    assert sum(": absent" in line for line in lines(made, verbose=True)) == 15


def test_what_was_tried_for_several_files_is_shown_only_when_verbose() -> None:
    same = [finding(path=path, details={"tried": ["/lib64: absent"]}) for path in ("a", "b")]
    assert "    /lib64: absent" not in lines(report(*same))
    assert lines(report(*same), verbose=True).count("    /lib64: absent") == 1
    different = [finding(path=path, details={"tried": [f"/{path}: absent"]}) for path in ("a", "b")]
    told = lines(report(*different), verbose=True)
    assert (
        told.index("    - a")
        < told.index("        /a: absent")
        < told.index("    - b")
        < told.index("        /b: absent")
    )


@pytest.mark.parametrize(
    "consequences",
    [{"LC401": 40, "LC306": 1}, ["LC401"] * 40 + ["LC306"], [{"rule": "LC401"}] * 40 + ["LC306 no loader"]],
)
def test_consequences_are_one_line(consequences: object) -> None:
    assert "  also explains: 1 x LC306, 40 x LC401" in lines(report(finding(details={"consequences": consequences})))


def test_a_command_is_never_wrapped() -> None:
    command = "pip install " + "--some-option value " * 20 + "numpy"
    assert f"  fix: {command}" in lines(report(finding(fix=command)), width=60)
    told = lines(report(finding(fix=f"first, then:\n{command}\n")), width=60)
    assert told[told.index("  fix:") + 1 :][:2] == ["    first, then:", f"    {command}"]


@pytest.mark.parametrize("width", range(60, 161, 10))
@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_else_is_wider_than_asked(width: int, verbose: bool) -> None:
    long = "python/" + "very_long_directory_name/" * 10 + "_漢字漢字.so"
    made = compatibility_table(
        finding(path=long, fact="a long fact " * 30, details={"tried": [f"{long}: absent"], "chain": [long, long]}),
        finding(rule="LC405", fact=long),
        *[finding(path=f"{long}{number}", fact="many") for number in range(20)],
        finding(severity=INFO, rule="LC120", path=long, fact="a long fact " * 30),
    )
    artifacts = (
        artifact(path=long, unzipped_bytes=300_000_000, followed_bytes=400_000_000),
        artifact(id="a2", path=long),
    )
    made = report(
        *made.findings,
        targets=made.targets,
        gate=False,
        artifacts=artifacts,
        unchecked=tuple(unchecked(what=f"{number}{long}", path=long) for number in range(9)),
    )
    for line in lines(made, width=width, verbose=verbose):
        # The path of a file at fault stands whole on its line, so that it can be copied.
        assert cell_len(line) <= width or line.strip().startswith("- python/"), line


def test_colour_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = compatibility_table(finding(severity=WARNING, rule="LC407"), finding(fix="x"))
    for name, value in [("FORCE_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "20"), ("NO_COLOR", "")]:
        monkeypatch.setenv(name, value)
    plain = render(made, "text")
    assert "\x1b" not in plain
    for name, value in [("FORCE_COLOR", ""), ("NO_COLOR", "1")]:
        monkeypatch.setenv(name, value)
    coloured = render(made, "text", color=True)
    assert "\x1b[31m" in coloured
    assert render(made, "text") == plain
    assert "\x1b[1;31m" in render(report(finding()), "text", color=True)


def test_names_from_the_artifact_are_shown_escaped_and_never_as_markup() -> None:
    name = "python/[bold red]x[/] :smile: \x1b[31m\u202e\udcff\r\n.so"
    told = lines(report(finding(path=name, fact=name, fix=f"rm '{name}'"), artifacts=(artifact(path=name),)), width=160)
    shown = r"python/[bold red]x[/] :smile: \x1b[31m\u202e\udcff\r"
    assert sum(shown in line for line in told) == 5
    assert all(line.isprintable() for line in told)


def test_several_artifacts_are_named_with_the_path() -> None:
    made = report(finding(), artifacts=(artifact(), artifact(id="a2", path="fn.zip", kind="function")))
    assert "    - layer.zip:python/numpy/_core.so" in lines(made)


def test_unchecked_parts_are_counted_and_few() -> None:
    places = [unchecked(what=f"kind {number}", path=f"python/{number}") for number in range(9)]
    made = report(unchecked=(*places, unchecked(what="kind 3", path="python/again")))
    told = lines(made)
    start = told.index("not checked  10")
    assert told[start + 1] == "  2 x kind 3: not measured"
    assert told[start + 6] == "  … and 4 more, 4 other kinds (-v shows all)"
    assert not told[start + 7]
    assert "    - layer.zip:python/again" in lines(made, verbose=True)


def cells(made: Report, label: str) -> list[list[str]]:
    return [line.split() for line in lines(made) if line.startswith(f"  {label} ")]


def test_totals_name_what_is_left() -> None:
    made = report(
        targets=(target(function="a2"),),
        artifacts=(artifact(), artifact(id="a2", path="fn.zip", unzipped_bytes=1_000_000)),
    )
    assert "unzipped size  ██████████████░░░░░░  71.0 % of 262,144,000 bytes (250 MiB)" in lines(made)
    assert cells(made, "layer.zip") == [["layer.zip", "185,100,000", "bytes", "185.1", "MB", "70.6", "%"]]
    assert cells(made, "fn.zip") == [["fn.zip", "1,000,000", "bytes", "1.0", "MB", "0.4", "%"]]
    assert cells(made, "total") == [["total", "186,100,000", "bytes", "186.1", "MB", "71.0", "%"]]
    assert cells(made, "left") == [["left", "76,044,000", "bytes", "76.0", "MB", "29.0", "%"]]
    assert not [line for line in lines(made) if "largest" in line]


def test_totals_over_the_limit_with_links_followed() -> None:
    made = report(artifacts=(artifact(followed_bytes=262_144_001),))
    assert cells(made, "left")[0][1] == "77,044,000"
    assert cells(made, "total, links stored as copies")[0][5] == "262,144,001"
    assert cells(made, "over by")[0][2] == "1"
    assert "  largest: scipy 80.0 MB, numpy 40.0 MB" in lines(made)


def test_totals_of_an_open_deployment_are_at_least() -> None:
    made = report(targets=(target(open=("arn:aws:lambda:layer",)),))
    assert cells(made, "total, at least")
    assert cells(made, "left, at most")
    assert "target: python3.12 on arm64 (-r and -a), not at hand: arn:aws:lambda:layer" in lines(made)


def test_each_deployment_has_its_own_total() -> None:
    artifacts = tuple(artifact(id=f"a{n}", path=f"l{n}.zip", unzipped_bytes=n * 1000) for n in range(1, 6))
    targets = tuple(target(id=f"t{n}", layers=(f"a{n}",), open=("arn:x",)) for n in range(1, 5))
    made = report(artifacts=artifacts, targets=targets)
    sizes = [line.split()[1] for line in lines(made) if line.startswith("  l") and "left" not in line]
    assert sizes == ["5,000", "4,000", "3,000"]
    assert "… and 2 more deployments, none of them larger (-v shows all)" in lines(made)
    assert sum(line.startswith("  left") for line in lines(made, verbose=True)) == 5


def test_many_small_deployments_stand_in_one_table() -> None:
    artifacts = tuple(artifact(id=f"a{n}", path=f"l{n}.zip", unzipped_bytes=n * 10_000_000) for n in range(1, 12))
    told = lines(report(artifacts=artifacts, targets=()))
    start = told.index("unzipped sizes  of 262,144,000 bytes (250 MiB)")
    assert told[start + 1] == "  l11.zip  110,000,000 bytes  110.0 MB  42.0 %  ████████░░░░░░░░░░░░"
    assert told[start + 9] == "  … and 3 more, none of them larger (-v shows all)"
    assert "unzipped sizes" not in "".join(lines(report(artifacts=(*artifacts, artifact(unzipped_bytes=LIMIT)))))


def test_targets_of_several_deployments_are_told_apart() -> None:
    made = report(
        finding(targets=("t2",), artifact="a2"),
        artifacts=(artifact(), artifact(id="a2", path="other.zip")),
        targets=(target(), target(id="t2", layers=("a2",))),
    )
    told = lines(made)
    assert "error LC301 wrong-architecture" in told
    assert "    - other.zip:python/numpy/_core.so" in told
    assert told[-1] == "FAILED: 1 error (2 targets)"
    apart = made._replace(targets=(target(), *[target(id=f"t{n}", layers=("a2",), passed=False) for n in (2, 3)]))
    assert "error LC301 wrong-architecture  python3.12 on arm64 for other.zip" in lines(apart)
    assert lines(apart)[-1] == "FAILED: 1 error (2 of 3 targets failed)"


def test_of_one_artifact_s_targets_only_runtime_and_architecture_are_named() -> None:
    targets = [target(), target(id="t2", layers=("a2",)), target(id="t3", layers=("a2",), architecture="x86_64")]
    made = report(
        finding(targets=("t2",), artifact="a2"),
        artifacts=(artifact(), artifact(id="a2", path="other.zip")),
        targets=tuple(targets),
    )
    assert "error LC301 wrong-architecture  python3.12 on arm64" in lines(made)


def test_the_compatibility_table() -> None:
    warning = finding(severity=WARNING, rule="LC407", targets=("t2",))
    told = [line.split() for line in lines(compatibility_table(warning))]
    start = told.index(["runtime", "x86_64", "arm64"])
    assert told[start + 1] == ["python3.12", "works", "(1", "warning)", "LC301"]
    assert told[start + 2] == ["python3.9", "LC402", "LC301", "LC402", "deprecated"]
    assert ["--compatible-runtimes", "python3.12", "--compatible-architectures", "x86_64"] in told
    assert told[-1] == ["PASSED:", "works", "on", "1", "of", "4", "targets"]
    assert ["no", "target", "given:", "judged", "on", "2", "runtimes", "and", "2", "architectures"] in told
    assert not any(words[:2] == ["error", "LC402"] for words in told)
    reason = next(words for words in told if words[:2] == ["LC402", "symbol-version-not-found"])
    assert reason[2:6] == ["(1", "file,", "2", "targets):"]
    verbose = [line.split() for line in lines(compatibility_table(warning), verbose=True)]
    assert ["error", "LC402", "symbol-version-not-found", "python3.9", "on", "x86_64", "and", "arm64"] in verbose


def test_what_does_not_depend_on_the_target_stops_it_everywhere() -> None:
    made = compatibility_table(finding(rule="LC201", targets=(), path=None))
    row = next(line.split() for line in lines(made) if line.startswith("python3.9 "))
    assert row == ["python3.9", "LC201", "LC402", "LC201", "LC301", "LC402", "deprecated"]


def declared(made: Report) -> list[str]:
    return [line for line in lines(made) if line.startswith("  --compatible")]


def test_what_may_be_declared_is_one_line_when_architectures_agree() -> None:
    both = ("python3.13", "python3.12")
    made = report(gate=False, compatibility=(Compatibility("arm64", both), Compatibility("x86_64", both)))
    line = "  --compatible-runtimes python3.13 python3.12 --compatible-architectures x86_64 arm64"
    assert declared(made) == [line]
    apart = report(gate=False, compatibility=(Compatibility("arm64", both[:1]), Compatibility("x86_64", both)))
    assert len(declared(apart)) == 2


def test_a_function_has_nothing_to_declare() -> None:
    made = report(
        gate=False, artifacts=(artifact(kind="function"),), compatibility=(Compatibility("arm64", ("python3.13",)),)
    )
    assert declared(made) == []
    assert "  arm64: python3.13" in lines(made)


def test_nothing_works() -> None:
    made = report(finding(), gate=False, targets=(target(passed=False),), compatibility=(Compatibility("arm64", ()),))
    told = lines(made)
    assert "It works on no runtime that AWS still supports, so none may be declared." in told
    assert told[-1] == "FAILED: works on 0 of 1 target"


def test_runtimes_are_newest_first_within_their_family() -> None:
    names = ["python3.9", "python3.10", "nodejs18.x", "nodejs22.x", "python3.13"]
    targets = tuple(target(id=f"t{number}", runtime=name) for number, name in enumerate(names))
    told = [line.split() for line in lines(report(gate=False, targets=targets))]
    shown = [words[0] for words in told if len(words) == 2 and words[1] == "works"]
    assert shown == ["python3.13", "python3.10", "python3.9", "nodejs22.x", "nodejs18.x"]


def test_a_search_that_went_the_same_way_is_told_once() -> None:
    def tried(name: str, *more: str) -> list[str]:
        return [f"/lib64/{name}: absent (default)", f"/opt/lib/{name}: absent (library-path)", *more]

    made = report(
        finding(rule="LC401", path="a.so", details={"tried": tried("liba.so.1")}, fact="needs liba.so.1"),
        finding(rule="LC401", path="b.so", details={"tried": tried("libb.so.1")}, fact="needs libb.so.1"),
        finding(
            rule="LC401", path="c.so", details={"tried": tried("libc.so.1", "/x/libc.so.1: empty")}, fact="needs c"
        ),
    )
    told = lines(made)
    assert told.count("  tried, in order:") == 2
    assert told.count("  tried: the same 2 places as above, in the same order") == 1
    assert "    /opt/lib/liba.so.1: absent (library-path)" in told
    assert lines(made, verbose=True).count("  tried, in order:") == 3
