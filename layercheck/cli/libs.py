"""``layercheck libs``."""

from __future__ import annotations

import json
from argparse import Namespace

from ..named_tuple import TYPE_CHECKING
from . import COULD_NOT, OK, USAGE
from .commands import fail, reason, source, target_fields, write
from .output import Output

if TYPE_CHECKING:
    from ..inspect.libs import Libraries


def libs_command(options: Namespace) -> int:
    """``layercheck libs INPUT``."""
    from ..check import Options
    from ..inspect import libs

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
        text = tree(found, verbose=options.verbose, quiet=options.quiet)
    code = write(Output(options.output), text)
    return code if code != OK else found.exit_code


def tree(found: Libraries, *, verbose: bool, quiet: bool) -> str:
    """The library tree as text, whatever names stand in it."""
    from ..inspect.libs_text import lines
    from ..report.escape import harmless_line, visible

    return "".join([f"{harmless_line(visible(line))}\n" for line in lines(found, verbose=verbose, quiet=quiet)])
