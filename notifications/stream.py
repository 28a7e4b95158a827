"""`/events/stream/`: server-sent events beside Django; an open page costs a socket and no database connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import psycopg

from notifications.stream_hub import NO_DATABASE, Hub
from notifications.stream_query import Asked, BadQuery, read_query
from notifications.stream_rows import Viewpoint
from notifications.stream_viewer import Viewer, frame

GAP_S = 0.5  # at most two frames a second for each viewer
BEAT_S = 15
SLOW_S = 10
MOST_VIEWERS = 4000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
BEAT = frame("beat", b"")


class EventStream:
    """The ASGI application. 401 for who is not signed in, 503 while it ends, is full or cannot ask the database."""

    def __init__(self) -> None:
        self.hub = Hub()

    def end(self) -> None:
        """Let go of every viewer, so that a stop does not wait for them."""
        self.hub.end()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] != "GET":
            await _refuse(send, 405, "Only GET.", (b"allow", b"GET"))
            return
        headers = dict(scope["headers"])
        try:
            asked = read_query(scope["query_string"], headers.get(b"last-event-id", b"").decode("latin-1").strip())
        except BadQuery as error:
            await _refuse(send, 400, str(error))
            return
        if self.hub.is_ending or len(self.hub.viewers) >= MOST_VIEWERS:
            await _refuse(send, 503, "No place for a stream now.", (b"retry-after", b"5"))
            return
        try:
            person = await self.hub.access.person(headers.get(b"cookie", b"").decode("latin-1"))
        except (psycopg.Error, OSError):
            await _refuse(send, 503, "The database cannot be asked now.", (b"retry-after", b"5"))
            return
        if person is None:
            await _refuse(send, 401, "Sign in first.")
            return
        view = None if asked.rows is None else Viewpoint(asked.rows, person.scope)
        viewer = Viewer(person, asked.topics, view, self.hub.log.end)
        await self._serve(viewer, asked, receive, send, _abort(scope))

    async def _serve(self, viewer: Viewer, asked: Asked, receive: Any, send: Any, abort: Callable[[], None]) -> None:
        self.hub.join(viewer)
        leaving = asyncio.create_task(_until_gone(viewer, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._send_frames(viewer, await self._first(viewer, asked), send)
        except SlowBrowser:
            abort()
        finally:
            leaving.cancel()
            self.hub.leave(viewer)

    async def _first(self, viewer: Viewer, asked: Asked) -> bytes:
        """When to come back, spread so that not all come at once, and what the page has missed."""
        greeting = b"retry: %d\n\n" % random.randint(1000, 5000) + BEAT  # noqa: S311
        if viewer.view is None or asked.after is None:
            return greeting
        try:
            missed = await self.hub.replay(asked.after)
        except NO_DATABASE:
            missed = None
        if missed is None:
            return greeting + frame("refresh", b"too old")
        newest_id = max([asked.after, *(row.id for row in missed)])
        frames = viewer.rows_frames(missed, newest_id)
        viewer.has_seen = frozenset(row.id for row in missed if not row.count)
        return greeting + frames

    async def _send_frames(self, viewer: Viewer, body: bytes, send: Any) -> None:
        clock = asyncio.get_running_loop().time
        # A greeting is no news: what was rung for while the page was on its way follows it at once.
        gap_s = 0.0 if viewer.view is None else GAP_S
        while not viewer.is_over:
            await _send(send, body)
            sent_at, body = clock(), b""
            while not body and not viewer.is_over:
                body = await self._next(viewer, sent_at, gap_s)
            gap_s = GAP_S
        if not viewer.is_gone:
            await _send(send, viewer.last_words or b"", more=False)

    async def _next(self, viewer: Viewer, sent_at: float, gap_s: float) -> bytes:
        """What waits for the viewer, `gap_s` after the last; a beat where nothing does."""
        try:
            async with asyncio.timeout_at(sent_at + BEAT_S):
                await viewer.woken.wait()
        except TimeoutError:
            return BEAT
        await asyncio.sleep(0 if viewer.is_over else sent_at + gap_s - asyncio.get_running_loop().time())
        viewer.woken.clear()
        return viewer.take(self.hub.log)


class SlowBrowser(Exception):
    """Its buffers were full for too long."""


async def _send(send: Any, body: bytes, *, more: bool = True) -> None:
    try:
        async with asyncio.timeout(SLOW_S):
            await send({"type": "http.response.body", "body": body, "more_body": more})
    except TimeoutError:
        raise SlowBrowser from None


async def _until_gone(viewer: Viewer, receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.leave()


async def _refuse(send: Any, status: int, words: str, *headers: tuple[bytes, bytes]) -> None:
    body = words.encode()
    length = (b"content-length", str(len(body)).encode())
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": status, "headers": [kind, length, *headers]})
    await send({"type": "http.response.body", "body": body})


def _abort(scope: Any) -> Callable[[], None]:
    """How to hang up on a browser that takes nothing: a plain close would wait for it."""
    hang_up: Callable[[], None] = scope.get("extensions", {}).get("smarthub.abort", {}).get("call", lambda: None)
    return hang_up
