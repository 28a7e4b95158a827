"""Durable intake at 32 connections: pushes a second and p99, beside a plain Django view and a bare handler.

One process each, one after the other, on the same database; ours is a whole web process of the portal. `memory_mb` is
what that holds after each tenth of many pushes. `queued`: pushes about as many SIMs that wait already, taken apart and
settled, with the SIMs read from a simulated carrier at its rate.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import uvloop

from benchmarks.portal import portal, say

CONNECTIONS = 32
SECONDS = float(os.environ.get("BENCH_SECONDS", 10))
PUSHES = int(os.environ.get("BENCH_PUSHES", 1_000_000))
QUEUED = int(os.environ.get("BENCH_QUEUED", 100_000))
RATE_PER_MINUTE = 600
PEERS = ("django", "bare", "portal")


def run() -> dict[str, Any]:
    with portal(PORTAL_ROLE="web", SMARTHUB_WEBHOOK_TOKEN="t" * 40, SMARTHUB_RATE_PER_MINUTE=str(RATE_PER_MINUTE)):
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        found = {name: _measure(name) for name in PEERS}
        ours, plain, bare = (found[name]["pushes_per_s"] for name in ("portal", "django", "bare"))
        return {
            "connections": CONNECTIONS,
            **found,
            "times_django": round(ours / plain, 2),
            "times_bare": round(ours / bare, 3),
            "memory_mb": _memory(),
            "queued": _queued(),
        }


def _measure(name: str) -> dict[str, Any]:
    with _served(name) as (port, process):
        uvloop.run(_load(port, 1.0, None))
        before = _cpu_s(process)
        took = uvloop.run(_load(port, SECONDS, None))
        spent = _cpu_s(process) - before
    took.sort()
    figures = {
        "pushes_per_s": round(len(took) / SECONDS),
        "cpu_us_a_push": round(spent / len(took) * 1e6),
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
    }
    say(f"{name}: {figures}")
    return figures


def _cpu_s(process: subprocess.Popen[bytes]) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def _memory() -> list[int]:
    """Of our web process, after each tenth of many pushes."""
    with _served("portal") as (port, process):
        found = []
        for _ in range(10):
            uvloop.run(_load(port, 3600, PUSHES // 10))
            found.append(round(psutil.Process(process.pid).memory_info().rss / 2**20))
    say(f"memory after each tenth of {PUSHES:,}: {found}")
    return found


@contextmanager
def _served(name: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.set_inheritable(True)
    served = ["smarthub_portal.web"] if name == "portal" else ["benchmarks.intake_peers", name]
    command = [sys.executable, "-m", *served, str(listener.fileno())]
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.intake_settings"}
    process = subprocess.Popen(command, pass_fds=[listener.fileno()], env=environ, stdout=sys.stderr)
    try:
        yield port, process
    finally:
        process.terminate()
        process.wait()
        listener.close()


async def _load(port: int, seconds: float, most: int | None) -> list[float]:
    """How long each push took, from all connections."""
    took: list[float] = []
    ends_at = time.perf_counter() + seconds
    each = most // CONNECTIONS if most else None
    await asyncio.gather(*(_send(port, number, ends_at, each, took) for number in range(CONNECTIONS)))
    return took


async def _send(port: int, number: int, ends_at: float, most: int | None, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /webhooks/smarthub/{'t' * 40}/mt-sms-report/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    )
    sent = 0
    while time.perf_counter() < ends_at and (most is None or sent < most):
        body = json.dumps({"eventId": f"{number}-{sent}", "giccid": "8986011805021000004", "content": "x" * 120})
        started = time.perf_counter()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        await _rest(reader, answer.lower())
        took.append(time.perf_counter() - started)
        sent += 1
    writer.close()


async def _rest(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"content-length: " in head:
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    else:
        await reader.readuntil(b"0\r\n\r\n")


def _queued() -> dict[str, Any]:
    """Pushes about as many SIMs that wait already, as fast as the worker settles them."""
    from django.conf import settings
    from django.db import connection

    from notifications.models import Push
    from tests.simulated import Simulated

    with Simulated.started("--sims", str(QUEUED), "--quiet") as simulated:
        settings.SMARTHUB_BASE_URL, settings.SMARTHUB_API_KEY = simulated.base_url, simulated.key
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE notifications_delivery, notifications_untaken, notifications_push")
            cursor.execute(QUEUE, [QUEUED])
        started, worked = time.perf_counter(), time.process_time()
        _work_out()
        spent, worked = time.perf_counter() - started, time.process_time() - worked
        assert not Push.objects.filter(state="received").exists()
    figures = {
        "pushes": QUEUED,
        "pushes_per_s": round(QUEUED / spent),
        "cpu_us_a_push": round(worked / QUEUED * 1e6),
        "at_the_rate": RATE_PER_MINUTE * 100 // 60,
    }
    say(f"queued: {figures}")
    return figures


def _work_out() -> None:
    """Both turns at once, as two threads of the worker have them."""
    from notifications.pushes import work

    def take() -> None:
        while work.take_slice():
            pass

    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(take)
        while work.read_slice() or not taking.done():
            time.sleep(0.05)


QUEUE = """
WITH made AS (
    INSERT INTO notifications_delivery (received_at, id, slug, headers, body)
    SELECT timestamptz '1970-01-01 00:00:00+00' + (id >> 10) * interval '1 microsecond', id, 'cycle-usage', '[]',
        convert_to(json_build_object('eventId', 'queued-' || n, 'giccid', '8986011805022' || lpad(n::text, 6, '0'),
            'threshold', 80.0, 'currentUsage', 80.4)::text, 'UTF8')
    FROM (
        SELECT n, ((extract(epoch FROM now()) * 1000000)::bigint - 60000000 + n) << 10 AS id
        FROM generate_series(1, %s) AS n
    ) AS numbered
    RETURNING received_at, id, slug
)
INSERT INTO notifications_untaken (received_at, id, slug) SELECT received_at, id, slug FROM made
"""


if __name__ == "__main__":
    print(json.dumps(run()))
