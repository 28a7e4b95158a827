"""Taking an answer apart without reading its records."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import structs

from smarthub.decode.cutting import cut_list
from smarthub.decode.reading import Unreadable, read_count
from smarthub.errors import ProtocolError

LIST_FIELD = "data"
NO_LIST = f"The answer holds no list “{LIST_FIELD}”"


class Page(msgspec.Struct, frozen=True):
    """A page taken apart: the records as raw JSON; None where the answer does not say."""

    records: list[bytes]
    page: int | None = None
    size: int | None = None
    total: int | None = None


class _Envelope(msgspec.Struct, rename={"records": LIST_FIELD}):
    records: list[msgspec.Raw]
    page: int | None = None
    size: int | None = None
    total: int | None = None


class _Wrapped(msgspec.Struct, rename={"record": LIST_FIELD}):
    record: msgspec.Raw = msgspec.Raw(b"null")


class _Keyed(msgspec.Struct):
    giccid: str | int | None = None


_decode_keyed = msgspec.json.Decoder(_Keyed).decode
_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_wrapped = msgspec.json.Decoder(_Wrapped).decode


def split_page(body: bytes, *, takes_single: bool = False) -> Page:
    """The records of a list answer as raw slices, with page, size and total as the answer says.

    Takes {"data": [...]} and a bare array; with `takes_single` also one object alone. Where some record is not strict
    JSON all are written anew, and where one is nested too deeply they are cut apart, so that the bad one fails alone.
    ProtocolError where there is no list to be found.
    """
    try:
        return _strict_page(body)
    except RecursionError:
        return _cut_page(body)
    except (msgspec.DecodeError, ValueError):
        return _lenient_page(_parsed(body), takes_single)


def unwrap(body: bytes) -> bytes:
    """The one object of an answer, out of `data` where it is wrapped. ProtocolError where there is no object."""
    try:
        inner = bytes(_decode_wrapped(body).record)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _written(_object_in(_parsed(body)))
    return inner if inner.startswith(b"{") else body


def is_of_another(record: bytes, giccid: str) -> bool:
    """Whether the record names a SIM, and not this one."""
    try:
        named = _decode_keyed(record).giccid
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return named not in (None, "") and str(named) != giccid


def _strict_page(body: bytes) -> Page:
    if body.lstrip()[:1] == b"[":
        return Page([bytes(record) for record in _decode_array(body)])
    envelope = _decode_envelope(body)
    records = [bytes(record) for record in envelope.records]
    return Page(records, _natural(envelope.page), _natural(envelope.size), _natural(envelope.total))


def _cut_page(body: bytes) -> Page:
    cut = cut_list(body, LIST_FIELD)
    if cut is None:
        raise ProtocolError(title="The answer is nested too deeply")
    figures = _lenient_page(_parsed(cut.rest), False)
    return structs.replace(figures, records=cut.records)


def _lenient_page(value: Any, takes_single: bool) -> Page:
    if isinstance(value, list):
        return Page([_written(record) for record in value])
    if not isinstance(value, dict):
        raise ProtocolError(title=NO_LIST)
    if takes_single and LIST_FIELD not in value and value:
        return Page([_written(value)], total=1)
    figures = {name: _figure(value.get(name)) for name in ("page", "size", "total")}
    records = value.get(LIST_FIELD)
    if records is None and figures["total"] == 0:
        records = []
    if not isinstance(records, list):
        raise ProtocolError(title=NO_LIST)
    return Page([_written(record) for record in records], **figures)


def _object_in(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        inner = value.get(LIST_FIELD)
        return inner if isinstance(inner, dict) else value
    raise ProtocolError(title="The answer is not an object")


def _figure(value: Any) -> int | None:
    try:
        return None if value is None else _natural(read_count(value))
    except Unreadable:
        return None


def _natural(number: int | None) -> int | None:
    return number if number is None or 0 <= number < 2**31 else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig", "surrogateescape"))
    except RecursionError:
        raise ProtocolError(title="The answer is nested too deeply") from None
    except ValueError:
        raise ProtocolError(title="The answer is not JSON" if body.strip() else "The answer is empty") from None


def _written(value: Any) -> bytes:
    return json.dumps(value).encode()
