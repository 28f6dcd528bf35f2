"""One line on the terminal while a large artifact is read. Appears only when it takes longer than a blink."""

from __future__ import annotations

import sys
import time

_PATIENCE = 0.5
_INTERVAL = 0.1


class Progress:
    """Writes to standard error; ``enabled`` is False where nobody watches."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._start = time.monotonic()
        self._last = 0.0
        self._shown = False

    def update(self, done: int, total: int) -> None:
        """Tell that ``done`` of ``total`` bytes are read."""
        now = time.monotonic()
        if now - self._start < _PATIENCE or now - self._last < _INTERVAL or not total:
            return
        self._last = now
        self._shown = True
        sys.stderr.write(f"\r\x1b[Kreading: {100 * done // total} % of {total / 1e6:.0f} MB")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away again."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
