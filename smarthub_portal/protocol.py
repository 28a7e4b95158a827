"""HTTP as uvicorn speaks it, but with limits on what comes before a request is one."""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The parser counts to 65,535. What is cut off was never going to be found by a search or read by a filter.
LONGEST_URL = 60_000
# Address and headers together; nothing else bounds them.
LONGEST_HEAD = 256 << 10
# From the connection, or from the first byte after a request, until the headers are whole.
HEAD_PATIENCE_S = 10.0
_REFUSAL = "HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """Cuts an address that is too long, so that a page says what is wrong with it instead of a bare 400.

    Hangs up on who says nothing, or takes too long or too much room for the headers: uvicorn would wait for ever.
    Tells the application how to hang up on somebody who takes nothing: a plain close waits for them.
    """

    _patience: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head_size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head_size += len(data)
            if self._head_size > LONGEST_HEAD:
                self._refuse("431 Request Header Fields Too Large")
        if self._patience is None and self._is_idle():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head, self._head_size = False, 0
        self._stop_waiting()
        self.url = self.url[:LONGEST_URL]
        self.scope["extensions"] = {"smarthub.abort": {"call": self.transport.abort}}
        super().on_headers_complete()

    def _is_idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _wait_for_head(self) -> None:
        self._patience = self.loop.call_later(HEAD_PATIENCE_S, self._lose_patience)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self._is_in_head:
            self._refuse("408 Request Timeout")
        else:
            self.transport.close()

    def _refuse(self, status: str) -> None:
        self._is_in_head = False
        if not self.transport.is_closing():
            self.transport.write(_REFUSAL.format(status).encode())
            self.transport.close()
