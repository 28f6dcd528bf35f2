from __future__ import annotations

from layercheck.finding import Severity, Source
from layercheck.report import render
from layercheck.report.location import Base
from report.made import artifact, compatibility_table, finding, report, target, wrong_architecture_everywhere

BASE = Base("/checkout/build", "/checkout")
WARNING = Severity.WARNING


def told(made: object, base: Base | None = BASE) -> list[str]:
    return render(made, "github", base=base).splitlines()  # type: ignore[arg-type]


def test_files_of_one_archive_with_one_fault_are_one_annotation() -> None:
    first, last = told(wrong_architecture_everywhere())
    assert first.startswith("::error file=build/layer.zip,title=LC301 wrong-architecture::built for x86-64, which")
    assert "%0A157 files: python/PIL/_m000.so, python/PIL/_m001.so, python/PIL/_m002.so, python/PIL/_m003.so" in first
    assert "and 153 more%0Afix: rm -rf python && mkdir python%0Apip install" in first
    assert last == "layercheck: FAILED: 157 errors"


def test_errors_come_first_and_no_more_than_github_shows() -> None:
    errors = [finding(fact=f"fact {number}", rule="LC401", name="missing") for number in range(13)]
    warnings = [finding(fact=f"fact {number}", severity=WARNING) for number in range(11)]
    lines = told(report(*warnings, *errors, finding(severity=Severity.INFO)))
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10 + ["::notice", "layercheck:"]
    counted = "errors LC401 missing 3, warnings LC301 wrong-architecture 1; the step's summary and the other formats"
    assert lines[20].startswith(f"::notice title=more was found than GitHub shows::{counted}")
    assert lines[21] == "layercheck: FAILED: 13 errors, 11 warnings, 1 info"


def test_what_a_template_declares_is_annotated_on_its_line() -> None:
    twice = [finding(source=Source("template.yaml", line, name)) for line, name in ((12, "A"), (30, "B"))]
    lines = told(report(*twice, finding(source=Source("template.yaml"))))
    assert lines[0].startswith("::error file=build/template.yaml,title=")
    assert lines[1].startswith("::error file=build/template.yaml,line=12,title=LC301 wrong-architecture (A)::")
    assert lines[2].startswith("::error file=build/template.yaml,line=30,title=LC301 wrong-architecture (B)::")


def test_nothing_ends_a_property_or_a_command() -> None:
    nasty = "a:b,c%d\n::error::x"
    (line, _) = told(report(finding(name=nasty, fact=nasty, path=nasty), artifacts=(artifact(path=nasty),)))
    shown = "a%3Ab%2Cc%25d\\n%3A%3Aerror%3A%3Ax"
    assert line.startswith(f"::error file=build/{shown},title=LC301 {shown}::a:b,c%25d\\n::error::x%0A1 file: ")


def test_findings_without_a_file() -> None:
    lines = told(report(finding(artifact=None, path=None), artifacts=()))
    assert lines[0] == "::error title=LC301 wrong-architecture::built for x86-64, which arm64 cannot load"
    (piped, _) = told(report(finding(), artifacts=(artifact(path="<stdin>"),)))
    assert piped.startswith("::error title=")


def test_findings_on_some_targets_name_them() -> None:
    made = report(finding(), targets=(target(), target(id="t2", architecture="x86_64")))
    assert "%0Aon python3.12 on arm64" in told(made)[0]


def test_without_a_target_the_table_is_the_answer() -> None:
    lines = told(compatibility_table())
    text = "no target was given; it works on 1 of 4 targets%0Ax86_64: python3.12"
    assert lines == [f"::notice title=compatibility::{text}", "layercheck: PASSED: works on 1 of 4 targets"]
    failed = told(compatibility_table(finding(targets=()))._replace(exit_code=1))
    assert [line.split(" ")[0] for line in failed] == ["::error", "::error", "layercheck:"]


def test_a_good_report_is_one_line() -> None:
    assert told(report()) == ["layercheck: PASSED: no errors"]
