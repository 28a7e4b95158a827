"""The ASGI application: finds the operation, checks the key, answers, and misbehaves when told to."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import msgspec

from simulator import control, tolerance
from simulator.errors import ApiError, UnknownId
from simulator.faults import AFTER, MANGLED, Fault, answer_of, mangle
from simulator.limits import READONLY, rights_of
from simulator.query import UNREADABLE, Request
from simulator.reply import Reply, problem
from simulator.routes import Operation, match
from simulator.world import World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
TRANSPORT = "simulator.transport"
_TICK_S = 0.1


class Hang(Exception):
    """No answer: `closes` says whether the connection is cut or kept open in silence."""

    def __init__(self, closes: bool) -> None:
        super().__init__(closes)
        self.closes = closes


class App:
    """Serves `/v1` as the carrier and `/_sim` as the control panel of the simulation."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request.read(scope["method"], scope["raw_path"], scope["query_string"])
        for name, value in scope["headers"]:
            if name == b"x-api-key":
                request.key = value.decode("latin-1")
            elif name == b"host":
                request.host = value.decode("latin-1")
        if request.method != "GET":
            request.body = await _body(receive)
        self.world.clock.run_due()
        if request.segments[0] == "_sim":
            await self._send(await control.answer(self.world, request), send)
            return
        if self.world.knobs.latency:
            await asyncio.sleep(self.world.knobs.latency)
        try:
            answer, fault = self._carry_out(request, scope)
        except Hang as hang:
            await _hang(hang, scope, receive)
            return
        if fault is not None and fault.kind == "truncated":
            await self._send_half(answer, scope, receive, send)
            return
        await self._send(answer, send)

    def _carry_out(self, request: Request, scope: Scope) -> tuple[Reply, Fault | None]:
        """The answer to a request of the carrier's API, with the fault that has struck it."""
        entry = {"operation": "-", "method": request.method, "path": scope["raw_path"].decode("latin-1")}
        headers: dict[str, str] = {}
        fault = None
        try:
            if request.segments.pop(0) != "v1":
                raise ApiError(404)
            request.segments = request.segments or [""]
            rights = rights_of(request.key, self.world.options.keys)
            headers = self.world.limiter.admit(request.key, self.world.knobs, self.world.clock.now())
            operation = match(request)
            entry["operation"], entry["name"] = operation.id, operation.name
            if rights == READONLY and operation.method != "GET":
                raise ApiError(403)
            fault = self.world.faults.next(operation.id, operation.name)
            answer = self._answer(operation, request, fault, scope)
        except ApiError as error:
            answer = problem(error)
        finally:
            self._record(entry, request)
        entry["status"] = answer.status
        answer.headers.update(headers)
        return answer, fault

    def _answer(self, operation: Operation, request: Request, fault: Fault | None, scope: Scope) -> Reply:
        if fault is not None and fault.kind not in AFTER:
            if fault.kind in ("timeout", "reset"):
                raise Hang(closes=fault.kind == "reset")
            return answer_of(fault, _target(scope), request.host)
        try:
            answer = operation.handler(self.world, request)
        except UnknownId as unknown:
            answer = problem(unknown.answer(self.world.knobs.not_found_as_422))
        except ApiError as error:
            answer = problem(error)
        if self.world.knobs.extra_fields and answer.status == 200:
            answer = tolerance.with_extra_fields(answer)
        if fault is None:
            return answer
        if fault.kind in MANGLED:
            return mangle(fault.kind, answer)
        raise Hang(closes=fault.kind == "reset_after")

    def _record(self, entry: dict[str, Any], request: Request) -> None:
        entry["at"] = self.world.clock.now()
        entry["host"] = request.host
        entry["hasKey"] = bool(request.key)
        if request.query:
            entry["query"] = request.query
        entry["giccids"] = _giccids(request, entry["operation"])
        self.world.recorder.request(entry)

    async def _send(self, answer: Reply, send: Send) -> None:
        headers = self._headers(answer, len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _send_half(self, answer: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise the whole body, send half of it, close."""
        headers = self._headers(answer, len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        scope["extensions"][TRANSPORT].close()
        await _gone(receive)

    def _headers(self, answer: Reply, length: int) -> list[tuple[bytes, bytes]]:
        """The date is the carrier's own: clients learn the difference of the clocks from it."""
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(length).encode()),
            (b"date", formatdate(self.world.clock.second(), usegmt=True).encode()),
        ]
        return headers + [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        ticking: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                ticking = asyncio.create_task(self._tick())
                await send({"type": "lifespan.startup.complete"})
            else:
                if ticking is not None:
                    ticking.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _tick(self) -> None:
        while True:
            self.world.clock.run_due()
            await asyncio.sleep(_TICK_S)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang(hang: Hang, scope: Scope, receive: Receive) -> None:
    """Wait until the client gives up, or the simulator stops."""
    transport = scope["extensions"][TRANSPORT]
    if hang.closes:
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    try:
        await _gone(receive)
    except asyncio.CancelledError:
        transport.abort()
        await asyncio.sleep(0)


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1").split("?", 1)[0]
    return f"{path}?{query}" if query else path


def _giccids(request: Request, operation: str) -> list[str]:
    """The SIMs a request names, in its path, query or body."""
    if operation.startswith("S") and len(request.segments) > 1 and request.segments[1] != "changeLogs":
        return [request.segments[1]]
    if request.query.get("giccids"):
        return request.query["giccids"].split(",")
    if operation[0] not in "BM" or not request.body:
        return []
    try:
        body = msgspec.json.decode(request.body)
    except UNREADABLE:
        return []
    if not isinstance(body, dict):
        return []
    many = body.get("giccids")
    named = many if isinstance(many, list) else [body.get("toGiccid")]
    return [giccid for giccid in named if isinstance(giccid, str)]
