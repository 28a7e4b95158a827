"""The one reader of a web process: hears the doorbell, reads the journal, and wakes the open pages."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
import psycopg
import redis.asyncio as redis
import structlog
from django.conf import settings
from django.db import Error as DatabaseError

from journal.publish import Many
from notifications import stream_pace as pace
from notifications.stream_access import Access
from notifications.stream_rows import Journal, RowLog, Shown
from notifications.stream_viewer import Viewer, frame
from toolkit import live

log = structlog.get_logger(__name__)

BLOCK_MS = 5000
ANSWER_S = 10
SWEEP_S = 5
CHECK_S = 25
LONGEST_DOUBT_S = 55
RUNG_S = 5  # between the rendering of a page and its stream
AWAIT_S = 1
TEND_S = 1
AT_ONCE = 200
MOST_WAITING = 2000
AWAY = (redis.RedisError, OSError)
NO_DATABASE = (DatabaseError, psycopg.Error, OSError)


Found = TypeVar("Found")


class Hub:
    """All open pages of this process. It reads as long as there are any."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.log = RowLog()
        self.journal = Journal()
        self.access = Access()
        self.is_ending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ids: dict[int, None] = {}
        self._named = asyncio.Event()
        self._news = asyncio.Event()
        self._later: asyncio.TimerHandle | None = None
        self._shares = itertools.cycle(range(pace.SHARES))
        self._doubt = asyncio.Event()
        self._rung: deque[tuple[float, frozenset[str]]] = deque(maxlen=2000)
        self._hidden: deque[tuple[int, int]] = deque(maxlen=200)
        self._checked_at = 0.0
        self._thread = ThreadPoolExecutor(1, "stream-reader")
        self._replays: dict[int, asyncio.Task[list[Shown] | None]] = {}

    def join(self, viewer: Viewer) -> None:
        """Add an open page. What was rung for while it was on its way is rung for again."""
        viewer.share = next(self._shares)
        self.viewers.add(viewer)
        since = time.monotonic() - RUNG_S
        viewer.looks.update(*(viewer.topics & topics for at, topics in self._rung if at >= since))
        self._news.set()
        if not self._tasks:
            self._start()

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        if not self.viewers:
            self._stop_reading()

    def end(self) -> None:
        """Every stream ends now, and none begins any more."""
        self.is_ending = True
        for viewer in self.viewers:
            viewer.end()
        self._stop_reading()

    async def replay(self, event_id: int) -> list[Shown] | None:
        """The rows behind an event; many pages that come back at once share one reading."""
        held = self.log.behind(event_id)
        if held is not None:
            return held
        if event_id not in self._replays:
            self._replays[event_id] = asyncio.create_task(self._read(self.journal.after, event_id))
            asyncio.get_running_loop().call_later(1, self._replays.pop, event_id, None)
        return await asyncio.shield(self._replays[event_id])

    def _start(self) -> None:
        self._checked_at = time.monotonic()
        works = (self._listen, self._read_named, self._serve, self._sweep, self._check, self._tend)
        for work in works:
            self._run(_for_ever(work))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop_reading(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = set()
        self._thread.submit(self.journal.rest)

    async def _read(self, reading: Callable[..., Found], *arguments: object) -> Found:
        """A reading in the reader's thread; a connection that broke is not used again."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, reading, *arguments)
        except NO_DATABASE:
            await loop.run_in_executor(self._thread, self.journal.rest)
            raise

    async def _listen(self) -> None:
        # The time-out is ours: redis-py's own goes through asyncio.wait_for, which loses a cancellation on Python 3.11.
        async with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=None) as server:
            last = f"{int((time.time() - RUNG_S) * 1000)}-0"
            while True:
                async with asyncio.timeout(ANSWER_S):
                    answer: Any = await server.xread({live.STREAM: last}, count=1000, block=BLOCK_MS)
                for _, entries in answer or ():
                    last = entries[-1][0]
                    for _, fields in entries:
                        self._hear({name.decode(): value.decode() for name, value in fields.items()})
                # What comes meanwhile is one answer and one reading.
                await asyncio.sleep(pace.until_next_tick())

    def _hear(self, entry: dict[str, str]) -> None:
        if topics := entry.get("topics"):
            self._ring(frozenset(topics.split()))
        if ids := entry.get("journal"):
            self._name(map(int, ids.split()))
        if many := entry.get("many"):
            self._count(msgspec.json.decode(many, type=Many))

    def _ring(self, topics: frozenset[str]) -> None:
        self._rung.append((time.monotonic(), topics))
        if live.ACCESS in topics:
            self._doubt.set()
        for viewer in self.viewers:
            if shared := viewer.topics & topics:
                viewer.looks |= shared
        self._stir()

    def _name(self, ids: Iterable[int]) -> None:
        self._ids.update((event_id, None) for event_id in ids if not self.log.has(event_id))
        self._stir()

    def _stir(self) -> None:
        """Serve the pages; where rows are to be read, once they are, so that both go out together."""
        (self._named if self._ids else self._news).set()

    def _count(self, many: Many) -> None:
        """A line with a count for each sort of event, so that everyone counts what they may see."""
        self._hidden.append((many.first, many.last))
        self._show(
            [
                Shown(many.last, kind, severity, account, None, count=number)
                for kind, severity, account, number in many.sorts
            ]
        )
        subjects = {topic[4:] for viewer in self.viewers for topic in viewer.topics if topic.startswith("sim:")}
        if subjects:
            self._run(self._look_among(many, subjects))

    async def _look_among(self, many: Many, subjects: set[str]) -> None:
        with suppress(*NO_DATABASE):
            found = await self._read(self.journal.between, many.first, many.last, subjects)
            self._ring(frozenset(topic for row in found for topic in row.topics))

    async def _read_named(self) -> None:
        while True:
            await self._named.wait()
            self._named.clear()
            try:
                while self._ids:
                    await self._read_some(list(self._ids)[:AT_ONCE])
            finally:
                self._news.set()

    async def _read_some(self, ids: list[int]) -> None:
        rows = await self._read(self.journal.named, ids)
        for event_id in ids:
            self._ids.pop(event_id, None)
        self._show(rows)

    async def _serve(self) -> None:
        """Every page for which something waits, as soon as its turn comes."""
        while True:
            await self._news.wait()
            self._news.clear()
            now = pace.tick()
            waiting = [viewer for viewer in self.viewers if viewer.waits(self.log) and not viewer.serve(now)]
            if self._later:
                self._later.cancel()
            if waiting:
                wait_s = pace.until_next_tick() + pace.LAG_S
                self._later = asyncio.get_running_loop().call_later(wait_s, self._stir)

    async def _sweep(self) -> None:
        """What nobody announced: Valkey was away, or lost it."""
        while True:
            await asyncio.sleep(SWEEP_S)
            recent = await self._read(self.journal.recent)
            self._name([event_id for event_id in recent if not self._is_counted(event_id)][:MOST_WAITING])

    def _is_counted(self, event_id: int) -> bool:
        return any(first <= event_id <= last for first, last in self._hidden)

    def _show(self, rows: list[Shown]) -> None:
        new = self.log.append(rows)
        if not new:
            return
        self._ring(frozenset(topic for row in new for topic in row.topics))

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_S)
            now = time.monotonic()
            for viewer in self.viewers:
                viewer.tend(now)

    async def _check(self) -> None:
        """Whoever's session or scope is not what it was is sent away; so is everyone when nobody can be asked."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._doubt.wait()
            self._doubt.clear()
            viewers = list(self.viewers)
            still = await self._still(viewers)
            for viewer in viewers:
                if viewer.person not in still:
                    viewer.end(frame("end", b"access"))

    async def _still(self, viewers: list[Viewer]) -> set[object]:
        people = {viewer.person for viewer in viewers}
        try:
            still = await self.access.still(people)
        except NO_DATABASE:
            is_long = time.monotonic() - self._checked_at > LONGEST_DOUBT_S - CHECK_S
            return set() if is_long else set(people)
        self._checked_at = time.monotonic()
        return set(still)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again when Valkey or PostgreSQL went away, after a moment."""
    while True:
        try:
            await work()
        except (*AWAY, *NO_DATABASE) as error:
            log.warning("stream_reader", work=work.__name__, error=type(error).__name__)
            await asyncio.sleep(AWAIT_S)
