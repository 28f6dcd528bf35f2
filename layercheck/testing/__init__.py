"""For people who test their own layers and functions: an assertion, and the same as a fixture of pytest.

>>> from layercheck.testing import assert_deployable
>>> def test_layer():
...     assert_deployable("build/layer.zip", runtime="python3.12", architecture="arm64")

Nothing is imported before the first call, and pytest is not needed. The fixture ``layercheck`` is this function, for
tests that would rather have no import; pytest finds it by itself where layercheck is installed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..named_tuple import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ..check import Input, Layer
    from ..finding import Report

__all__ = ["assert_deployable"]


def assert_deployable(
    artifact: Input,
    *,
    runtime: str | Sequence[str] | None = None,
    architecture: str | Sequence[str] | None = None,
    layers: Sequence[Layer] = (),
    **options: Any,
) -> Report:
    """Fail unless the artifact passes on each of the targets; the report, for what else a test wants to know.

    The arguments are those of ``layercheck.check``: ``fail_on="warning"`` or ``strict=True`` ask for more. ``runtime``
    and ``architecture`` are both needed, or an ``environment``, so that no test passes for want of a target.

    Raises AssertionError with the report as text, ValueError for arguments that mean nothing, OSError when the artifact
    cannot be read.
    """
    __tracebackhide__ = True
    if options.get("environment") is None and not (runtime and architecture):
        raise ValueError("give runtime and architecture, or environment: what passes depends on them")
    from ..check import check

    report = check(artifact, runtime=runtime, architecture=architecture, layers=layers, **options)
    if report.exit_code:
        from ..report import render

        raise AssertionError(f"not deployable\n\n{render(report, 'text')}")
    return report
