"""Faults ordered by a test: the next answers of an operation go wrong in a way of its choice."""

from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.errors import ApiError
from simulator.reply import JSON, Reply, problem

STATUS_KINDS = ("401", "403", "429", "500", "502", "503", "504")
BEFORE = ("timeout", "reset", "html502", "redirect_same", "redirect_other", *STATUS_KINDS)
MANGLED = ("empty", "badjson", "wrongtype", "huge", "truncated", "short")
AFTER = ("timeout_after", "reset_after", *MANGLED)
KINDS = (*BEFORE, *AFTER, "job_fails")
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HUGE = 20 * 1024 * 1024


@dataclass
class Fault:
    """`times` None: until cleared. `after`: so many matching requests pass unharmed first."""

    operation: str
    kind: str
    times: int | None = 1
    after: int = 0
    retry_after: int = 1
    location: str = ""

    def concerns(self, operation_id: str, name: str) -> bool:
        return self.operation in ("*", operation_id, name)


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def next(self, operation_id: str, name: str) -> Fault | None:
        """The fault that this request meets, counted down."""
        for fault in self.waiting:
            if fault.kind != "job_fails" and fault.concerns(operation_id, name):
                return self._use(fault)
        return None

    def next_job_fails(self, operation_id: str, name: str) -> bool:
        for fault in self.waiting:
            if fault.kind == "job_fails" and fault.concerns(operation_id, name):
                return self._use(fault) is not None
        return False

    def _use(self, fault: Fault) -> Fault | None:
        if fault.after > 0:
            fault.after -= 1
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.waiting.remove(fault)
        return fault


def answer_of(fault: Fault, target: str, host: str) -> Reply:
    """The answer of a fault that strikes before anything was done."""
    if fault.kind == "html502":
        return Reply(_HTML, 502, "text/html")
    if fault.kind == "redirect_same":
        return _redirect(fault.location or f"http://{host}{target}")
    if fault.kind == "redirect_other":
        return _redirect(fault.location or f"http://{_other(host)}{target}")
    headers = {"Retry-After": str(fault.retry_after)} if fault.kind in ("429", "503") else {}
    return problem(ApiError(int(fault.kind), headers=headers))


def mangle(kind: str, answer: Reply) -> Reply:
    """The answer of a request that was carried out, spoilt."""
    body = answer.body
    if kind == "empty":
        body = b""
    elif kind == "badjson":
        body = body[: len(body) // 2] + b"}}<"
    elif kind == "wrongtype":
        body = msgspec.json.encode(_wrong(msgspec.json.decode(body)))
    elif kind == "short":
        body = msgspec.json.encode(_short(msgspec.json.decode(body)))
    elif kind == "huge":
        body = body[:-1] + b" " * (_HUGE - len(body)) + body[-1:]
    return Reply(body, answer.status, answer.content_type, answer.headers)


def _other(host: str) -> str:
    """The same server by another name."""
    name, _, port = host.partition(":")
    return f"{'127.0.0.1' if name == 'localhost' else 'localhost'}:{port or 80}"


def _redirect(location: str) -> Reply:
    return Reply(b"", 307, JSON, {"Location": location})


def _wrong(value: Any) -> Any:
    """Each value at the top of an answer turned into one of another type."""
    if not isinstance(value, dict):
        return "wrong"
    return {name: _wrong_value(field) for name, field in value.items()}


def _wrong_value(value: Any) -> Any:
    if isinstance(value, list | str):
        return {"wrong": True}
    return ["wrong"] if value is None or isinstance(value, dict) else "wrong"


def _short(value: Any) -> Any:
    """A list that has lost a tenth of its records, total included."""
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        value["data"] = [record for place, record in enumerate(value["data"]) if place % 10]
        if isinstance(value.get("total"), int):
            value["total"] -= -(-value["total"] // 10)
    return value
