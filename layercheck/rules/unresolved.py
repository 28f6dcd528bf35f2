"""LC512: imports on the handler's way that nothing provides."""

from __future__ import annotations

from collections.abc import Iterator

from ..filesystem import Hit
from ..finding import Confidence, Severity
from .base import Fault, TargetView, Unsure, quote, rule
from .python_findings import Step


@rule(
    "LC512",
    "unresolved-import",
    Severity.WARNING,
    "target",
    what="An unguarded import on the handler's way that nothing in the deployment, the runtime or the standard library "
    "provides.",
    why="'Runtime.ImportModuleError: Unable to import module: No module named …', at each start of the function. The "
    "package was not installed beside the code, or another package needs it and does not say so.",
    fix="Install what is missing beside the code, or name the layer that brings it (--layer).",
    example="app.py imports anyconfig, which imports pkg_resources; setuptools is not there",
    sources=(
        "https://github.com/nficano/python-lambda/issues/132",
        "https://github.com/ssato/python-anyconfig/issues/95",
        "https://github.com/lambgeo/docker-lambda/issues/49",
    ),
)
def UNRESOLVED_IMPORT(view: TargetView) -> Iterator[Fault | Unsure]:
    if view.runtime.language != "python" or view.stack.function is None or not view.stack.handler:
        return
    # Few runs come here; the rest need not load what reads code.
    from .reach_missing import missing_imports

    for found in missing_imports(view):
        way = " → ".join([f"{step.path} line {step.line}" for step in found.way])
        last: Step = found.way[-1]
        what = f"the module {found.module}, which importing the handler comes to"
        if view.stack.open:
            why = f"could be in {', '.join(view.stack.open)}, which is not at hand"
            yield Unsure(what, why, found.subject, last.path)
        elif found.moved:
            yield Unsure(what, f"{found.moved} changes where Python looks", found.subject, last.path)
        else:
            fact, fix = (
                "nothing here provides",
                (
                    f"Install what brings it beside the code:\npip install --target . {quote(found.install)}\n"
                    "or, where a layer brings it, name that with --layer."
                ),
            )
            if _hidden(view, found.module):
                fact = "a layer has where Python does not look, for PYTHONPATH is set"
                path = view.stack.env["PYTHONPATH"]
                fix = f"Set no PYTHONPATH, or name the layers' directory in it:\nPYTHONPATH={path}:/opt/python"
            yield Fault(
                f"imports {found.module}, which {fact}: No module named {found.module!r} ({way})",
                found.subject,
                last.path,
                fix,
                confidence=Confidence.LIKELY,
                details={"module": found.module, "way": [f"{step.path}:{step.line}" for step in found.way]},
            )


def _hidden(view: TargetView, module: str) -> bool:
    """Whether it would be found among the layers if there were no PYTHONPATH (see ``installed.search_path``)."""
    top = module.partition(".")[0]
    return "PYTHONPATH" in view.stack.env and any(
        isinstance(view.filesystem.lookup(f"/opt/python/{name}"), Hit) for name in (top, f"{top}.py")
    )


RULES = (UNRESOLVED_IMPORT,)
