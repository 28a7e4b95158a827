"""Sends one operation as its row says: governor, redirects, retries, errors."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from smarthub import answers, operations
from smarthub.base_url import check_base_url
from smarthub.connections import KeyAuth
from smarthub.errors import CarrierError, ProtocolError, RateLimited, TransportError
from smarthub.exchange import Exchange, Lost, Oversized, Received
from smarthub.governor import Governor, Unlimited
from smarthub.models.replies import Reply
from smarthub.operations import OPERATIONS, RETRIES, Operation
from smarthub.targets import build_path, build_query, redirected, refused

UNAVAILABLE = (502, 503, 504)
REDIRECTS_OF_GET = (301, 302, 307)
REDIRECTS_OF_CHANGE = (307,)


class Answered(NamedTuple):
    """A success as it came."""

    body: bytes
    reply: Reply


class Limits(NamedTuple):
    """Seconds: to connect, between two bytes, for one whole answer, and for a call with all its retries."""

    connect_s: float = operations.CONNECT_TIMEOUT_S
    read_s: float = operations.READ_TIMEOUT_S
    answer_s: float = operations.ANSWER_LIMIT_S
    call_s: float | None = None


class Transport:
    """One carrier, one key; several threads may send at once."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        governor: Governor | None = None,
        limits: Limits,
        pool_size: int = 8,
        version: str = "0",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.auth = KeyAuth(api_key)
        self.governor: Governor = governor or Unlimited()
        self.limits = limits
        self.sleep = sleep
        self.exchange = Exchange(self.auth, urlsplit(self.base_url).hostname or "", version, pool_size)

    def __repr__(self) -> str:
        return f"<Transport to {self.base_url}>"

    def send(
        self,
        name: str,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answered:
        """The success of one operation, or what `errors` lists. Parameters under our names; None is not sent."""
        row = OPERATIONS[name]
        url = self.base_url + build_path(row, path or {}) + build_query(row, query or {})
        return _Call(self, row, url, _content(row, body)).run()


def _content(row: Operation, body: Mapping[str, Any] | None) -> bytes | None:
    if body is None:
        return None
    try:
        return msgspec.json.encode({row.body[name]: value for name, value in body.items() if value is not None})
    except UnicodeEncodeError:
        raise refused(row.name, "body", "A text holds broken characters.") from None


class _Call:
    """One call under way: its attempts, and what each failure means for the next."""

    def __init__(self, transport: Transport, row: Operation, url: str, content: bytes | None) -> None:
        self._transport = transport
        self._row = row
        self._url = url
        self._content = content
        self._attempts = 0
        self._may_have_arrived = False
        self._started = time.monotonic()

    def run(self) -> Answered:
        while True:
            outcome = self._followed()
            if isinstance(outcome, Received) and 200 <= outcome.status < 300:
                return Answered(outcome.body, self._reply(outcome.asked_at, outcome.headers))
            error = self._in_all(self._error(outcome))
            delay = self._delay(outcome)
            if delay is None:
                raise error
            self._transport.sleep(delay)

    def _in_all(self, error: CarrierError) -> CarrierError:
        """The error of the last attempt as one of the whole call; where it says nothing of an earlier one, that stays
        unknown."""
        if self._may_have_arrived and isinstance(error, TransportError | RateLimited):
            error.is_sent = error.is_outcome_unknown = True
        self._may_have_arrived |= error.is_outcome_unknown
        return error

    def _delay(self, outcome: Received | Lost | Oversized) -> float | None:
        """Seconds before the next attempt, None where there is to be none."""
        retries, wait = RETRIES[self._row.retry], 0.0
        if isinstance(outcome, Oversized):
            return None
        if isinstance(outcome, Lost):
            allowed = retries.lost if outcome.is_sent else retries.connect
        elif outcome.status == 429:
            allowed = retries.throttled
            wait = min(_retry_after_s(outcome), operations.MAX_RETRY_AFTER_S)
            self._transport.governor.throttled(wait)
        else:
            allowed = retries.unavailable if outcome.status in UNAVAILABLE else 0
        if self._attempts > allowed:
            return None
        delay = wait or _backoff_s(self._attempts - 1)
        return delay if delay < self._remaining_s() else None

    def _followed(self) -> Received | Lost | Oversized:
        self._attempts += 1
        url, hops = self._url, 0
        while True:
            self._wait_for_turn()
            outcome = self._asked(url)
            if not isinstance(outcome, Received) or not 300 <= outcome.status < 400:
                return outcome
            hops += 1
            url = self._redirect_target(url, outcome, hops)

    def _redirect_target(self, url: str, received: Received, hops: int) -> str:
        is_get = self._row.method == "GET"
        allowed = REDIRECTS_OF_GET if is_get else REDIRECTS_OF_CHANGE
        most = operations.MAX_REDIRECTS if is_get else 1
        target = redirected(url, received.headers.get("Location"))
        if received.status not in allowed or hops > most or target is None:
            raise self._protocol_error("Redirected where this client does not go", received)
        return target

    def _wait_for_turn(self) -> None:
        try:
            self._transport.governor.acquire()
        except Exception:
            if not self._may_have_arrived:
                raise
            title = "No complete answer came, and no turn for another attempt"
            raise TransportError(self._row.name, is_sent=True, title=title) from None

    def _asked(self, url: str) -> Received | Lost | Oversized:
        limits, remaining = self._transport.limits, self._remaining_s()
        if remaining <= 0:
            return Lost(is_sent=False, asked_at=datetime.now(UTC))
        timeout = (min(limits.connect_s, remaining), min(limits.read_s, remaining))
        limit_s = min(limits.answer_s, remaining)
        outcome = self._transport.exchange.ask(self._row.method, url, self._content, timeout, limit_s)
        if isinstance(outcome, Received):
            return outcome._replace(status=answers.status_told(outcome.status, outcome.body))
        return outcome

    def _remaining_s(self) -> float:
        limit = self._transport.limits.call_s
        elapsed = time.monotonic() - self._started
        return math.inf if limit is None else limit - elapsed

    def _error(self, outcome: Received | Lost | Oversized) -> CarrierError:
        if isinstance(outcome, Lost):
            title = "No complete answer came" if outcome.is_sent else "The carrier cannot be reached"
            reply = self._reply(outcome.asked_at)
            return TransportError(self._row.name, is_sent=outcome.is_sent, title=title, reply=reply)
        if isinstance(outcome, Oversized):
            return self._protocol_error("The answer is too large", outcome)
        if outcome.status < 400:
            return self._protocol_error("An answer of no known kind", outcome)
        return answers.error_for(
            self._row.name,
            outcome.status,
            outcome.body,
            self._reply(outcome.asked_at, outcome.headers),
            retry_after_s=_retry_after_s(outcome),
            redact=self._transport.auth.redact,
        )

    def _protocol_error(self, title: str, outcome: Received | Oversized) -> ProtocolError:
        reply = self._reply(outcome.asked_at)
        return ProtocolError(self._row.name, status=outcome.status, title=title, reply=reply)

    def _reply(self, asked_at: datetime, headers: Mapping[str, str] | None = None) -> Reply:
        carrier_at = answers.http_date(headers.get("Date")) if headers else None
        return Reply(asked_at, carrier_at, self._attempts, time.monotonic() - self._started)


def _backoff_s(repeat: int) -> float:
    # Jitter, so that processes that failed together do not come back together.
    return operations.BACKOFF_S * 2**repeat * random.uniform(0.75, 1.25)  # noqa: S311


def _retry_after_s(received: Received) -> float:
    return answers.retry_after_s(received.headers.get("Retry-After"), datetime.now(UTC))
