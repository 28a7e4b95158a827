"""`/events/stream/`: server-sent events beside Django; an open page costs a socket and no database connection."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import psycopg

from notifications.stream_hub import NO_DATABASE, Hub
from notifications.stream_query import Asked, BadQuery, read_query
from notifications.stream_rows import Viewpoint
from notifications.stream_viewer import BEAT, Viewer, frame, no_way

MOST_VIEWERS = 4000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


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
        viewer = Viewer(person, asked.topics, view, self.hub.log.end, _abort(scope))
        await self._serve(viewer, asked, receive, send)

    async def _serve(self, viewer: Viewer, asked: Asked, receive: Any, send: Any) -> None:
        self.hub.join(viewer)
        leaving = asyncio.create_task(_until_gone(viewer, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._send_frames(viewer, await self._first(viewer, asked), send)
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
        while not viewer.is_over:
            if body:
                await _send(viewer, body, send)
            await viewer.woken.wait()
            viewer.woken.clear()
            body = viewer.take(self.hub.log)
        if not viewer.is_gone:
            await _send(viewer, viewer.last_words or b"", send, more=False)


async def _send(viewer: Viewer, body: bytes, send: Any, *, more: bool = True) -> None:
    viewer.sent_at, viewer.is_sending = time.monotonic(), True
    await send({"type": "http.response.body", "body": body, "more_body": more})
    viewer.is_sending = False


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
    hang_up: Callable[[], None] = scope.get("extensions", {}).get("smarthub.abort", {}).get("call", no_way)
    return hang_up
