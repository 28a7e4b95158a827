"""Open pages as the stream sees them: an ASGI conversation on an event loop of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from notifications.stream import EventStream

PATIENCE_S = 10.0
Frame = dict[str, str]


def run(work: Coroutine[Any, Any, None]) -> None:
    """The test's conversation, all on one loop."""
    asyncio.run(asyncio.wait_for(work, 60))


class Watcher:
    """One open page: its answer's status, and the frames that came, the beats left out."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.frames: list[Frame] = []
        self.beats = 0
        self.has_ended = False
        self.text = ""
        self._came = asyncio.Event()
        self._left = asyncio.Event()
        self.is_slow = False

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.is_slow:
            # A full buffer, until the connection is cut.
            await self._left.wait()
            return
        *whole, self.text = (self.text + message["body"].decode()).split("\n\n")
        self.beats += sum("event: beat" in frame for frame in whole)
        self.frames += [frame for frame in map(_frame, whole) if frame.get("event") not in (None, "beat")]
        self.has_ended = not message.get("more_body")
        self._came.set()

    async def until(self, is_enough: Any) -> None:
        """Until what came is enough; fails with what came."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not is_enough(self):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"Only this came: {self.frames}") from None

    async def opened(self) -> None:
        await self.until(lambda watcher: watcher.status)

    async def framed(self, event: str, number: int = 1) -> list[Frame]:
        await self.until(lambda watcher: len(watcher.of(event)) >= number)
        return self.of(event)

    def of(self, event: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["event"] == event]


def _frame(text: str) -> Frame:
    return dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)


@asynccontextmanager
async def watching(
    stream: EventStream, query: str = "", *, cookie: str = "", last_id: str = "", method: str = "GET", **scope: Any
) -> AsyncIterator[Watcher]:
    """Open a page on the stream; it is left at the end."""
    watcher = Watcher()
    headers = [(b"cookie", cookie.encode())] + ([(b"last-event-id", last_id.encode())] if last_id else [])
    asked = {"type": "http", "method": method, "query_string": query.encode(), "headers": headers, **scope}
    task = asyncio.create_task(stream(asked, watcher.receive, watcher.send))
    try:
        await watcher.opened()
        yield watcher
    finally:
        watcher.leave()
        await asyncio.wait([task], timeout=PATIENCE_S)
