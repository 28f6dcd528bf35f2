"""The GitHub action: its steps are run by bash, with the environment that the runner would give them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gate import layers
from gate.runner import Runner, action, evaluate, steps
from gate.runner import archive as archive_in
from project.sources import ROOT

TARGET = {"runtime": "python3.12", "architecture": "x86_64"}
NASTY = "$(touch pwned) `touch pwned` \"a\" 'b' ${HOME} %PATH% \\ & ; touch pwned #.zip"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    return archive_in(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    layers.good(made.workspace / "dist/good layer.zip")
    layers.bad(made.workspace / "dist/bad.zip")
    return made


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_no_expression_stands_in_a_script() -> None:
    for step in steps().values():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        assert set(step) <= {"id", "shell", "env", "run"}


def test_every_input_and_output_is_wired_and_described() -> None:
    inputs, outputs = action()["inputs"], action()["outputs"]
    used = [re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value) for value in steps()["check"]["env"].values()]
    assert [match[1] for match in used if match] == list(inputs)
    for name, about in inputs.items():
        assert set(about) == {"description", "default"}, name
        assert isinstance(about["default"], str), name
        assert steps()["check"]["env"][f"INPUT_{name.upper().replace('-', '_')}"] == f"${{{{ inputs.{name} }}}}"
    assert all(about["description"] for about in outputs.values())
    assert action()["runs"]["using"] == "composite"


def test_an_expression_that_is_not_known_is_refused() -> None:
    for text in ("${{ github.event.issue.title }}", "${{ steps.a.conclusion }}", "${{ inputs.a || 'b' }}"):
        with pytest.raises((AssertionError, KeyError, IndexError)):
            evaluate(text, {"a": "1"}, {"a": {}})


def test_a_good_layer_passes(runner: Runner, archive: str) -> None:
    done = runner.run(archive=archive, paths="dist/good layer.zip", **TARGET)
    assert (done.code, done.err) == (0, "")
    assert done.outputs == {"exit-code": "0", "sarif": ""}
    assert done.out == "layercheck: PASSED: no errors\n"
    assert done.summary.startswith("## ✅ layercheck")


def test_a_bad_layer_fails_with_annotations_and_reports(runner: Runner, archive: str) -> None:
    done = runner.run(
        archive=archive,
        paths="dist/bad.zip",
        sarif="out put.sarif",
        reports="markdown=comment.md\n\n  junit=layercheck.xml\n",
        **TARGET,
    )
    assert done.code == 1
    sarif = runner.workspace / "out put.sarif"
    assert done.outputs == {"exit-code": "1", "sarif": str(sarif)}
    assert done.out.startswith("::error file=dist/bad.zip,title=LC401 missing-library::")
    assert json.loads(sarif.read_text("utf-8"))["version"] == "2.1.0"
    assert (runner.workspace / "comment.md").read_text("utf-8").strip() in done.summary
    assert "LC401" in (runner.workspace / "layercheck.xml").read_text("utf-8")


def test_patterns_folders_and_several_targets(runner: Runner, archive: str) -> None:
    done = runner.run(archive=archive, paths="dist/*.zip", runtime="python3.12\npython3.13", architecture="x86_64")
    assert done.code == 1
    assert "dist/good layer.zip" in done.summary
    assert "dist/bad.zip" in done.summary
    assert "python3.13" in done.summary
    inside = runner.run(archive=archive, paths="*.zip", working_directory="dist", sarif="a.sarif", **TARGET)
    assert inside.code == 1
    # Annotations lead from the workspace, wherever it ran.
    assert "::error file=dist/bad.zip," in inside.out
    assert inside.outputs["sarif"] == str(runner.workspace / "dist/a.sarif")
    nothing = runner.run(archive=archive, paths="other/*.zip", **TARGET)
    assert (nothing.code, nothing.outputs["exit-code"]) == (3, "3")
    assert "::error title=layercheck::layercheck: other/*.zip: No such file or directory" in nothing.out


def test_a_target_is_required(runner: Runner, archive: str) -> None:
    for given in ({}, {"runtime": "python3.12"}, {"architecture": "arm64"}, {"args": "--no-require-target"}):
        done = runner.run(archive=archive, paths="dist/good layer.zip", sarif="a.sarif", **given)
        assert (done.code, done.outputs) == (2, {"exit-code": "2", "sarif": ""}), given
        assert "--require-target: give -r RUNTIME and -a ARCHITECTURE" in done.err
        assert "::error title=layercheck::layercheck: --require-target" in done.out
        assert "set the inputs runtime and architecture" in done.out
        assert done.summary == ""


def test_a_configuration_or_a_project_may_say_the_target(runner: Runner, archive: str) -> None:
    (runner.workspace / "layercheck.toml").write_text(
        '[[artifact]]\npath = "dist/*.zip"\nruntimes = ["python3.12"]\narchitectures = ["arm64"]\n'
    )
    listed = runner.run(archive=archive)
    assert (listed.code, "LC301" in listed.out) == (1, True)
    assert runner.run(archive=archive, paths="dist/good layer.zip").code == 0
    shutil.copytree(ROOT / "tests/templates/built", runner.workspace / ".aws-sam/build")
    project = runner.run(archive=archive, paths=".aws-sam/build")
    assert project.code in (0, 1)
    assert "template.yaml" in project.summary


def test_nothing_to_check_says_what_there_is(runner: Runner, archive: str) -> None:
    layers.good(runner.workspace / "::error::x.zip")
    done = runner.run(archive=archive, **TARGET)
    assert done.code == 2
    assert "no INPUT" in done.out
    assert [line for line in (done.out + done.err).splitlines() if line.lstrip().startswith("::")] == [
        done.out.splitlines()[0]
    ]


def test_layers_handler_and_further_options(runner: Runner, archive: str) -> None:
    layers.function(runner.workspace / "function.zip")
    given = {"paths": "function.zip", "handler": "app.handler", **TARGET}
    assert runner.run(archive=archive, **given).code == 0
    assert runner.run(archive=archive, **{**given, "handler": "app.absent"}).code == 1
    more = runner.run(archive=archive, layers="dist/good layer.zip\ndist/bad.zip", **given)
    assert "LC401" in more.out
    assert more.summary.index("good layer.zip") < more.summary.index("bad.zip")
    excused = runner.run(archive=archive, layers="dist/bad.zip", args="--ignore LC401 --env 'NAME=a b'", **given)
    assert excused.code == 0
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:other:3"
    assert arn in runner.run(archive=archive, layers=arn, **given).summary
    limited = {"args": "--max-zip 1", "fail_on": "never"}
    assert runner.run(archive=archive, **given, **limited).code == 0
    assert runner.run(archive=archive, **given, args="--max-zip 1").code == 1


def test_a_summary_may_be_refused(runner: Runner, archive: str) -> None:
    done = runner.run(archive=archive, paths="dist/bad.zip", summary="false", **TARGET)
    assert (done.code, done.summary) == (1, "")
    assert "::error file=dist/bad.zip" in done.out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"summary": "maybe"}, "summary is true or false, not 'maybe'"),
        ({"sarif": "a.sarif\nexit-code=0"}, "sarif takes one value, not 2 lines"),
        ({"fail_on": "sometimes"}, "argument --fail-on: invalid choice: 'sometimes'"),
        ({"args": "--env 'A=1"}, "args: No closing quotation"),
        ({"args": "--frobnicate"}, "--frobnicate"),
        ({"reports": "sarif"}, "'sarif' is not FORMAT=FILE"),
        ({"working_directory": "absent\x1b[31m"}, r"absent\x1b[31m: No such file or directory"),
        ({"runtime": "python3.99"}, "python3.99"),
    ],
)
def test_wrong_inputs_are_told(runner: Runner, archive: str, given: dict[str, str], words: str) -> None:
    done = runner.run(archive=archive, **{"paths": "dist/bad.zip", **TARGET, **given})
    assert (done.code, done.outputs) == (2, {"exit-code": "2", "sarif": ""})
    (line,) = [line for line in done.out.splitlines() if line.startswith("::error title=layercheck::")]
    assert words in line
    assert words in done.err


def test_a_report_of_an_earlier_step_is_not_taken_for_this_one(runner: Runner, archive: str) -> None:
    (runner.workspace / "a.sarif").write_text("{}")
    done = runner.run(archive=archive, paths="absent.zip", sarif="a.sarif", **TARGET)
    assert (done.code, done.outputs["sarif"]) == (3, "")


@pytest.mark.parametrize("name", ["paths", "runtime", "architecture", "layers", "handler", "fail_on", "args"])
def test_no_input_becomes_a_command(runner: Runner, archive: str, name: str) -> None:
    before = tree(runner.workspace)
    given = {"paths": "dist/good layer.zip", **TARGET, name: f"{NASTY}\n{NASTY}\n'; touch pwned; '\n\"; touch pwned\n"}
    done = runner.run(archive=archive, **given)
    assert done.code in (1, 2, 3)
    assert tree(runner.workspace) == before
    assert done.outputs["exit-code"] == str(done.code)


@pytest.mark.parametrize("name", ["sarif", "working_directory", "reports", "summary"])
def test_no_name_of_a_file_becomes_a_command(runner: Runner, archive: str, name: str) -> None:
    before = tree(runner.workspace)
    done = runner.run(archive=archive, paths="dist/good layer.zip", **TARGET, **{name: f"sarif={NASTY}"})
    assert done.code in (0, 2)
    assert {file for file in tree(runner.workspace) - before if "pwned" in file} <= {NASTY, f"sarif={NASTY}"}
    assert not (runner.workspace / "pwned").exists()


@pytest.mark.parametrize("name", [NASTY, "-r.zip", "--version", "rules", "a*b[1].zip", "é\u202e.zip"])
def test_any_name_is_only_a_name(runner: Runner, archive: str, name: str) -> None:
    layers.bad(runner.workspace / name)
    before = tree(runner.workspace)
    done = runner.run(archive=archive, paths=f"{name}\ndist/good layer.zip\n", **TARGET)
    assert (done.code, done.err) == (1, "")
    assert "LC401" in done.out
    assert tree(runner.workspace) == before


def test_without_a_python_it_says_what_to_do(runner: Runner, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python3", "python"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    done = runner.step("install", {}, {}, path=str(programs))
    assert (done.code, done.outputs) == (2, {})
    assert done.out.startswith("::error title=layercheck::Python 3.10 or newer is needed; put actions/setup-python")


@pytest.mark.slow
@pytest.mark.registry
def test_it_installs_itself_from_its_own_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "an owner's" / "layercheck" / "v1"
    checkout.mkdir(parents=True)
    for name in ("action", "layercheck", "release"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("action.yml", "LICENSE"):
        shutil.copy(ROOT / name, checkout / name)
    (checkout / "layercheck/_version.py").write_text('__version__ = "7.8.9"\n')
    before = tree(checkout)
    runner = Runner(tmp_path, checkout)
    # What lies in the checked repository is not imported, whatever it is called.
    for name in ("zipfile", "pip", "layercheck", "json", "glob"):
        (runner.workspace / f"{name}.py").write_text("open('pwned', 'w').close()\nraise SystemExit(9)\n")
    layers.bad(runner.workspace / "bad.zip")
    layers.good(runner.workspace / "good.zip")
    files = tree(runner.workspace)
    done = runner.run(paths="bad.zip", reports="json=report.json", **TARGET)
    assert (done.code, done.outputs["exit-code"]) == (1, "1"), done
    assert json.loads((runner.workspace / "report.json").read_text("utf-8"))["tool"]["version"] == "7.8.9"
    assert tree(runner.workspace) - files == {"report.json"}
    assert tree(checkout) - before == set()
    # The second time in a job it is there already.
    (made,) = runner.temp.glob("*/*")
    time = made.stat().st_mtime_ns
    again = runner.step("install", {}, {})
    assert (again.code, again.out, again.err) == (0, "", "")
    assert (made.name, made.stat().st_mtime_ns) == ("layercheck.pyz", time)
    assert runner.run(paths="good.zip", **TARGET).code == 0
