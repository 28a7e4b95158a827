"""The parts of requests and urllib3 that we change: one deadline for a whole answer, and whether anything was sent."""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from smarthub.operations import KEY_HEADER


class Attempt:
    """One request under way: by when its answer must be complete, and whether a byte of it has left."""

    def __init__(self, limit_s: float) -> None:
        self.deadline = time.monotonic() + limit_s
        self.is_sent = False

    def remaining_s(self) -> float:
        return self.deadline - time.monotonic()


current_attempt: ContextVar[Attempt | None] = ContextVar("current_attempt", default=None)


class _TimedSocket(socket.SocketIO):
    """Reads from a socket no longer than the attempt may last, so that a byte a second cannot hold us for ever."""

    def __init__(self, sock: socket.socket, attempt: Attempt) -> None:
        super().__init__(sock, "r")
        self._timed = sock
        self._timeout = sock.gettimeout()
        self._attempt = attempt

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._attempt.remaining_s()
        if remaining <= 0:
            raise TimeoutError("the answer took too long")
        self._timed.settimeout(remaining if self._timeout is None else min(self._timeout, remaining))
        return super().readinto(buffer)


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        attempt = current_attempt.get()
        if attempt is not None:
            self.fp.close()
            # The same count that makefile() keeps: the socket closes when its last reader does.
            sock._io_refs += 1  # type: ignore[attr-defined]
            self.fp = io.BufferedReader(_TimedSocket(sock, attempt))


class _Marking:
    """Notes on the attempt that bytes of the request are about to leave."""

    _is_asking = False
    sock: socket.socket | None

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._is_asking = True
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            self._is_asking = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        attempt = current_attempt.get()
        if attempt is not None and self._is_asking:
            attempt.is_sent = True
        super().send(data)  # type: ignore[misc]


class _Connection(_Marking, HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(_Marking, HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class CarrierAdapter(HTTPAdapter):
    """Pooled connections without retries of their own; a pool that is full makes a thread wait, not connect anew."""

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_our_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        _use_our_pools(manager)
        return manager


def _use_our_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class KeyAuth(AuthBase):
    """Puts the key on a request.

    As an object of its own the key stands in no dictionary that a traceback or a repr would print, and requests adds no
    password of ~/.netrc.
    """

    def __init__(self, key: str) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("The API key must be printable ASCII without blanks.")
        self._key = key

    def __repr__(self) -> str:
        return "<KeyAuth>"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[KEY_HEADER] = self._key
        return request

    def redact(self, text: str) -> str:
        """The text without the key, should the carrier have repeated it."""
        return text.replace(self._key, "***")
