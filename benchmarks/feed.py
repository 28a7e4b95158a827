"""Journal to browser: VIEWERS open pages on two web processes, EVENTS a second, each a transaction of its own.

A delay is from the commit of an event to the arrival of its row at a page, over all rows and pages. The CPU of the web
processes stands beside that of the barest ASGI stream that sends as many bytes to as many viewers in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.portal import portal, say

VIEWERS = int(os.environ.get("BENCH_VIEWERS", 1000))
EVENTS = int(os.environ.get("BENCH_EVENTS", 50))
SECONDS = int(os.environ.get("BENCH_SECONDS", 20))
PROCESSES = 2
SETTLE_S = 3
WARM_S = 2  # a process reads its routes and templates with its first row
EVENT = re.compile(rb'data-event="(\d+)"')
BARE = [sys.executable, "-m", "uvicorn", "--http", "httptools", "--no-access-log", "--log-level", "error"]


class Page:
    """One open page: what came, and when."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}
        self.bytes = 0

    async def watch(self, port: int, cookie: str, *, path: str = "/events/stream/?feed=") -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        try:
            await self._read(reader)
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while part := await reader.read(2**18):
            at = time.time()
            self.bytes += len(part)
            whole, _, rest = (rest + part).rpartition(b"</li>")
            for found in EVENT.findall(whole):
                self.seen.setdefault(int(found), at)


def _listening() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(4096)
    bound.set_inheritable(True)
    return bound


@contextmanager
def _served(command: list[str], bound: socket.socket, **environ: str) -> Iterator[list[psutil.Process]]:
    """PROCESSES of a web server on one socket."""
    started = [subprocess.Popen(command, pass_fds=[bound.fileno()], env=os.environ | environ) for _ in range(PROCESSES)]
    try:
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(20)


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def _opened(port: int, cookie: str) -> tuple[list[Page], list[asyncio.Task[None]]]:
    pages = [Page() for _ in range(VIEWERS)]
    watches = []
    for page in pages:
        watches.append(asyncio.create_task(page.watch(port, cookie)))
        await asyncio.sleep(0.004)
    await asyncio.sleep(SETTLE_S)
    for watch in watches:
        if watch.done():
            watch.result()
    return pages, watches


async def _ours(port: int, cookie: str, processes: list[psutil.Process]) -> tuple[list[Page], dict[int, float], float]:
    pages, watches = await _opened(port, cookie)
    say(f"{VIEWERS} pages open, {await asyncio.to_thread(_connections)} connections to the database")
    await _written(WARM_S)
    before, sent = _cpu_s(processes), sum(page.bytes for page in pages)
    out = await _written(SECONDS)
    spent, sent = _cpu_s(processes) - before, sum(page.bytes for page in pages) - sent
    for watch in watches:
        watch.cancel()
    written = {int(number): at for number, at in json.loads(out.splitlines()[-1])}
    return pages, written, spent / sent


async def _written(seconds: int) -> bytes:
    """What the writer says of `seconds` of events, when their rows have had time to arrive."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.feed", "write",
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"BENCH_SECONDS": str(seconds)},
    )  # fmt: skip
    out, _ = await writer.communicate()
    await asyncio.sleep(SETTLE_S)
    return out


async def _theirs(port: int, processes: list[psutil.Process]) -> tuple[float, int]:
    pages, watches = await _opened(port, "")
    before, sent = _cpu_s(processes), sum(page.bytes for page in pages)
    await asyncio.sleep(SECONDS)
    spent, sent = _cpu_s(processes) - before, sum(page.bytes for page in pages) - sent
    for watch in watches:
        watch.cancel()
    return spent, sent


def _connections() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")
        found: int = cursor.fetchone()[0]
    return found


def _write() -> None:
    """EVENTS a second for SECONDS; prints each id and when it was committed."""
    import django

    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from journal.models import Event
    from journal.record import Cause, NewEvent, record

    written, began = [], time.monotonic()
    for number in range(EVENTS * SECONDS):
        time.sleep(max(0.0, began + number / EVENTS - time.monotonic()))
        data = {"old": "356938035643809", "new": str(490154203237518 + number)}
        event = NewEvent("sim.imei", "sim", f"8986011805{number:09}", timezone.now(), number + 1, 1, data)
        with transaction.atomic():
            ids = record([event], cause=Cause(Event.Cause.READ))
        written.append((ids[0], time.time()))
    print(json.dumps(written))


def _cookie() -> str:
    from django.test import Client

    from users.models import User

    client = Client()
    client.force_login(User.objects.create_user("bench"))
    return f"sessionid={client.cookies['sessionid'].value}"


def _delays(pages: list[Page], written: dict[int, float]) -> list[float]:
    return sorted(
        (page.seen[number] - at) * 1000 for page in pages for number, at in written.items() if number in page.seen
    )


def main() -> None:
    with portal(PORTAL_ROLE="command"):
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        cookie = _cookie()
        with _listening() as bound:
            command = [sys.executable, "-m", "smarthub_portal.web", str(bound.fileno())]
            with _served(command, bound, PORTAL_ROLE="web") as processes:
                time.sleep(4)
                pages, written, ours = asyncio.run(_ours(bound.getsockname()[1], cookie, processes))
        delays, sent = _delays(pages, written), sum(page.bytes for page in pages)
        say(f"{len(written)} events; now the bare stream")
        frame = sent // VIEWERS // (2 * (SECONDS + WARM_S))
        with _listening() as bound:
            command = [*BARE, "--fd", str(bound.fileno()), "benchmarks.bare_stream:application"]
            with _served(command, bound, BENCH_FRAME=str(frame)) as processes:
                time.sleep(2)
                theirs_s, theirs_sent = asyncio.run(_theirs(bound.getsockname()[1], processes))
    missed = VIEWERS * len(written) - len(delays)
    ratio = ours / (theirs_s / theirs_sent)
    print(
        json.dumps(
            {
                "viewers": VIEWERS, "processes": PROCESSES, "events_a_second": EVENTS, "events": len(written),
                "delay_ms": _summary(delays) | {"goals": {"p50": 300, "p99": 1000}},
                "not_delivered": missed,
                "cpu_us_a_kilobyte": round(ours * 1e6 * 1024, 2),
                "bare_cpu_us_a_kilobyte": round(theirs_s / theirs_sent * 1e6 * 1024, 2),
                "cpu_a_byte_of_bare": round(ratio, 2), "goal": 2,
                "megabytes_sent": round(sent / 2**20, 1),
            }
        )
    )  # fmt: skip


def _summary(delays: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(delays, n=100)
    return {
        "p50": round(cuts[49], 1),
        "p95": round(cuts[94], 1),
        "p99": round(cuts[98], 1),
        "max": round(delays[-1], 1),
    }


if __name__ == "__main__":
    _write() if sys.argv[1:] == ["write"] else main()
