"""Pushes arrive fast while parts are killed: each one that was answered 200 is in the inbox once afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
SENDERS = 16
# How often a part is killed; each time it comes back while pushes go on.
KILLED = ("web-1", "worker-quick", "valkey", "postgres")
LASTS_S = 4.0


@dataclass
class Sender:
    """Sends pushes over plain sockets as fast as they are answered, each with an id of its own."""

    port: int
    path: str
    prefix: str
    answered: set[str] = field(default_factory=set)
    sent: int = 0
    refused: list[int] = field(default_factory=list)

    async def run(self, seconds: float, during: Callable[[], None]) -> None:
        ends_at = asyncio.get_running_loop().time() + seconds
        senders = [asyncio.create_task(self._send_until(ends_at)) for _ in range(SENDERS)]
        await asyncio.sleep(seconds / 4)
        await asyncio.to_thread(during)
        await asyncio.gather(*senders)

    async def _send_until(self, ends_at: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < ends_at:
            try:
                async with asyncio.timeout(12):
                    await self._connection(ends_at)
            except (OSError, EOFError, TimeoutError, IndexError):
                await asyncio.sleep(0.02)  # killed under our hands: what had no answer may be there or not

    async def _connection(self, ends_at: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while asyncio.get_running_loop().time() < ends_at:
                self.sent += 1
                await self._push(reader, writer, f"{self.prefix}-{self.sent}")
        finally:
            writer.close()

    async def _push(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        body = f'{{"eventId":"{name}","giccid":"8986011805021000004","smsMsgId":"{name}","status":"odd"}}'.encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: portal\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        status = int(answer.split(b" ", 2)[1])
        if status == 200:
            self.answered.add(name)
        else:
            self.refused.append(status)


def kill(stack: LiveStack, name: str) -> None:
    before = stack.pids[name]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: stack.pids.get(name, before) != before, f"{name} is back")


def in_inbox(stack: LiveStack, prefix: str) -> list[str]:
    """The event ids of the pushes in the inbox, repeats and all."""
    with psycopg.connect(stack.state["database_url"]) as connection:
        rows = connection.execute(
            "SELECT event_key FROM notifications_push WHERE event_key LIKE %s", [f"{prefix}-%"]
        ).fetchall()
        waiting = connection.execute("SELECT count(*) FROM notifications_untaken").fetchone()
    return [row[0] for row in rows] if waiting == (0,) else []


@pytest.mark.parametrize("name", KILLED)
def test_every_push_answered_200_is_in_the_inbox_once(live_stack: LiveStack, name: str) -> None:
    live_stack.wait_ready()
    token = (live_stack.folder / "var" / "webhook_token").read_text()
    port = int(live_stack.url.rpartition(":")[2])
    sender = Sender(port, f"/webhooks/smarthub/{token}/mt-sms-report/", name)

    asyncio.run(sender.run(LASTS_S, lambda: kill(live_stack, name)))

    spool = Path(live_stack.folder / "var" / "spool")
    wait_until(
        lambda: not list(spool.glob("*.spool")) and sender.answered <= set(in_inbox(live_stack, name)),
        "every push that was answered is in the inbox",
    )
    found = in_inbox(live_stack, name)
    assert len(sender.answered) > 500
    assert sender.refused == []
    assert len(found) == len(set(found))
