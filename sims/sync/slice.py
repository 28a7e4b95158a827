"""One slice of a long job."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from smarthub import Client
from toolkit.stopping import is_stopping


class RunFailed(Exception):
    """The run cannot go on; the message names what failed, for people."""


@dataclass(slots=True)
class Slice:
    """What a slice may use: the client, its end (monotonic seconds), and a sign of life to give between steps.

    It is over sooner where this process was told to stop.
    """

    client: Client
    ends_at: float
    renew: Callable[[], None]

    @property
    def is_over(self) -> bool:
        return is_stopping() or time.monotonic() >= self.ends_at
