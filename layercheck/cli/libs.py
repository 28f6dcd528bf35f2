"""``layercheck libs``."""

from __future__ import annotations

import json
from argparse import Namespace

from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, source, target_fields, write
from .output import Output


def libs_command(options: Namespace) -> int:
    """``layercheck libs INPUT``."""
    from ..check import Options
    from ..inspect import libs
    from ..report.escape import harmless_line, visible

    if [options.input, *options.layer].count("-") > 1:
        return fail("standard input (-) can be read once only", USAGE)
    try:
        found = libs(
            source(options.input),
            Options(**target_fields(options)),
            library_path=options.library_path,
            roots=options.root,
        )
    except ValueError as error:
        return fail(str(error), USAGE)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    if options.format == "json":
        from ..inspect.libs_json import document

        text = json.dumps(document(found), indent=2, ensure_ascii=True) + "\n"
    else:
        from ..inspect.libs_text import lines

        shown = lines(found, verbose=options.verbose, quiet=options.quiet)
        text = "".join(f"{harmless_line(visible(line))}\n" for line in shown)
    code = write(Output(options.output), text)
    return code if code != OK else found.exit_code
