"""Whether this process was told to stop: long work ends its slice then, and the next process goes on with it."""

from __future__ import annotations

import threading

_told = threading.Event()


def tell_to_stop() -> None:
    """For the process itself; there is no way back."""
    _told.set()


def is_stopping() -> bool:
    return _told.is_set()


def wait_for_stop(seconds: float) -> bool:
    """Sleep, but no longer than until we are told to stop; whether we were."""
    return _told.wait(seconds)
