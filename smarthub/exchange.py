"""One request and its answer, within the limits of time and size. No retries here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import requests
import urllib3

from smarthub import operations
from smarthub.base_url import is_loopback
from smarthub.connections import Attempt, CarrierAdapter, KeyAuth, current_attempt

CHUNK_BYTES = 65536


class Received(NamedTuple):
    """An answer of any status, complete. `asked_at` is just before its request left."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked_at: datetime


class Lost(NamedTuple):
    """No complete answer; `is_sent` says whether the request may have arrived."""

    is_sent: bool
    asked_at: datetime


class Oversized(NamedTuple):
    """An answer that went past the size limit and was cut off."""

    status: int
    asked_at: datetime


class Exchange:
    """One pooled session with one key, for one carrier."""

    def __init__(self, auth: KeyAuth, host: str, version: str, pool_size: int) -> None:
        self._session = requests.Session()
        self._session.auth = auth
        self._session.headers["User-Agent"] = f"smarthub-portal/{version}"
        self._session.headers["Accept"] = "application/json, application/problem+json"
        # A proxy of the environment must not see what goes to this machine itself.
        self._session.trust_env = not is_loopback(host)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, CarrierAdapter(pool_size))

    def close(self) -> None:
        self._session.close()

    def ask(
        self, method: str, url: str, content: bytes | None, timeout: tuple[float, float], limit_s: float
    ) -> Received | Lost | Oversized:
        """Sends once; `limit_s` bounds the whole, from connecting to the last byte."""
        attempt = Attempt(limit_s)
        token = current_attempt.set(attempt)
        asked_at = datetime.now(UTC)
        try:
            return self._ask(method, url, content, timeout, asked_at)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            # Nothing of the original is kept: it holds the request, and the key with it.
            return Lost(attempt.is_sent, asked_at)
        finally:
            current_attempt.reset(token)

    def _ask(
        self, method: str, url: str, content: bytes | None, timeout: tuple[float, float], asked_at: datetime
    ) -> Received | Oversized:
        headers = {} if content is None else {"Content-Type": "application/json; charset=utf-8"}
        with self._session.request(
            method, url, data=content, headers=headers, timeout=timeout, allow_redirects=False, stream=True
        ) as response:
            body = _limited_body(response)
            if body is None:
                return Oversized(response.status_code, asked_at)
            return Received(response.status_code, response.headers, body, asked_at)


def _limited_body(response: requests.Response) -> bytes | None:
    chunks, size = [], 0
    for chunk in response.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > operations.MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
