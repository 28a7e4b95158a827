"""Pushes arrive fast while parts are killed: each one that was answered 200 is in the inbox once afterwards."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests

from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
SENDERS = 16
# How often a part is killed; each time it comes back while pushes go on.
KILLED = ("web-1", "worker-quick", "valkey", "postgres")
LASTS_S = 4.0


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Its result, from a thread: the browser of other tests keeps its loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


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

    apart(sender.run(LASTS_S, lambda: live_stack.kill(name)))

    spool = Path(live_stack.folder / "var" / "spool")
    wait_until(
        lambda: not list(spool.glob("*.spool")) and sender.answered <= set(in_inbox(live_stack, name)),
        "every push that was answered is in the inbox",
    )
    found = in_inbox(live_stack, name)
    assert len(sender.answered) > 500
    assert sender.refused == []
    assert len(found) == len(set(found))


SIM = "8986011805021000004"
HOSTILE = {
    "truncated": b'{"eventId": "hostile',
    "empty": b"",
    "no UTF-8": b"\xff\xfe{",
    "NUL": b'{"giccid": "8986\\u0000", "x": "\x00"}',
    "deep": b"[" * 100_000,
    "deep inside": b'{"giccid": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge number": b'{"giccid": "%s", "noSessionHours": 1e999999}' % SIM.encode(),
    "long number": b'{"giccid": "%s", "noSessionHours": %s}' % (SIM.encode(), b"9" * 9000),
    "twice the key": b'{"eventId": "hostile-twice", "giccid": "1", "giccid": "%s"}' % SIM.encode(),
    "ahead of time": b'{"eventId": "hostile-ahead", "giccid": "%s", "eventTime": "2999-01-01T00:00:00+0000"}'
    % SIM.encode(),
    "a thousand": json.dumps([{"eventId": f"hostile-{n}", "giccid": SIM} for n in range(1000)]).encode(),
    "said to be packed": b"not packed",
    "packed": gzip.compress(b'{"eventId": "hostile-packed", "giccid": "%s"}' % SIM.encode()),
    "a bomb": gzip.compress(b"[" + b" " * (64 << 20)),
}
# How many connections do each of these, all from one address and all at once.
SILENT, SLOW_HEADS, SLOW_BODIES, TOO_LARGE = 60, 60, 60, 20
GROWTH = 96 << 20


async def attack(port: int, path: str) -> list[bytes]:
    """What each of the connections was told when it was hung up on."""
    slow_head = [f"POST {path} HTTP/1.1\r\nHost: portal\r\n".encode(), *[b"X: y\r\n"] * 60]
    slow_body = [f"POST {path} HTTP/1.1\r\nHost: portal\r\nContent-Length: 60\r\n\r\n".encode(), *[b"{"] * 60]
    large = [f"POST {path} HTTP/1.1\r\nHost: portal\r\nContent-Length: {10 << 20}\r\n\r\n".encode(), bytes(10 << 20)]
    ways = [[]] * SILENT + [slow_head] * SLOW_HEADS + [slow_body] * SLOW_BODIES + [large] * TOO_LARGE
    return await asyncio.gather(*(_until_hung_up(port, parts) for parts in ways))


async def _until_hung_up(port: int, parts: list[bytes]) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(1)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b"reset"
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


def memory(stack: LiveStack) -> int:
    return sum(psutil.Process(pid).memory_info().rss for name, pid in stack.pids.items() if name.startswith("web"))


def push_hostile(url: str) -> list[int]:
    """Each of the bodies, one after another on connections of their own, while the others are at it."""
    packed = {"Content-Encoding": "gzip"}
    found = []
    for name, body in HOSTILE.items():
        headers = {"Content-Type": "image/png"} | (packed if "packed" in name or "bomb" in name else {})
        found.append(requests.post(url, data=body, headers=headers, timeout=20).status_code)
    return found


def test_hostile_senders_and_bodies_hold_nobody_up(live_stack: LiveStack) -> None:
    live_stack.wait_ready()
    token = (live_stack.folder / "var" / "webhook_token").read_text()
    path, port = f"/webhooks/smarthub/{token}/no-session/", int(live_stack.url.rpartition(":")[2])
    wrong = requests.post(live_stack.url + path.replace(token, "wrong"), data=bytes(1 << 20), timeout=20)
    before = memory(live_stack)

    async def at_once() -> tuple[list[bytes], list[int]]:
        attacked = asyncio.create_task(attack(port, path))
        await asyncio.sleep(1)
        pushed = await asyncio.to_thread(push_hostile, live_stack.url + path)
        assert not attacked.done()
        return await attacked, pushed

    told, statuses = apart(at_once())

    assert wrong.status_code == 404
    assert statuses == [200] * len(HOSTILE)
    ends = [answer[:12] for answer in told]
    slow = ends[SILENT:-TOO_LARGE]
    assert (ends[:SILENT], ends[-TOO_LARGE:]) == ([b""] * SILENT, [b"HTTP/1.1 413"] * TOO_LARGE)
    # Who sends at the very moment may see the end of the connection and not its reason.
    assert b"HTTP/1.1 408" in slow[:SLOW_HEADS] and b"HTTP/1.1 408" in slow[SLOW_HEADS:]
    assert {*slow} <= {b"HTTP/1.1 408", b"reset"}
    assert memory(live_stack) - before < GROWTH
    wait_until(lambda: handled(live_stack) >= 1003, "what could be read is handled")
    assert not re.search(r'"status": ?500', (live_stack.folder / "var" / "log" / "web-1.log").read_text())


def handled(stack: LiveStack) -> int:
    """How many of the hostile bodies' events were handled; nothing of them waits."""
    with psycopg.connect(stack.state["database_url"]) as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE state = 'handled'), count(*) FILTER (WHERE state = 'received') "
            "FROM notifications_push WHERE event_key LIKE 'hostile-%'"
        ).fetchone()
    return row[0] if row and not row[1] else 0
