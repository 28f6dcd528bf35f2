"""LC702 and LC709 to LC711: what a project's templates say of their functions, and the templates themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..environment import Runtime, UnknownRuntime, runtime, runtimes
from ..finding import Severity
from .base import Fault, rule
from .project_view import DeclaredFunction, ProjectView

_LIFECYCLE = "AWS Lambda developer guide, Lambda runtimes: runtime use after deprecation"


@rule(
    "LC702",
    "deprecated-runtime",
    Severity.WARNING,
    "project",
    what="A function's runtime is past its dates.",
    why="AWS no longer patches a deprecated runtime, later refuses to create functions with it, and at last refuses to "
    "update those that exist: then no deployment succeeds any more (this is an error). The dates are judged on the "
    "date of the report, so that no gate turns red overnight.",
    fix="Move the function to a supported runtime, and rebuild its packages and layers for it.",
    example="Runtime: python3.8",
    sources=(_LIFECYCLE, "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"),
)
def DEPRECATED_RUNTIME(view: ProjectView) -> Iterator[Fault]:
    for function in view.functions:
        if function.runtime is None:
            continue
        try:
            known = runtime(function.runtime)
        except UnknownRuntime as error:
            if error.retired:
                told = f"{function.runtime} is retired: AWS refuses to update functions with it"
                yield _outdated(function, told, True)
            continue
        state = known.state(view.date)
        if state == "blocked":
            told = f"{known.identifier} is deprecated since {known.deprecation_date}, and since "
            yield _outdated(function, told + f"{known.block_update_date} AWS refuses to update functions with it", True)
        elif state == "deprecated":
            told = f"{known.identifier} is deprecated since {known.deprecation_date}: AWS no longer patches it"
            if known.block_update_date is not None:
                told += f", and refuses to update functions with it from {known.block_update_date}"
            yield _outdated(function, told, False)


def _outdated(function: DeclaredFunction, told: str, blocked: bool) -> Fault:
    fix = f"Runtime: {newest}" if (newest := _newest(function.runtime or "")) else None
    return Fault(
        f"function {function.title}: {told}",
        fix=fix,
        severity=Severity.ERROR if blocked else None,
        details={"runtime": function.runtime},
        source=function.runtime_source,
    )


def _newest(name: str) -> str | None:
    """The newest runtime of the same language that has dates: a preview has none."""
    language = name.rstrip("0123456789.x") if not name.startswith("provided") else "provided"
    language = {"go": "provided", "dotnetcore": "dotnet"}.get(language.split(".")[0], language.split(".")[0])
    fitting = [item for item in runtimes() if item.language == language and item.deprecation_date is not None]
    return max(fitting, key=_age).identifier if fitting else None


def _age(item: Runtime) -> tuple[str, list[int]]:
    """Sorts runtimes of one language from the oldest to the newest."""
    return item.deprecation_date or "", [int(number) for number in re.findall(r"\d+", item.identifier)]


@rule(
    "LC709",
    "broken-template",
    Severity.ERROR,
    "project",
    what="A template cannot be read: no YAML or JSON, no Resources, nested or repeated beyond all bounds.",
    why="CloudFormation refuses it with 'Template format error', and nothing in it can be checked here.",
    fix="Mend the file at the line that is named.",
    example="template.yaml:12: it is no YAML: found character '\\t' that cannot start any token",
    sources=("https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html",),
)
def BROKEN_TEMPLATE(view: ProjectView) -> Iterator[Fault]:
    for flaw in view.flaws:
        if flaw.kind == "broken":
            at = f":{flaw.source.line}" if flaw.source.line is not None else ""
            yield Fault(f"{flaw.source.file}{at}: {flaw.detail}", source=flaw.source)


@rule(
    "LC710",
    "duplicate-key",
    Severity.WARNING,
    "project",
    what="A template gives a key of one mapping twice.",
    why="The last one counts. The other is lost without a word: of two functions with one logical id only one is "
    "deployed, and a second Environment replaces the first.",
    fix="Give it another name, or merge the two.",
    example="Resources: {Api: {…}, Api: {…}}",
    sources=("YAML 1.1, section 3.2.1.3: the keys of a mapping are unique", "cfn-lint, rule E0000: Duplicate found"),
)
def DUPLICATE_KEY(view: ProjectView) -> Iterator[Fault]:
    for flaw in view.flaws:
        if flaw.kind == "duplicate":
            yield Fault(f"{flaw.source.file}:{flaw.source.line}: {flaw.detail}", source=flaw.source)


@rule(
    "LC711",
    "missing-code",
    Severity.ERROR,
    "project",
    what="The folder or archive that a template names as the code of a function or layer is not there.",
    why="Packaging fails: 'Unable to upload artifact … Parameter CodeUri of resource … refers to a file or folder that "
    "does not exist'.",
    fix="Build it first, or correct the path; it is relative to the template.",
    example="CodeUri: ./scr/",
    sources=("AWS CLI, cloudformation package: InvalidLocalPathError", "AWS SAM developer guide, sam package"),
)
def MISSING_CODE(view: ProjectView) -> Iterator[Fault]:
    for item in view.missing:
        yield Fault(
            f"{item.title}: its code, {item.path}, is not there", details={"code": item.path}, source=item.source
        )


RULES = (DEPRECATED_RUNTIME, BROKEN_TEMPLATE, DUPLICATE_KEY, MISSING_CODE)
