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
    content = drawn(parts, stop) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(content, content_type=content_type)
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


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """An open file to its end, closed then."""
    with file:
        while block := file.read(BLOCK):
            yield block
