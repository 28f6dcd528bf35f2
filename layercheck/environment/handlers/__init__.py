"""Functions that capture the live environment they run in; `layercheck capture --print-handler` prints them.

Each gives one JSON object, ``{"layercheck_capture": 1, "lines": [...]}``. A line holds fields parted by tabs:

* ``L path target``: a symlink
* ``D path``: a directory whose name tells something
* ``E path size x piece...``: an ELF file; ``x`` is 1 when it may be executed; a piece is ``offset:hex``
* ``F path size x piece...``: another file
* ``U path``: a file that cannot be read
* ``V name value``: an environment variable

Pieces are what layercheck's reader looks at: headers, dynamic section, notes, version tables and the strings these
name. /proc, /sys, /dev, /tmp and the function's own /var/task and /opt are left out.
"""

from __future__ import annotations

from ...json_table import read_file

HANDLERS = {"python": "capture_python.py", "nodejs": "capture_nodejs.js", "bootstrap": "capture_bootstrap.sh"}


def handler_source(language: str) -> str:
    """The text of the function for ``python``, ``nodejs`` or ``bootstrap`` (OS-only runtimes)."""
    return read_file(__file__, HANDLERS[language]).decode()
