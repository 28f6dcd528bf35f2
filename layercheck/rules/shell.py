"""What a small shell script starts, as far as that can be told without running it."""

from __future__ import annotations

import re

from ..environment.programs import has_program
from .base import TargetView

SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
_BUILTINS = frozenset(
    (
        "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function",
        "time", "select", "set", "export", "local", "readonly", "unset", "shift", "return", "break", "continue",
        "trap", "read", "echo", "printf", "test", "[", "[[", "true", "false", "cd", "exit", ":", "wait", "kill",
        "umask", "ulimit", "declare", "typeset", "let", "getopts", "type", "pwd", "!", "{", "}",
    )
)  # fmt: skip
_STARTERS = frozenset(
    (
        "exec", "eval", "source", ".", "command", "builtin", "env", "nohup", "nice", "timeout", "stdbuf", "xargs",
        "find", "awk", "gawk", "sh", "bash", "chroot", "setsid",
    )
)  # fmt: skip
"""Commands that start what their arguments say."""
_BREAKS = r"&&|\|\||;;|\$\(|[;&|()`\n{}]"
_ASSIGNMENT = r"^[A-Za-z_]\w*\+?="
_PLAIN = r"^[\w.+\-\[\]!:]+$"


def may_start_another(view: TargetView, script: str) -> bool:
    """Whether a script may hand over to something else that could serve the Runtime API.

    False only when every command in it is a builtin of the shell or a program of the environment itself, and no word is
    the name of a file of the artifacts. Whatever is not understood counts as a yes.
    """
    first, _, body = script.partition("\n")
    shell = re.split(r"[\s/]", first.strip())[-1]
    if shell not in SHELLS or "<<" in body or "\\\n" in body:
        return True
    names = {path[path.rfind("/") + 1 :] for path in view.filesystem.overlay.nodes}
    names.discard("bootstrap")
    text = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in body.splitlines())
    if not names.isdisjoint(re.findall(r"[\w.+-]+", text)):
        return True
    for part in re.split(_BREAKS, text):
        words = part.replace('"', " ").split()
        while words and (
            re.match(_ASSIGNMENT, words[0]) or words[0] in ("if", "while", "until", "then", "do", "else", "!")
        ):
            words.pop(0)
        if words and not _is_harmless(view, words[0]):
            return True
    return False


def _is_harmless(view: TargetView, command: str) -> bool:
    if command in _STARTERS or not re.match(_PLAIN, command):
        return False
    if command in _BUILTINS:
        return True
    return has_program(view.environment, view.runtime, f"/usr/bin/{command}") is True
