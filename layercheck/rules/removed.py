"""LC509: imports of modules, and of names, that the target's Python no longer has."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Severity
from .base import Fault, TargetView, Unsure, rule


@rule(
    "LC509",
    "removed-module",
    Severity.WARNING,
    "target",
    what="An import of a standard or bundled module, or of a name in one, that the target's Python no longer has.",
    why="'No module named imp' (distutils, asyncore, cgi …), 'cannot import name Mapping from collections': each "
    "version of Python drops what was long deprecated. It is an error where the handler's own imports surely come to "
    "it, a warning for a package that only fails if it is imported. Guarded imports are no fault.",
    fix="Take a newer release of the package, install what brings the module back, or choose an older runtime.",
    example="app.py imports old_lib, which imports distutils.version, on python3.12",
    sources=(
        "https://github.com/aws/aws-sam-cli/issues/7176",
        "PEP 594, PEP 632",
        "https://docs.python.org/3/whatsnew/3.12.html#removed",
        "https://docs.python.org/3/whatsnew/3.13.html#removed",
    ),
)
def REMOVED_MODULE(view: TargetView) -> Iterator[Fault | Unsure]:
    if view.runtime.language != "python":
        return
    handled = view.stack.handler is not None and view.stack.function is not None
    if handled or any(fact.gone for subject in view.stack.subjects for fact in subject.artifact.facts.values()):
        # Few runs come here; the rest need not load what reads code.
        from .removed_uses import uses_of_removed

        yield from uses_of_removed(view)


RULES = (REMOVED_MODULE,)
