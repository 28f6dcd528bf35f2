"""``layercheck size``."""

from __future__ import annotations

import json
from argparse import Namespace

from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, write
from .output import Output, use_color


def size_command(options: Namespace) -> int:
    """``layercheck size INPUT``."""
    from ..inspect.deployments import exit_code, measured, not_at_hand, sized
    from .views import look

    advice = options.advise or options.functions is not None
    try:
        (found,) = look(options, options.input)
        parts = [measured(part, options.functions, advice=advice) for part in sized(found.jobs)]
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    output, notes = Output(options.output), not_at_hand(found.jobs)
    if options.format == "json":
        from ..inspect.size_json import document, project_document

        if found.project is None:
            answer = document(parts[0].sizes, parts[0].advice, options.top)
        else:
            answer = project_document(parts, notes, options.top)
        text = json.dumps(answer, indent=2, ensure_ascii=True) + "\n"
    else:
        from ..report.size_text import render, render_project

        color, width = use_color(options.color, output.terminal()), output.width()
        if found.project is None:
            text = render(parts[0].sizes, parts[0].advice, top=options.top, color=color, width=width)
        else:
            text = render_project(found.project, parts, notes, top=options.top, color=color, width=width)
    code = write(output, text)
    return code if code != OK else exit_code(parts)
