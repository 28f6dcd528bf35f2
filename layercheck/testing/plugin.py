"""The fixture ``layercheck``. pytest imports this at each start, used or not: so nothing else comes with it."""

from __future__ import annotations

import pytest

from ..named_tuple import TYPE_CHECKING
from . import assert_deployable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..finding import Report


@pytest.fixture(scope="session")
def layercheck() -> Callable[..., Report]:
    """``layercheck(artifact, runtime=…, architecture=…)`` fails the test unless the artifact is deployable."""
    return assert_deployable
