"""Reading a request's body: whole, in time and within the limit, or not at all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

LIMIT = 256 * 1024
# What comes after the limit is read and thrown away, so that the sender gets to see why it is refused.
THROWN_AWAY = 32 << 20
PATIENCE_S = 10.0
REFUSED_PATIENCE_S = 2.0


class TooLarge(Exception):
    pass


class TooSlow(Exception):
    pass


class SenderGone(Exception):
    pass


async def read_body(headers: dict[bytes, bytes], receive: Any) -> bytes:
    """The body as it was sent. Raises TooLarge, TooSlow, SenderGone."""
    announced = headers.get(b"content-length", b"")
    if len(announced) > 15 or (announced.isdigit() and int(announced) > LIMIT and b"expect" in headers):
        raise TooLarge  # who asks before sending is told at once
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _read(receive)
    except TimeoutError:
        raise TooSlow from None


async def throw_away(headers: dict[bytes, bytes], receive: Any) -> None:
    """Read what somebody who is refused is still sending, for a moment: a connection closed meanwhile would take the
    answer with it. Who asks before sending sends nothing."""
    if b"expect" in headers:
        return
    with suppress(TooLarge, SenderGone, TimeoutError):
        async with asyncio.timeout(REFUSED_PATIENCE_S):
            await _read(receive)


async def _read(receive: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise SenderGone
        part = message.get("body", b"")
        size += len(part)
        if size <= LIMIT:
            parts.append(part)
        elif parts:
            parts.clear()
        if not message.get("more_body"):
            break
        if size > THROWN_AWAY:
            raise TooLarge
    if size > LIMIT:
        raise TooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)
