"""Waking the worker: at once after the first commit, then at most a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from kombu.exceptions import OperationalError

GAP_S = 0.1


class Bell:
    """Rings `ring` in a thread, never twice at once; what is rung for meanwhile is rung for once afterwards."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._is_wanted = False
        self._task: asyncio.Task[None] | None = None

    def want(self) -> None:
        self._is_wanted = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._is_wanted:
                self._is_wanted = False
                # Where the queue is away, beat finds the deliveries within seconds of its return.
                with suppress(OperationalError, OSError):
                    await asyncio.to_thread(self._ring)
                await asyncio.sleep(GAP_S)
        finally:
            self._task = None
