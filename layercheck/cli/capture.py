"""``layercheck capture ROOT -o FILE``."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from typing import Any

from . import COULD_NOT, USAGE
from .commands import fail, reason, standard_input, write
from .output import Output


def capture_command(options: Namespace) -> int:
    """``layercheck capture ROOT -o FILE``."""
    if options.print_handler is not None:
        from ..environment.handlers import handler_source

        return write(Output(options.output), handler_source(options.print_handler))
    if options.root is None:
        return fail("capture: give the ROOT to read", USAGE)
    from ..environment.capture import CaptureError

    try:
        document = _capture(options.root, options.library_path, options.symbols)
    except CaptureError as error:
        return fail(f"{options.root}: {error}", COULD_NOT)
    except OSError as error:
        return fail(reason(error), COULD_NOT)
    text = json.dumps(document, indent=None, separators=(",", ":"), ensure_ascii=True)
    # One line a file: still small, and two captures can be compared.
    text = text.replace('"files":{', '"files":{\n').replace('}},"', '}},\n"')
    return write(Output(options.output), text + "\n")


def _capture(root: str, library_path: str | None, symbols: bool) -> dict[str, Any]:
    from tarfile import TarError

    from ..environment.capture import CaptureError, capture
    from ..environment.capture_lines import MAX_BYTES, WrongResponse, read_response
    from ..environment.capture_source import from_directory, from_tar

    if root != "-" and os.path.isdir(root):
        return capture(from_directory(root), library_path=library_path, symbols=symbols)
    try:
        if root == "-":
            return capture(from_tar(standard_input()), library_path=library_path, symbols=symbols)
        with open(root, "rb") as file:
            # A function's response is JSON; no tar begins so.
            if file.read(1) == b"{":
                if symbols:
                    raise CaptureError("a function's response has no symbols: capture an image, or its files")
                response = read_response(b"{" + file.read(MAX_BYTES))
                return capture(response.members(), library_path=library_path, variables=response.variables())
            file.seek(0)
            return capture(from_tar(file), library_path=library_path, symbols=symbols)
    except WrongResponse as error:
        raise CaptureError(str(error)) from None
    except (TarError, EOFError) as error:
        raise CaptureError(f"neither a directory, a tar archive nor a function's response: {error}") from None
