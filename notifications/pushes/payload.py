"""Bodies into events, and events into values: tolerant of nearly everything, and clear about the rest."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import Any

import msgspec

from notifications.pushes.kinds import COMMON, KINDS, Field
from smarthub.decode.parsing import parse_lenient
from smarthub.decode.reading import Unreadable
from smarthub.decode.shown import shown

MOST_UNPACKED = 8 << 20
MOST_EVENTS = 30_000
WRAPPED_IN = "data"
_BOM = b"\xef\xbb\xbf"
_read_headers = msgspec.json.Decoder(list[tuple[str, str]]).decode
_read_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

Event = dict[str, Any]
"""Values still raw, so that one that cannot be read spoils itself only; parsed where broken characters ask for it."""


class CannotRead(Exception):
    """Why a push cannot be understood, as a sentence for people."""


def unpacked(headers: bytes, body: bytes) -> bytes:
    """The body as it was before the sender compressed it. Raises CannotRead."""
    encoding = dict(_read_headers(headers)).get("content-encoding", "").lower() if headers else ""
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise CannotRead(f"The body is packed as {encoding[:40]!r}, which is not known here.")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        content = unpack.decompress(body, MOST_UNPACKED)
    except zlib.error:
        raise CannotRead(f"The body says that it is {encoding}, and is not.") from None
    if unpack.unconsumed_tail or not unpack.eof:
        raise CannotRead("The packed body is broken off, or too large when it is unpacked.")
    return content


def events_in(body: bytes) -> list[bytes]:
    """The events of a body as raw JSON, an array being a list of them. Raises CannotRead."""
    text = body.removeprefix(_BOM).strip()
    if not text:
        raise CannotRead("The body is empty.")
    if not text.startswith(b"["):
        return [text]
    try:
        events = [bytes(raw) for raw in _read_list(text)]
    except RecursionError:
        raise CannotRead("The body is nested too deeply.") from None
    except (msgspec.MsgspecError, ValueError):
        raise CannotRead("The body begins a JSON list and does not end it, or something in it is no JSON.") from None
    if len(events) > MOST_EVENTS:
        raise CannotRead("The list holds more events than one body can.")
    if not events:
        raise CannotRead("The list is empty.")
    return events


def event_of(raw: bytes) -> Event:
    """One event's fields, each still as it came; of a name that stands twice, the last. Raises CannotRead.

    Fields wrapped in `data`, as answers may be, count beside those around it.
    """
    event = _fields_of(raw)
    inner = event.get(WRAPPED_IN)
    if isinstance(inner, msgspec.Raw) and bytes(inner).startswith(b"{"):
        return {**event, **_fields_of(bytes(inner))}
    return {**event, **inner} if isinstance(inner, dict) else event


def _fields_of(raw: bytes) -> Event:
    try:
        return _read_object(raw)
    except RecursionError:
        raise CannotRead("The event is nested too deeply.") from None
    except msgspec.ValidationError:
        raise CannotRead(f"The body is {shown(_short(raw))}, a JSON object was expected.") from None
    except (msgspec.MsgspecError, ValueError):
        return _lenient(raw)


def _lenient(raw: bytes) -> Event:
    try:
        event = parse_lenient(raw)
    except ValueError:
        raise CannotRead("The body is no JSON.") from None
    if not isinstance(event, dict):
        raise CannotRead("The body is no JSON object.")
    return event


def value_of(event: Event, field: Field) -> Any:
    """The value, None where it is not there. Raises CannotRead where it is something else than expected."""
    for name in field.names:
        raw = event.get(name)
        if raw is None:
            continue
        value = _parsed(name, bytes(raw)) if isinstance(raw, msgspec.Raw) else raw
        if value is None:
            continue
        try:
            return field.read(value)
        except Unreadable as error:
            words = shown(value, is_private=field.is_private)
            raise CannotRead(f"{name} is {words}, {error} was expected.") from None
    return None


def values_of(event: Event, slug: str) -> dict[str, Any]:
    """All values of its kind by our names. Raises CannotRead."""
    fields = {**COMMON, **KINDS[slug].fields}
    return {name: value_of(event, field) for name, field in fields.items()}


def key_of(event: Event | None, raw: bytes) -> tuple[str, bool]:
    """What makes the event the same one again, and whether that is an id of the carrier's (else a digest)."""
    try:
        event_id = value_of(event, COMMON["event_id"]) if event else None
    except CannotRead:
        event_id = None
    return (str(event_id), True) if event_id else (f"sha256:{sha256(raw).hexdigest()}", False)


def _parsed(name: str, raw: bytes) -> Any:
    try:
        return parse_lenient(raw)
    except ValueError:
        raise CannotRead(f"{name[:60]} cannot be read.") from None


def _short(raw: bytes) -> str:
    return raw[:60].decode("utf-8", "replace")
