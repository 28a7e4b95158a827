"""What a handler gives back: a body already in bytes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.errors import ApiError

JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class Reply:
    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def reply(value: Any, status: int = 200) -> Reply:
    return Reply(msgspec.json.encode(value), status)


def problem(error: ApiError) -> Reply:
    body = msgspec.json.encode(error.problem)
    return Reply(body, error.status, "application/problem+json", error.headers)


def page_of_bytes(records: Iterable[bytes], page: int, size: int, total: int) -> Reply:
    tail = f'],"page":{page},"size":{size},"total":{total}}}'.encode()
    return Reply(b'{"data":[' + b",".join(records) + tail)


def page_of(rows: list[Any], page: int, size: int) -> Reply:
    """One page of a list that is at hand as a whole."""
    data = rows[page * size : (page + 1) * size]
    return reply({"data": data, "page": page, "size": size, "total": len(rows)})
