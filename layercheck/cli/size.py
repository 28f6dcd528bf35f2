"""``layercheck size``."""

from __future__ import annotations

import json
from argparse import Namespace

from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, source, target_fields, write
from .output import Output, use_color


def size_command(options: Namespace) -> int:
    """``layercheck size INPUT``."""
    from ..check import Options
    from ..inspect.opened import Opened
    from ..inspect.size import measure

    if [options.input, *options.layer].count("-") > 1:
        return fail("standard input (-) can be read once only", USAGE)
    advice = None
    try:
        wanted = Options(**target_fields(options))
        with Opened(source(options.input), wanted) as deployment:
            sizes = measure(deployment)
            if options.advise or options.functions is not None:
                from ..inspect.advise import advise

                advice = advise(deployment, sizes, wanted, options.functions)
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    output = Output(options.output)
    if options.format == "json":
        from ..inspect.size_json import document

        text = json.dumps(document(sizes, advice, options.top), indent=2, ensure_ascii=True) + "\n"
    else:
        from ..report.size_text import render

        color = use_color(options.color, output.terminal())
        text = render(sizes, advice, top=options.top, color=color, width=output.width())
    code = write(output, text)
    return code if code != OK else sizes.exit_code
