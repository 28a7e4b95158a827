"""Reads query parameters and bodies; blank means not given."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from simulator.clock import parse_stamp
from simulator.errors import ApiError, invalid_field

_INTEGER = re.compile(r"-?[0-9]{1,12}")
MAX_GICCIDS = 100
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class Request:
    method: str
    segments: list[str]
    query: dict[str, str]
    body: bytes = b""
    key: str = ""
    host: str = ""

    @classmethod
    def read(cls, method: str, raw_path: bytes, query: bytes) -> "Request":
        """Segments are split before they are decoded, so that a name may hold a slash."""
        path = raw_path.decode("latin-1").split("?", 1)[0]
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace"):
            parameters.setdefault(name, value.strip())
        return cls(method, [unquote(part) for part in path.strip("/").split("/")], parameters)

    def text(self, name: str) -> str | None:
        return self.query.get(name) or None

    def choice(self, name: str, values: tuple[str, ...]) -> str | None:
        given = self.text(name)
        if given is not None and given not in values:
            raise invalid_field("query", name)
        return given

    def integer(self, name: str, default: int, least: int) -> int:
        given = self.text(name)
        if given is None:
            return default
        if not _INTEGER.fullmatch(given) or int(given) < least:
            raise invalid_field("query", name)
        return int(given)

    def paging(self, max_size: int) -> tuple[int, int]:
        """Page and the size used: clamped, not refused."""
        page = self.integer("page", 0, 0)
        return page, min(self.integer("size", min(10, max_size), 1), max_size)

    def giccids(self) -> list[str] | None:
        given = self.text("giccids")
        if given is None:
            return None
        wanted = list(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))
        if len(wanted) > MAX_GICCIDS:
            raise invalid_field("query", "giccids")
        return wanted

    def time(self, name: str) -> int | None:
        given = self.text(name)
        if given is None:
            return None
        moment = parse_stamp(given)
        if moment is None:
            raise invalid_field("query", name)
        return moment

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        try:
            body = msgspec.json.decode(self.body)
        except UNREADABLE:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, detail="Body should be a JSON object")
        return body


def text_of(body: dict[str, Any], name: str) -> str | None:
    """A text field of a body; None when left out or null, 400 when it is no text."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ApiError(400, detail=f"Field {name} should be a string")
    return value


def required_text(body: dict[str, Any], resource: str, name: str) -> str:
    value = text_of(body, name)
    if value is None or value == "":
        raise invalid_field(resource, name, "missing_field")
    return value
