"""From an HTTP answer that is no success to the exception that says what it means."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from smarthub import errors
from smarthub.models.replies import ErrorItem, Reply
from smarthub.operations import CODE_ILLEGAL_STATUS, CODE_MISSING, DEFAULT_RETRY_AFTER_S

Redact = Callable[[str], str]

BY_STATUS: dict[int, type[errors.CarrierError]] = {
    401: errors.AuthError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    429: errors.RateLimited,
}
LONGEST_TEXT = 500
MOST_ITEMS = 100
LONGEST_PROBLEM = 16_384
PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "errors"}
SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
LONGEST_WAIT_S = 86_400.0


def error_for(
    operation: str, status: int, body: bytes, reply: Reply, *, retry_after_s: float, redact: Redact
) -> errors.CarrierError:
    """The exception for an answer of 4xx or 5xx. Its body may be anything; the key is cut out of what is quoted."""
    problem = _problem(body)
    items = _items(problem.get("errors"), redact)
    facts: dict[str, Any] = {
        "status": status,
        "title": _text(problem.get("title"), redact),
        "detail": _text(problem.get("detail"), redact),
        "errors": items,
        "reply": reply,
    }
    kind = _kind(status, {item.code for item in items})
    if kind is errors.RateLimited:
        facts["retry_after_s"] = retry_after_s
    return kind(operation, **facts)


def status_told(status: int, body: bytes) -> int:
    """The status that an error envelope under a success names, else the answer's own.

    The envelope is known by its `title` and `status`, and holds nothing that was asked for.
    """
    if not 200 <= status < 300 or len(body) > LONGEST_PROBLEM or b'"title"' not in body:
        return status
    problem = _problem(body)
    told = problem.get("status")
    is_one = isinstance(problem.get("title"), str) and problem.keys() <= PROBLEM_FIELDS
    return told if is_one and type(told) is int and 400 <= told < 600 else status


def _kind(status: int, codes: set[str]) -> type[errors.CarrierError]:
    if status >= 500:
        return errors.ServerError
    if CODE_ILLEGAL_STATUS in codes:
        return errors.IllegalStatus
    if status == 422 and codes == {CODE_MISSING}:
        return errors.NotFound
    return BY_STATUS.get(status, errors.ValidationFailed)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _items(value: Any, redact: Redact) -> tuple[ErrorItem, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(
        ErrorItem(**{name: _text(item.get(name), redact) for name in ErrorItem.__struct_fields__})
        for item in items[:MOST_ITEMS]
        if isinstance(item, dict)
    )


def _text(value: Any, redact: Redact) -> str:
    if not isinstance(value, str):
        return ""
    return redact(value).replace("\x00", "")[:LONGEST_TEXT]


def retry_after_s(header: str | None, now: datetime) -> float:
    """The seconds a Retry-After header asks for, as a number or a date; one second where it says nothing readable."""
    if not header:
        return DEFAULT_RETRY_AFTER_S
    if SECONDS.fullmatch(header.strip()):
        return min(float(header), LONGEST_WAIT_S)
    moment = http_date(header)
    return DEFAULT_RETRY_AFTER_S if moment is None else min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT_S)


def http_date(header: str | None) -> datetime | None:
    """A Date header as aware UTC, None where there is none to read."""
    try:
        moment = email.utils.parsedate_to_datetime(header or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
