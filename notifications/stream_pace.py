"""When a page is sent what waits for it: at once after a quiet time, else once in each half second of its own.

The half seconds of three shares of the pages begin one tick after another, so that not all are written to at once.
The doorbell is listened to at the same ticks: rows go out as soon as they are read.
"""

from __future__ import annotations

import random
import time

GAP_S = 0.5
SHARES = 3
# Rows that are being read at the beginning of a tick go along: where nothing is heard, pages are served so much later.
LAG_S = 0.1
# Processes begin their ticks at moments of their own.
_began = time.monotonic() - random.random() * GAP_S  # noqa: S311


def tick() -> int:
    return int((time.monotonic() - _began) * SHARES / GAP_S)


def until_next_tick() -> float:
    """Seconds until the next tick begins."""
    return _began + (tick() + 1) * GAP_S / SHARES - time.monotonic()


def half_second(share: int, now: int) -> int:
    """The half second that a share of the pages is in at this tick."""
    return (now + share) // SHARES
