"""Where a request goes: paths, queries and redirects, from parameters that may hold anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from smarthub.errors import ValidationFailed
from smarthub.identifiers import is_giccid
from smarthub.models.replies import ErrorItem
from smarthub.operations import LIST_JOINER, TIME_FORMAT, Operation


def refused(operation: str, field: str, message: str) -> ValidationFailed:
    """The error for input that is refused here, before anything is sent."""
    item = ErrorItem(resource="client", field=field, code="invalid", message=message)
    return ValidationFailed(operation, title="Refused before sending", detail=message, errors=(item,), is_sent=False)


def check_giccids(operation: str, giccids: Iterable[str], most: int) -> list[str]:
    """The keys without repeats, each 1 to 32 letters and digits; ValidationFailed otherwise, or for too many."""
    unique = list(dict.fromkeys(giccids))
    if not 1 <= len(unique) <= most:
        raise refused(operation, "giccids", f"Between 1 and {most} SIMs are taken at once.")
    if not all(isinstance(giccid, str) and is_giccid(giccid) for giccid in unique):
        raise refused(operation, "giccids", "An ICCID is 1 to 32 letters and digits.")
    return unique


def build_path(row: Operation, values: Mapping[str, str]) -> str:
    """The path with its parameters percent-encoded; none of them can leave its segment."""
    return row.path.format_map({name: _segment(row.name, name, value) for name, value in values.items()})


def _segment(operation: str, name: str, value: str) -> str:
    if name == "giccid" and not is_giccid(value):
        raise refused(operation, name, "An ICCID is 1 to 32 letters and digits.")
    if value in ("", ".", ".."):
        # Dots are resolved by HTTP libraries and servers even when they are percent-encoded.
        raise refused(operation, name, "This name cannot be asked for.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise refused(operation, name, "The name holds broken characters.") from None


def build_query(row: Operation, values: Mapping[str, Any]) -> str:
    """The query under the carrier's names, with its question mark; what is None or blank is left out."""
    pairs = [(row.query[name], _text(value)) for name, value in values.items() if value not in (None, "")]
    try:
        return f"?{urlencode(pairs, quote_via=quote, safe='')}" if pairs else ""
    except UnicodeEncodeError:
        raise refused(row.name, "query", "A parameter holds broken characters.") from None


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return wire_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return LIST_JOINER.join(value) if isinstance(value, list) else str(value)


def wire_time(moment: datetime) -> str:
    """A time as the carrier writes it; one without an offset is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime(TIME_FORMAT)


def redirected(url: str, location: str | None) -> str | None:
    """Where a redirect leads, None where that is another scheme, host or port, or nowhere."""
    if not location:
        return None
    try:
        target = urlsplit(urljoin(url, location))
        if target.username is not None or _origin(target.geturl()) != _origin(url):
            return None
    except ValueError:
        return None
    return target._replace(fragment="").geturl()


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
