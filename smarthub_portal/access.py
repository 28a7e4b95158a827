"""Around every request: one line in the log and one count, for Django's pages and bare handlers alike."""

import time
from typing import Any

import structlog

from smarthub_portal.logs import clean_text
from smarthub_portal.metrics import count_request

log = structlog.get_logger("access")
_QUIET = ("/static/", "/health/", "/metrics")
# Each push that was kept is a row of the inbox, and of a thousand a second no line would be read.
_KEPT_ELSEWHERE = "/webhooks/smarthub/"
# Who asked went away before there was an answer; that is no fault of ours.
_GONE = 499
_UNTIMED = ("/static/", "/events/stream/")  # a stream lasts as long as its page is open


class AccessLog:
    """ASGI: the path alone is logged, for the query may hold what somebody searched."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), _GONE

        async def note_status(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        except Exception:
            status = 500 if status == _GONE else status
            raise
        finally:
            _note(scope["method"], scope["path"], status, time.perf_counter() - started)


def _note(method: str, path: str, status: int, elapsed_s: float) -> None:
    if not path.startswith(_UNTIMED):
        count_request(method, status, elapsed_s)
    if status == 200 and path.startswith(_KEPT_ELSEWHERE):
        return
    if status >= 500 or not path.startswith(_QUIET):
        log.info("request", method=method, path=clean_text(path), status=status, ms=round(elapsed_s * 1000, 1))
