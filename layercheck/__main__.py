"""``python -m layercheck``: the same as the console script."""

from .cli import entry

entry()
