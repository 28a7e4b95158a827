"""The intake: POST /webhooks/smarthub/<token>/<slug>/, beside Django.

200 is said only for what is on disk. Whatever the body is, it is kept as it came; making sense of it is the worker's.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from notifications.intake.bell import Bell
from notifications.intake.body import LIMIT, SenderGone, TooLarge, TooSlow, read_body, throw_away
from notifications.intake.committer import Committer
from notifications.intake.drain import spool_folder
from notifications.intake.receipt import CannotKeep
from notifications.intake.sender import is_signed, may_send
from notifications.intake.spool import Spool
from notifications.intake.tokens import Tokens

PREFIX = "/webhooks/smarthub/"
# Bodies of a process that wait for their commit; more than this can be kept nowhere.
HELD = 64 << 20
_ADDRESS = re.compile(r"([^/]{1,200})/([a-z0-9][a-z0-9._-]{0,63})/?", re.IGNORECASE)
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def _answer(status: int, words: str, *headers: tuple[bytes, bytes]) -> Answer:
    body = msgspec.json.encode({"status": words})
    return Answer(status, body, (_JSON, (b"content-length", str(len(body)).encode()), *headers))


TAKEN = _answer(200, "ok")
NOT_FOUND = _answer(404, "no such address", _CLOSE)
NOT_POST = _answer(405, "POST only", (b"allow", b"POST"), _CLOSE)
NOT_ALLOWED = _answer(403, "not from this sender", _CLOSE)
TOO_LARGE = _answer(413, f"at most {LIMIT // 1024} KiB", _CLOSE)
TOO_SLOW = _answer(408, "the body did not come in time", _CLOSE)
NO_ROOM = _answer(503, "it could be kept nowhere, send it again", (b"retry-after", b"60"), _CLOSE)


class Intake:
    """The ASGI handler; one an event loop."""

    def __init__(self) -> None:
        self._tokens = Tokens()
        self._held = 0
        self._committer: Committer | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except SenderGone:
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body if scope["method"] != "HEAD" else b""})

    async def close(self) -> None:
        """Stop working; what was answered is on disk already."""
        if self._committer is not None:
            await self._committer.close()

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        headers = dict(scope["headers"])
        address = _ADDRESS.fullmatch(scope["path"], len(PREFIX))
        refusal = self._refusal(address[1], scope) if address else NOT_FOUND
        if address is None or refusal is not None:
            await throw_away(headers, receive)
            return refusal or NOT_FOUND
        try:
            body = await read_body(headers, receive)
        except TooLarge:
            return TOO_LARGE
        except TooSlow:
            return TOO_SLOW
        if not is_signed(headers, body):
            return NOT_ALLOWED
        return await self._keep(address[2].lower(), _source(scope), _headers_as_json(scope["headers"]), body)

    def _refusal(self, token: str, scope: Any) -> Answer | None:
        """Why nothing of it is taken, whatever its body is."""
        if not self._tokens.accepts(token):
            return NOT_FOUND
        if scope["method"] != "POST":
            return NOT_POST
        return None if may_send(_source(scope)) else NOT_ALLOWED

    async def _keep(self, slug: str, source: str, headers: bytes, body: bytes) -> Answer:
        size = len(body) + len(headers)
        if self._held + size > HELD:
            return NO_ROOM
        self._held += size
        try:
            await self._get_committer().keep(slug, source, headers, body)
        except CannotKeep:
            return NO_ROOM
        finally:
            self._held -= size
        return TAKEN

    def _get_committer(self) -> Committer:
        if self._committer is None:
            self._committer = Committer(Spool(spool_folder()), Bell(_wake).want)
        return self._committer


def _source(scope: Any) -> str:
    return str((scope.get("client") or ("",))[0])


def _headers_as_json(headers: Any) -> bytes:
    return msgspec.json.encode([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _wake() -> None:
    from notifications.tasks import take_pushes

    take_pushes.delay()
