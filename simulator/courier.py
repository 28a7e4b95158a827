"""Delivers pushes as contract 9.3 says: any 2xx is taken, else again after 1, 5 and 15 minutes; loopback only."""

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from simulator.clock import Clock
from simulator.settings import Knobs

RETRY_AFTER_S = (60, 300, 900)
_AT_ONCE = 16
_KEPT = 10_000


class Target(NamedTuple):
    """The receiver's base address; empty when nobody listens."""

    host: str = ""
    port: int = 80
    path: str = "/"
    secret: str = ""

    @classmethod
    def parse(cls, url: str, secret: str = "") -> "Target":
        """Raises ValueError unless the address is plain http on loopback."""
        if not url:
            return cls(secret=secret)
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or not _is_loopback(parts.hostname):
            raise ValueError("pushes go to http addresses on loopback only")
        return cls(parts.hostname, parts.port or 80, parts.path.rstrip("/") + "/", secret)


@dataclass(slots=True)
class Delivery:
    slug: str
    payload: dict[str, Any]
    body: bytes
    state: str = "pending"
    attempts: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "eventId": self.payload["eventId"],
            "state": self.state,
            "attempts": self.attempts,
            "payload": self.payload,
        }


class Courier:
    """Hands events to the receiver; state is pending, waiting, delivered, dropped or no_target."""

    def __init__(self, clock: Clock, target: Target, knobs: Knobs) -> None:
        self.target = target
        self.deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()
        self._clock, self._knobs = clock, knobs
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._is_closed = False

    def send(self, slug: str, payload: dict[str, Any]) -> None:
        delivery = Delivery(slug, payload, msgspec.json.encode(payload))
        self.deliveries.append(delivery)
        self.counts[slug] += 1
        if self.target.host:
            self._start(delivery)
        else:
            delivery.state = "no_target"

    def close(self) -> None:
        self._is_closed = True
        for task in self._tasks:
            task.cancel()

    async def settled(self, timeout: float) -> None:
        """Wait until no attempt is under way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    def _start(self, delivery: Delivery) -> None:
        if self._is_closed:
            return
        delivery.state = "pending"
        task = asyncio.get_running_loop().create_task(self._attempt(delivery, self._clock.now()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, delivery: Delivery, started: float) -> None:
        attempt: dict[str, Any] = {"at": started, "status": None, "error": None}
        async with self._slots:
            try:
                async with asyncio.timeout(self._knobs.push_timeout):
                    attempt["status"] = await _post(self.target, delivery, int(started))
            except TimeoutError:
                attempt["error"] = "timeout"
            except (OSError, ValueError, EOFError) as error:
                attempt["error"] = type(error).__name__
        delivery.attempts.append(attempt)
        self._judge(delivery, attempt, started)

    def _judge(self, delivery: Delivery, attempt: dict[str, Any], started: float) -> None:
        if attempt["status"] is not None and 200 <= attempt["status"] < 300:
            delivery.state = "delivered"
        elif len(delivery.attempts) > len(RETRY_AFTER_S):
            delivery.state = "dropped"
        else:
            delivery.state = "waiting"
            due = started + RETRY_AFTER_S[len(delivery.attempts) - 1]
            self._clock.call_at(due, lambda: self._start(delivery))


def signature(secret: str, timestamp: int, body: bytes) -> str:
    signed = str(timestamp).encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


async def _post(target: Target, delivery: Delivery, timestamp: int) -> int:
    """The status of one POST; redirects are not followed and the answer's body is ignored."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        writer.write(_request(target, delivery, timestamp))
        await writer.drain()
        status_line = await reader.readline()
        return int(status_line.split(b" ", 2)[1]) if status_line.startswith(b"HTTP/1.") else _not_http()
    finally:
        writer.close()


def _not_http() -> int:
    raise ValueError("the receiver does not speak HTTP")


def _request(target: Target, delivery: Delivery, timestamp: int) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [
        f"POST {target.path}{delivery.slug}/ HTTP/1.1",
        f"Host: {host}:{target.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(delivery.body)}",
        "User-Agent: SmartHub-Push",
        "Connection: close",
    ]
    if target.secret:
        lines.append(f"X-SmartHub-Timestamp: {timestamp}")
        lines.append(f"X-SmartHub-Signature: {signature(target.secret, timestamp, delivery.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + delivery.body


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
