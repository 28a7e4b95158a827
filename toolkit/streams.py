"""Long answers sent part by part, with no thread and no connection held while a slow browser takes them in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import IO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

BLOCK = 1 << 18


def _nothing() -> None:
    pass


def streamed(
    request: HttpRequest,
    parts: Iterator[bytes],
    *,
    content_type: str,
    file_name: str,
    length: int | None = None,
    stop: Callable[[], None] = _nothing,
) -> StreamingHttpResponse:
    """An attachment from `parts`. Under ASGI each part is made when the one before has left.

    When the browser goes away, `stop` is called from another thread, to end the part under way.
    """
    shown = iter(()) if request.method == "HEAD" else parts
    content = drawn(shown, stop) if isinstance(request, ASGIRequest) else shown
    response = StreamingHttpResponse(content, content_type=content_type)
    # Also where nobody has asked for the first part; what is drawn has no `close` that Django would find.
    response._resource_closers.append(getattr(parts, "close", _nothing))  # type: ignore[attr-defined]
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"
    if length is not None:
        response["Content-Length"] = str(length)
    return response


async def drawn(parts: Iterator[bytes], stop: Callable[[], None] = _nothing) -> AsyncIterator[bytes]:
    """`parts`, each drawn in the request's thread (Django would collect a plain iterator first)."""
    try:
        while part := await _draw(parts, stop):
            yield part
    finally:
        close = getattr(parts, "close", _nothing)
        await sync_to_async(close)()


async def _draw(parts: Iterator[bytes], stop: Callable[[], None]) -> bytes:
    step = asyncio.ensure_future(sync_to_async(_next)(parts))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await asyncio.to_thread(stop)
        with suppress(Exception):
            await step
        raise


def _next(parts: Iterator[bytes]) -> bytes:
    return next(parts, b"")


class Blocks(Iterator[bytes]):
    """An open file in blocks; closed at its end, or with the answer it was meant for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __next__(self) -> bytes:
        block = b"" if self._file.closed else self._file.read(BLOCK)
        if not block:
            self.close()
            raise StopIteration
        return block

    def close(self) -> None:
        self._file.close()
