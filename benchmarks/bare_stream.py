"""The peer of the feed: the least ASGI application that sends frames of a given size to all who watch.

Nothing is read, chosen or made; each viewer is sent the same bytes twice a second. Served as the portal is, on a socket
handed on: `python -m benchmarks.bare_stream FD`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import Any

import uvicorn

FRAME = b"data: " + b"x" * int(os.environ.get("BENCH_FRAME", 20_000)) + b"\n\n"
HEADERS = [(b"content-type", b"text/event-stream")]
GAP_S = 0.5


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    leaving = asyncio.create_task(_until_gone(receive))
    while not leaving.done():
        await send({"type": "http.response.body", "body": FRAME, "more_body": True})
        await asyncio.sleep(GAP_S)


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


if __name__ == "__main__":
    config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
