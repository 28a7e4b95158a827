"""The intake asked as a web server would ask it, and the answers it gave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.conf import settings

from notifications.intake.app import PREFIX, Intake

JSON = [(b"content-type", b"application/json")]


class Answer(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: bytes


def address(slug: str = "sim-status", token: str | None = None) -> str:
    return f"{PREFIX}{token or settings.SMARTHUB_WEBHOOK_TOKEN}/{slug}/"


async def ask(
    intake: Intake,
    body: bytes | Iterable[bytes] = b"{}",
    *,
    path: str | None = None,
    method: str = "POST",
    headers: list[tuple[bytes, bytes]] | None = None,
    source: str = "127.0.0.1",
    ends: bool = True,
) -> Answer:
    """One request; a body of several parts comes as chunks, and with `ends` false its end never comes."""
    parts = [body] if isinstance(body, bytes) else list(body)
    scope = {
        "type": "http", "method": method, "path": path or address(), "headers": JSON if headers is None else headers,
        "client": (source, 40000),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        if not parts:
            await asyncio.Event().wait()
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts) or not ends}

    async def send(message: Any) -> None:
        sent.append(message)

    await intake(scope, receive, send)
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"])


def run(work: Callable[[Intake], Any]) -> Any:
    """Give `work` an intake of its own, in a loop of its own."""

    async def alone() -> Any:
        intake = Intake()
        try:
            return await work(intake)
        finally:
            await intake.close()

    return asyncio.run(alone())


def push(payload: Any, slug: str = "sim-status", **options: Any) -> Answer:
    """One push, taken in."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return run(lambda intake: ask(intake, body, path=address(slug), **options))
