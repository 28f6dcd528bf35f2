"""How much is linked in one run: far more than any real deployment asks for, and not without end."""

from __future__ import annotations

MAX_WORK = 1_200_000
"""Names sought in one run; each directory that was tried in vain counts four. 500 modules take 15,000 on a target."""


class TooMuch(Exception):
    """The work of this run is done; what is not linked by now stays so."""


class Work:
    """What is left of it; one object is handed from one resolution to the next."""

    __slots__ = ("_left",)

    def __init__(self, steps: int = MAX_WORK) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take so many steps. Raises TooMuch when there are none left, now and from then on."""
        self._left -= steps
        if self._left < 0:
            raise TooMuch
