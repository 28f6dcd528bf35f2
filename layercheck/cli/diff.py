"""``layercheck diff``."""

from __future__ import annotations

import json
from argparse import Namespace

from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, source, target_fields, write
from .output import Output, use_color


def diff_command(options: Namespace) -> int:
    """``layercheck diff OLD NEW``."""
    from ..check import Options
    from ..inspect.diff import diff

    if [options.old, options.new, *options.layer].count("-") > 1:
        return fail("standard input (-) can be read once only", USAGE)
    try:
        wanted = Options(**target_fields(options))
        found = diff(source(options.old), source(options.new), wanted)
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    output = Output(options.output)
    if options.format == "json":
        from ..inspect.diff_json import document

        text = json.dumps(document(found), indent=2, ensure_ascii=True) + "\n"
    elif options.format == "markdown":
        from ..report.diff_markdown import render

        text = render(found)
    else:
        from ..report import diff_text

        text = diff_text.render(
            found,
            color=use_color(options.color, output.terminal()),
            width=output.width(),
            verbose=options.verbose,
            quiet=options.quiet,
        )
    code = write(output, text)
    return code if code != OK else found.exit_code
