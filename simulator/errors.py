"""The carrier's error envelope (RFC 7807 problem details)."""

from collections.abc import Mapping
from typing import Any

_TITLES = {
    400: "Bad Request",
    401: "Invalid api key",
    403: "Access forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Validation Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class ApiError(Exception):
    """An answer other than success; `problem` is its body."""

    def __init__(
        self,
        status: int,
        *,
        detail: str | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.headers = dict(headers or {})
        self.problem: dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
        if detail is not None:
            self.problem["detail"] = detail
        if errors is not None:
            self.problem["errors"] = errors


def invalid_field(resource: str, field: str, code: str = "invalid", message: str = "") -> ApiError:
    error = {"resource": resource, "field": field, "code": code}
    if message:
        error["message"] = message
    return ApiError(422, errors=[error])


def illegal_status(verb: str) -> ApiError:
    message = f"Illegal SIM state, current SIM state cannot {verb}"
    return invalid_field("globalSim", "status", "illegal_status", message)


class UnknownId(Exception):
    """An id in the path that does not exist: 404, or 422 where the knob says so."""

    def __init__(self, resource: str, field: str) -> None:
        super().__init__(resource)
        self.resource = resource
        self.field = field

    def answer(self, as_422: bool) -> ApiError:
        return invalid_field(self.resource, self.field, "missing") if as_422 else ApiError(404)
