"""The step of the GitHub action that checks: from its inputs to one run of layercheck, and to the action's outputs.

Inputs come as environment variables and become arguments here, without a shell. It runs in isolated mode, and so does
layercheck: nothing of the checked repository is imported.
"""

from __future__ import annotations

import glob
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

USAGE = 2
_NO_TARGET = "--require-target: "
_TARGET_HINT = (
    "set the inputs runtime and architecture (or --environment in args), check a project, or list the artifact with its"
    " target in layercheck.toml"
)


class WrongInput(Exception):
    """An input of the action means nothing; the message names it."""


def arguments(inputs: Mapping[str, str]) -> list[str]:
    """The command line for these inputs. Raises WrongInput."""
    words = ["check", "--format=github"]
    for option, name in (("--runtime", "RUNTIME"), ("--architecture", "ARCHITECTURE"), ("--layer", "LAYERS")):
        words += [f"{option}={value}" for value in _lines(inputs, name)]
    for option, name in (("--handler", "HANDLER"), ("--fail-on", "FAIL_ON")):
        words += [f"{option}={value}" for value in _one(inputs, name)]
    words += [f"--report={value}" for value in _lines(inputs, "REPORTS")]
    words += [f"--report=sarif={value}" for value in _one(inputs, "SARIF")]
    try:
        words += shlex.split(inputs.get("INPUT_ARGS", ""))
    except ValueError as error:
        raise WrongInput(f"args: {error}") from None
    # After all others: nothing takes it back.
    words.append("--require-target")
    for pattern in _lines(inputs, "PATHS"):
        # A name that begins like an option is none.
        words += [path if not path.startswith("-") else f"./{path}" for path in _expanded(pattern)]
    return words


def _lines(inputs: Mapping[str, str], name: str) -> list[str]:
    return [line.strip() for line in inputs.get(f"INPUT_{name}", "").splitlines() if line.strip()]


def _one(inputs: Mapping[str, str], name: str) -> list[str]:
    """The value of an input that has one, or nothing. Raises WrongInput for several lines."""
    lines = _lines(inputs, name)
    if len(lines) > 1:
        raise WrongInput(f"{name.lower().replace('_', '-')} takes one value, not {len(lines)} lines")
    return lines


def _expanded(pattern: str) -> list[str]:
    """The paths that fit; the pattern itself where it is a name, or where nothing fits, which layercheck then tells."""
    if os.path.lexists(pattern):
        return [pattern]
    return sorted(glob.glob(pattern, recursive=True)) or [pattern]  # noqa: PTH207 - it may be absolute


def main() -> int:
    """Run it; the exit code of the step."""
    code, sarif = USAGE, ""
    environment = dict(os.environ)
    try:
        summary = (_one(os.environ, "SUMMARY") or ["true"])[0].lower()
        if summary not in ("true", "false"):
            raise WrongInput(f"summary is true or false, not {summary!r}")
        if summary == "false":
            environment.pop("GITHUB_STEP_SUMMARY", None)
        for folder in _one(os.environ, "WORKING_DIRECTORY"):
            os.chdir(folder)
        words = arguments(os.environ)
        sarif = "".join(map(os.path.abspath, _one(os.environ, "SARIF")))
        # A report that an earlier step has left here is not this run's.
        if sarif and os.path.isfile(sarif):
            os.remove(sarif)
        command = [sys.executable, "-I", os.environ["LAYERCHECK_ARCHIVE"], *words]
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE)
        code = done.returncode
        said = done.stderr.decode("utf-8", "replace")
    except WrongInput as error:
        said = f"layercheck: {error}\n"
    except OSError as error:
        said = f"layercheck: {error.filename}: {error.strerror}\n"
    _tell(said, failed=code not in (0, 1))
    outputs = f"exit-code={code}\nsarif={sarif if sarif and os.path.isfile(sarif) else ''}\n"
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(outputs)
    return code


def _tell(said: str, *, failed: bool) -> None:
    """What went to standard error; as an annotation too, when nothing could be checked."""
    sys.path.insert(0, os.environ["LAYERCHECK_ARCHIVE"])
    from layercheck.report.escape import harmless_line, visible

    if failed and _NO_TARGET in said:
        said += f"layercheck: {_TARGET_HINT}\n"
    lines = [harmless_line(visible(line)) for line in said.splitlines()]
    sys.stderr.write("".join([f"{line}\n" for line in lines]))
    if failed:
        from layercheck.report.github import workflow_command

        sys.stdout.write(workflow_command("error", "layercheck", "\n".join(lines)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
