"""wheel-inspect imports ``render`` for the descriptions of wheels, which layercheck never asks it for."""

from __future__ import annotations

from typing import NoReturn


def render(*arguments: object, **options: object) -> NoReturn:
    """Nothing in layercheck comes here."""
    raise NotImplementedError("layercheck.pyz renders no descriptions")
