"""What each command does: gather, call, print."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable

from ..named_tuple import TYPE_CHECKING
from . import COULD_NOT, FOUND, OK, USAGE, say
from .output import PROSE, Output, OutputError

if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from ..check import Job, Options
    from ..finding import ProjectSummary

_PROJECT_FILES = (
    *("template.yaml", "template.yml", "template.json", ".aws-sam/build", "cdk.out", "manifest.json", "cdk.json"),
)


def fail(text: str, code: int) -> int:
    """Say what went wrong; returns ``code``."""
    from ..report.escape import visible

    say(visible(text))
    return code


def check_command(options: Namespace) -> int:
    """``layercheck [check] INPUT...``."""
    from ..config import ConfigError
    from .configured import NothingToCheck, baseline_text, decisions, settle

    try:
        inputs, configuration = settle(options)
        decided = decisions(options, configuration)
    except ConfigError as error:
        return fail(str(error), USAGE)
    except NothingToCheck as error:
        if error.missing:
            return fail(str(error), COULD_NOT)
        from ..report.escape import visible
        from .around import look_around

        say("\n".join(map(visible, [str(error), *look_around()])))
        return USAGE
    from ..check import Options, run_jobs
    from ..environment import UnknownRuntime
    from .progress import Progress
    from .reports import clash, write_reports

    if [name for name, _ in inputs].count("-") + options.layer.count("-") > 1:
        return fail("standard input (-) can be read once only", USAGE)
    if (name := clash(options)) is not None:
        return fail(f"two reports would be written to {name}", USAGE)
    progress = Progress(enabled=not options.no_progress and not options.quiet and sys.stderr.isatty())
    try:
        wanted = Options(
            **job_fields(options),
            **decided,
            progress=progress.update if progress.enabled else None,
        )
        jobs, projects = gather(inputs, options, wanted)
        report = run_jobs(jobs, wanted, workers=options.jobs)
        if projects:
            from .projects import judged

            report = judged(report, projects)
    except UnknownRuntime as error:
        return fail(str(error), USAGE)
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        from .hints import of_input

        return fail(reason(error) + of_input(error, inputs[0][0]), COULD_NOT)
    finally:
        progress.clear()
    if options.write_baseline is not None:
        code = write(Output(options.write_baseline), baseline_text(report, wanted))
        if code != OK:
            return code
    if not report.gate:
        say("no target given: this is a compatibility table, not a gate (see -r and -a)")
    code = write_reports(options, report, wanted)
    if code != OK:
        return code
    return OK if report.exit_code == FOUND and options.exit_zero else report.exit_code


def gather(
    inputs: list[tuple[str, Namespace]], options: Namespace, wanted: Options
) -> tuple[list[Job], list[ProjectSummary]]:
    """What to judge, and the projects among the inputs.

    Raises OSError for a project that cannot be read, ValueError for options that do not fit the inputs.
    """
    from ..check import Job

    jobs: list[Job] = []
    projects = []
    for name, own in inputs:
        mine = wanted if own is options else wanted._replace(**job_fields(own))
        if own.kind == "auto" and _may_be_project(name):
            from .projects import jobs_of, project_at

            project = project_at(name, own)
            if project is not None:
                projects.append(project.summary())
                jobs += jobs_of(project, own, mine)
                continue
        if options.require_target and not _has_target(own):
            raise ValueError("--require-target: give -r RUNTIME and -a ARCHITECTURE, or --environment FILE")
        jobs.append(Job(source(name), mine))
    if options.set and not projects:
        raise ValueError("--set: no INPUT is a project with parameters")
    return jobs, projects


def _may_be_project(name: str) -> bool:
    """Whether an INPUT is worth a closer look: ``project.find`` decides."""
    if name.lower().endswith((".yaml", ".yml", ".json", ".template")):
        return True
    return os.path.isdir(name) and any(os.path.exists(os.path.join(name, held)) for held in _PROJECT_FILES)


def _has_target(options: Namespace) -> bool:
    return bool(options.environment or (options.runtime and options.architecture))


def target_fields(options: Namespace) -> dict[str, Any]:
    """The fields of check.Options that the target options give. Raises ValueError for a wrong environment file."""
    environment = None
    if options.environment is not None:
        from ..environment.captured import load_file

        try:
            environment = load_file(options.environment)
        except OSError as error:
            raise ValueError(f"--environment: {reason(error)}") from None
    return {
        "environment": environment,
        "runtimes": tuple(options.runtime),
        "architectures": tuple(options.architecture),
        "layers": tuple(source(layer) for layer in options.layer),
        "kind": options.kind,
        "handler": options.handler,
        "env": dict(options.env),
        "libraries": options.libraries,
        "upload": options.upload,
        "date": options.date,
    }


def job_fields(options: Namespace) -> dict[str, Any]:
    """The fields of check.Options that say what one deployment is judged with. Raises ValueError as target_fields."""
    budgets = {name: getattr(options, name) for name in ("max_unzipped", "max_zip", "verify_hashes", "packager")}
    return {**target_fields(options), **budgets}


def source(name: str) -> str | BinaryIO:
    """What an INPUT of the command line means: ``-`` is standard input. Raises OSError when that is closed."""
    return standard_input() if name == "-" else name


def standard_input() -> BinaryIO:
    """Standard input. Raises OSError when it is closed (<&-)."""
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer


def reason(error: OSError) -> str:
    """What the system says, with the file's name."""
    words = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {words}" if error.filename is not None else words


def write(output: Output, text: str) -> int:
    """Write ``text``; the exit code."""
    try:
        output.write(text)
    except OutputError as error:
        return fail(str(error), COULD_NOT)
    return OK


def _emit(options: Namespace, text: str, data: Callable[[], Any]) -> int:
    """Print ``text``, or ``data`` as JSON when that was asked for."""
    output = Output(options.output)
    if getattr(options, "format", "text") == "json":
        import json

        text = json.dumps(data(), indent=2, ensure_ascii=True) + "\n"
    return write(output, text)


def rules_command(options: Namespace) -> int:
    """``layercheck rules``."""
    from ..rules import all_rules

    text = "".join(f"{rule.id}  {rule.severity.value:7}  {rule.name:27} {rule.what}\n" for rule in all_rules())
    return _emit(options, text, lambda: [_rule(rule) for rule in all_rules()])


def explain_command(options: Namespace) -> int:
    """``layercheck explain RULE``."""
    from ..rules import all_rules

    found = [rule for rule in all_rules() if options.rule.upper() == rule.id or options.rule.lower() == rule.name]
    if not found:
        from .hints import nearest

        names = [word for rule in all_rules() for word in (rule.id, rule.name)]
        hint = nearest(options.rule, names) or " (see 'layercheck rules')"
        return fail(f"no rule is called {options.rule!r}{hint}", USAGE)
    from ..report.catalogue import explain

    return _emit(options, explain(found[0], min(PROSE, Output(options.output).width())), lambda: _rule(found[0]))


def _rule(rule: Any) -> dict[str, Any]:
    fields = ("id", "name", "scope", "what", "why", "fix", "example")
    return {
        **{field: getattr(rule, field) for field in fields},
        "severity": rule.severity.value,
        "sources": list(rule.sources),
    }


def runtimes_command(options: Namespace) -> int:
    """``layercheck runtimes``."""
    from ..environment import data_version
    from ..environment.table import runtime_rows, source_texts
    from ..report.catalogue import runtime_table

    date = options.date or data_version()
    rows = runtime_rows(date)
    return _emit(
        options,
        runtime_table(rows, date, data_version()),
        lambda: {"data_version": data_version(), "date": date, "runtimes": rows, "sources": source_texts()},
    )


def schema_command(options: Namespace) -> int:
    """``layercheck schema NAME``."""
    import json

    if options.which == "config":
        from ..config.schema import schema

        document = schema()
    else:
        from ..report.schema import schema as schema_of

        document = schema_of(options.which)
    return write(Output(options.output), json.dumps(document, indent=2) + "\n")
