"""Journal to browser: VIEWERS open pages on two web processes, EVENTS a second, each a transaction of its own.

A delay is from the commit of an event to the arrival of its row at a page, over all rows and pages. The CPU of the web
processes stands beside that of the barest ASGI stream that sends as many bytes to as many viewers in the same run.
`page_ms`: how long a page of the journal takes with nobody watching, beside the viewers, and beside viewers and events.
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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from benchmarks.portal import portal, say

VIEWERS = int(os.environ.get("BENCH_VIEWERS", 1000))
EVENTS = int(os.environ.get("BENCH_EVENTS", 50))
SECONDS = int(os.environ.get("BENCH_SECONDS", 20))
PROCESSES = 2
SETTLE_S = 3
WARM_S = 2  # a process reads its routes and templates with its first row
PAGES, PAGES_A_SECOND = 200, 25
EVENT = re.compile(rb'data-event="(\d+)"')


class Page:
    """One open page: what came, and when."""

    def __init__(self) -> None:
        self.seen: dict[int, float] = {}
        self.bytes = self.frames = 0

    async def watch(self, port: int, cookie: str, after: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        path = f"/events/stream/?topics=&feed=&after={after}"
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
            self.frames += part.count(b"\n\n")
            whole, _, rest = (rest + part).rpartition(b"</li>")
            for found in EVENT.findall(whole):
                self.seen.setdefault(int(found), at)


@dataclass
class Spent:
    """What a server sent to all pages while it was measured, and the CPU that took."""

    cpu_s: float = 0.0
    bytes: int = 0
    frames: int = 0

    def figures(self, seconds: float) -> dict[str, float]:
        return {
            "cpu_s": round(self.cpu_s, 2),
            "cpu_us_a_kilobyte": round(self.cpu_s * 1e6 * 1024 / self.bytes, 2),
            "frames_a_second_and_page": round(self.frames / VIEWERS / seconds, 2),
            "kilobytes_a_frame": round(self.bytes / self.frames / 1024, 1),
        }


@dataclass
class Watched:
    """All pages of one server."""

    processes: list[psutil.Process]
    pages: list[Page] = field(default_factory=list)
    watches: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, port: int, cookie: str = "", after: int = 0) -> None:
        for _ in range(VIEWERS):
            self.pages.append(Page())
            self.watches.append(asyncio.create_task(self.pages[-1].watch(port, cookie, after)))
            await asyncio.sleep(0.004)
        await asyncio.sleep(SETTLE_S)
        for watch in self.watches:
            if watch.done():
                watch.result()

    def spent(self, before: Spent | None = None) -> Spent:
        """So far, or since then."""
        before = before or Spent()
        return Spent(
            sum(sum(process.cpu_times()[:2]) for process in self.processes) - before.cpu_s,
            sum(page.bytes for page in self.pages) - before.bytes,
            sum(page.frames for page in self.pages) - before.frames,
        )

    async def close(self) -> None:
        for watch in self.watches:
            watch.cancel()
        await asyncio.gather(*self.watches, return_exceptions=True)


def _listening() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(4096)
    bound.set_inheritable(True)
    return bound


@contextmanager
def _served(module: str, **environ: str) -> Iterator[tuple[int, list[psutil.Process]]]:
    """PROCESSES of a web server on one socket."""
    with _listening() as bound:
        command = [sys.executable, "-m", module, str(bound.fileno())]
        started = [
            subprocess.Popen(command, pass_fds=[bound.fileno()], env=os.environ | environ) for _ in range(PROCESSES)
        ]
        time.sleep(4)
        try:
            yield bound.getsockname()[1], [psutil.Process(each.pid) for each in started]
        finally:
            for each in started:
                each.terminate()
            for each in started:
                each.wait(20)


async def _ours(port: int, processes: list[psutil.Process]) -> tuple[dict[str, Any], Spent]:
    cookie, watched = await asyncio.to_thread(_cookie), Watched(processes)
    # A page full of rows, which all come from somewhere.
    after, _ = json.loads(await _run("write", 100, 100))[-1]
    page_ms = {"alone": await _page_ms(port, cookie)}
    await watched.open(port, cookie, after)
    connections = await asyncio.to_thread(_connections)
    say(f"{VIEWERS} pages open, {connections} connections to the database")
    await _written(WARM_S)
    before = watched.spent()
    written = await _written(SECONDS)
    spent = watched.spent(before)
    page_ms["beside_viewers"] = await _page_ms(port, cookie)
    meanwhile = asyncio.create_task(_written(PAGES // PAGES_A_SECOND + 2))
    await asyncio.sleep(1)
    page_ms["beside_viewers_and_events"] = await _page_ms(port, cookie)
    await meanwhile
    await watched.close()
    delays = _delays(watched.pages, written)
    return {
        "database_connections": connections,
        "events": len(written),
        "delay_ms": _summary(delays) | {"goals": {"p50": 300, "p99": 1000}},
        "not_delivered": VIEWERS * len(written) - len(delays),
        "page_ms": page_ms,
    }, spent


async def _theirs(port: int, processes: list[psutil.Process]) -> Spent:
    watched = Watched(processes)
    await watched.open(port)
    before = watched.spent()
    await asyncio.sleep(SECONDS)
    spent = watched.spent(before)
    await watched.close()
    return spent


async def _run(part: str, *arguments: object) -> bytes:
    """A part of this benchmark in a process of its own; the line it prints."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.feed", part, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await started.communicate()
    return out.splitlines()[-1]


async def _written(seconds: int) -> dict[int, float]:
    """Events for so long, by id, with the time of commit; their rows have had time to arrive."""
    written = json.loads(await _run("write", EVENTS * seconds, EVENTS))
    await asyncio.sleep(SETTLE_S)
    return dict(written)


async def _page_ms(port: int, cookie: str) -> dict[str, float]:
    return _summary(json.loads(await _run("pages", port, cookie)))


def _connections() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")
        found: int = cursor.fetchone()[0]
    return found


def _write(number: int, rate: int) -> list[tuple[int, float]]:
    """So many events, so many a second: each id and when it was committed."""
    import django

    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from journal.models import Event
    from journal.record import Cause, NewEvent, record

    written, began = [], time.monotonic()
    for at in range(number):
        time.sleep(max(0.0, began + at / rate - time.monotonic()))
        data = {"old": "356938035643809", "new": str(490154203237518 + at)}
        event = NewEvent("sim.imei", "sim", f"8986011805{at:09}", timezone.now(), at + 1, 1, data)
        with transaction.atomic():
            ids = record([event], cause=Cause(Event.Cause.READ))
        written.append((ids[0], time.time()))
    return written


def _pages(port: str, cookie: str) -> list[float]:
    """How long the journal's page takes, each time on a connection of its own; milliseconds."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/events/", headers={"Cookie": cookie})
    took = []
    for number in range(PAGES + 20):
        began = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            answer.read()
        spent = time.perf_counter() - began
        time.sleep(max(0.0, 1 / PAGES_A_SECOND - spent))
        if number >= 20:
            took.append(spent * 1000)
    return sorted(took)


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


def _summary(sorted_ms: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(sorted_ms, n=100)
    return {name: round(cuts[int(name[1:]) - 1], 1) for name in ("p50", "p95", "p99")} | {
        "max": round(sorted_ms[-1], 1)
    }


def main() -> None:
    with portal(PORTAL_ROLE="command"):
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        with _served("smarthub_portal.web", PORTAL_ROLE="web") as (port, processes):
            found, ours = asyncio.run(_ours(port, processes))
        say(f"{found['events']} events; now the bare stream")
        with _served("benchmarks.bare_stream", BENCH_FRAME=str(ours.bytes // ours.frames)) as (port, processes):
            theirs = asyncio.run(_theirs(port, processes))
    print(
        json.dumps(
            {
                "viewers": VIEWERS, "processes": PROCESSES, "events_a_second": EVENTS, **found,
                "ours": ours.figures(SECONDS), "bare": theirs.figures(SECONDS),
                "cpu_a_byte_of_bare": round((ours.cpu_s / ours.bytes) / (theirs.cpu_s / theirs.bytes), 2), "goal": 2,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", number, rate]:
            print(json.dumps(_write(int(number), int(rate))))
        case ["pages", port, cookie]:
            print(json.dumps(_pages(port, cookie)))
        case _:
            main()
