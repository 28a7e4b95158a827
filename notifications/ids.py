"""The id of a delivery: given at receipt, in order of time, and its time of receipt can be read from it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from random import getrandbits

# Microseconds since 1970 stand above these bits, which tell two processes apart that receive in the same one.
NOISE_BITS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Ids:
    """Ids of one process, each greater than the one before, whatever the clock does."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return self._last << NOISE_BITS | getrandbits(NOISE_BITS)


def received_at(delivery_id: int) -> datetime:
    """When the delivery came; OverflowError for a number that can be no id."""
    return _EPOCH + timedelta(microseconds=delivery_id >> NOISE_BITS)


def first_id_at(moment: datetime) -> int:
    """The least id that a delivery received at `moment` can have."""
    return (moment - _EPOCH) // _MICROSECOND << NOISE_BITS
