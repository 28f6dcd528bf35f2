"""What holds for all tests."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Ctrl-C ends what the tests start, however they are run themselves.

    A shell starts what runs in its background with SIGINT ignored, and whatever that starts inherits it, for good.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
