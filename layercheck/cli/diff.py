"""``layercheck diff``."""

from __future__ import annotations

import json
import os
from argparse import Namespace

from ..named_tuple import TYPE_CHECKING
from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, write
from .output import Output, use_color

if TYPE_CHECKING:
    from ..inspect.diff import Diff
    from ..inspect.diff_project import ProjectDiff


def diff_command(options: Namespace) -> int:
    """``layercheck diff OLD NEW``."""
    try:
        found = _compare(options)
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    code = write(Output(options.output), _text(options, found))
    return code if code != OK else found.exit_code


def _compare(options: Namespace) -> Diff | ProjectDiff:
    from .views import look

    # What the configuration says of the new one holds for both: else their verdicts could not be compared.
    new, old = look(options, options.new, options.old)
    if new.project is not None and old.project is not None:
        from ..inspect.diff_project import diff_projects

        folders = os.path.dirname(old.project.file), os.path.dirname(new.project.file)
        return diff_projects(old.jobs, new.jobs, folders)
    from ..inspect.diff import diff

    before, after = old.jobs[0].source, new.jobs[0].source
    assert before is not None
    assert after is not None
    return diff(before, after, new.jobs[0].options)


def _text(options: Namespace, found: Diff | ProjectDiff) -> str:
    from ..inspect.diff import Diff

    if options.format == "json":
        from ..inspect import diff_json

        answer = diff_json.document(found) if isinstance(found, Diff) else diff_json.project_document(found)
        return json.dumps(answer, indent=2, ensure_ascii=True) + "\n"
    if options.format == "markdown":
        from ..report import diff_markdown

        return diff_markdown.render(found) if isinstance(found, Diff) else diff_markdown.render_project(found)
    from ..report import diff_text

    output = Output(options.output)
    color, width = use_color(options.color, output.terminal()), output.width()
    verbose, quiet = options.verbose, options.quiet
    if isinstance(found, Diff):
        return diff_text.render(found, color=color, width=width, verbose=verbose, quiet=quiet)
    return diff_text.render_project(found, color=color, width=width, verbose=verbose, quiet=quiet)
