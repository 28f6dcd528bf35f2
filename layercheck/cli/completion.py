"""``layercheck completion bash|zsh|fish``: scripts that complete commands, options and their values.

They are made from the parser and hold all they need: completing starts no Python. What they know is that of the version
that made them.
"""

from __future__ import annotations

from argparse import Namespace

SHELLS = ("bash", "zsh", "fish")


def completion_command(options: Namespace) -> int:
    """``layercheck completion SHELL``."""
    from .commands import write
    from .completion_scripts import bash, fish, zsh
    from .completion_words import commands
    from .output import Output
    from .parser import build

    script = {"bash": bash, "zsh": zsh, "fish": fish}[options.shell]
    return write(Output(options.output), script(commands(build())))
