"""Tolerant readers of single JSON values, and the building of a struct from a table of fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from smarthub.decode.shown import shown
from smarthub.errors import RecordError
from smarthub.operations import NO_END_YEAR

MAX_VOLUME = Decimal(10) ** 12
LEAST_VOLUME = -MAX_VOLUME
MAX_COUNT = 2**31 - 1
MAX_TEXT = 255
FIRST_YEAR = 1970
THOUSANDTH = Decimal("0.001")


class Unreadable(Exception):
    """A value of the wrong kind; the message ends the sentence "… is 12, " (RecordError has the whole)."""


class Field(NamedTuple):
    """One field: our name, the carrier's dotted path, its name for people, and how it is read.

    A `default` stands in where the carrier sends null or nothing; a private value is never quoted.
    """

    name: str
    wire: str
    label: str
    read: Callable[[Any], Any] | Many | One
    default: Any = None
    is_required: bool = False
    is_private: bool = False


class Shape(NamedTuple):
    """A struct and the table of its fields; `skips_partial` leaves out list items that lack a required field."""

    model: Callable[..., Any]
    fields: tuple[Field, ...]
    skips_partial: bool = False
    giccid_field: str = "giccid"


class Many(NamedTuple):
    """A list of objects of one shape."""

    shape: Shape


class One(NamedTuple):
    """One object of a shape; a partial one is None."""

    shape: Shape


Refused = list[RecordError]


def build(
    shape: Shape, record: Any, *, giccid: str | None = None, prefix: str = "", refused: Refused | None = None
) -> Any:
    """The struct of `shape` from one JSON object; RecordError names the field that cannot be read.

    With `refused` only a required field of the object itself is such an error: any other field that cannot be read
    counts as not sent, an item of a list is left out, and the error is put there.
    """
    if not isinstance(record, dict):
        raise RecordError(giccid, prefix.rstrip("."), f"The record is {shown(record)}, an object was expected.")
    giccid = giccid or _giccid_of(record, shape.giccid_field)
    values = {field.name: _forgiving(field, record, giccid, prefix, refused) for field in shape.fields}
    return shape.model(**values)


def _forgiving(
    field: Field, record: Mapping[str, Any], giccid: str | None, prefix: str, refused: Refused | None
) -> Any:
    try:
        return _value(field, record, giccid, prefix, refused)
    except RecordError as error:
        if refused is None or field.is_required:
            raise
        refused.append(error)
        return field.default


def _value(field: Field, record: Mapping[str, Any], giccid: str | None, prefix: str, refused: Refused | None) -> Any:
    raw = _at(field, record, giccid, prefix)
    if isinstance(field.read, Many):
        return _items(field, field.read.shape, raw, giccid, prefix, refused)
    if isinstance(field.read, One):
        return _object(field, field.read.shape, raw, giccid, prefix)
    try:
        value = None if raw is None else field.read(raw)
    except Unreadable as error:
        words = shown(raw, is_private=field.is_private)
        raise RecordError(giccid, prefix + field.wire, f"{field.label} is {words}, {error} was expected.") from None
    if value is None and field.is_required:
        raise RecordError(giccid, prefix + field.wire, f"{field.label} is missing.")
    return field.default if value is None else value


def _at(field: Field, record: Mapping[str, Any], giccid: str | None, prefix: str) -> Any:
    value: Any = record
    walked: list[str] = []
    for part in field.wire.split("."):
        if _is_nothing(value):
            return None
        if not isinstance(value, dict):
            place = prefix + ".".join(walked)
            raise RecordError(giccid, place, f"{place} is {shown(value)}, an object was expected.")
        value = value.get(part)
        walked.append(part)
    return value


def _items(field: Field, shape: Shape, raw: Any, giccid: str | None, prefix: str, refused: Refused | None) -> Any:
    if raw is None or raw == "":
        return field.default
    place = prefix + field.wire
    items = [raw] if isinstance(raw, dict) else raw
    if not isinstance(items, list):
        raise RecordError(giccid, place, f"{field.label} is {shown(raw)}, a list was expected.")
    whole = [item for item in items if item is not None and not _is_partial(item, shape)]
    return tuple(_readable(shape, whole, giccid, f"{place}.", refused))


def _readable(
    shape: Shape, items: list[Any], giccid: str | None, prefix: str, refused: Refused | None
) -> Iterator[Any]:
    for item in items:
        try:
            yield build(shape, item, giccid=giccid, prefix=prefix, refused=refused)
        except RecordError as error:
            if refused is None:
                raise
            refused.append(error)


def _object(field: Field, shape: Shape, raw: Any, giccid: str | None, prefix: str) -> Any:
    if _is_nothing(raw) or _is_partial(raw, shape):
        return field.default
    place = prefix + field.wire
    if not isinstance(raw, dict):
        raise RecordError(giccid, place, f"{field.label} is {shown(raw)}, an object was expected.")
    return build(shape, raw, giccid=giccid, prefix=f"{place}.")


def _is_nothing(value: Any) -> bool:
    """Null, or what some senders write for it where an object should stand: a blank, an empty list."""
    return value is None or value in ("", [])


def _is_partial(item: Any, shape: Shape) -> bool:
    if not shape.skips_partial or not isinstance(item, dict):
        return False
    return any(item.get(field.wire) in (None, "") for field in shape.fields if field.is_required)


def _giccid_of(record: Mapping[str, Any], name: str) -> str | None:
    try:
        return read_text(record.get(name))
    except Unreadable:
        return None


def text_of(limit: int) -> Callable[[Any], str | None]:
    """A reader of texts of at most `limit` characters; numbers become text, blank is None."""

    def read(value: Any) -> str | None:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = _digits(value)
        if not isinstance(value, str):
            raise Unreadable("a text")
        if len(value) > limit:
            raise Unreadable(f"at most {limit} characters")
        if not is_storable(value):
            raise Unreadable("a text without NUL or broken characters")
        return value or None

    return read


def _digits(value: int | Decimal) -> str:
    if isinstance(value, Decimal) and not (value.is_finite() and LEAST_VOLUME < value < MAX_VOLUME):
        raise Unreadable("a text")
    try:
        return str(value)
    except ValueError:
        raise Unreadable("a text") from None


read_text = text_of(MAX_TEXT)


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no half of a surrogate pair."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def read_volume(value: Any) -> Decimal | None:
    """A finite number below 10^12 with at most three places (more are rounded), also from a text."""
    if isinstance(value, str):
        value = _parsed(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unreadable("a number")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or not LEAST_VOLUME < number < MAX_VOLUME:
        raise Unreadable("a number of reasonable size")
    return to_thousandths(number)


def to_thousandths(number: Decimal) -> Decimal:
    """The number with three places at most; what has fewer keeps its own."""
    rounded = number.quantize(THOUSANDTH)
    return number if number == rounded else rounded


def _parsed(text: str) -> Decimal | None:
    text = text.strip()
    if not text:
        return None
    try:
        return Decimal(text)
    except ArithmeticError:
        raise Unreadable("a number") from None


def read_count(value: Any) -> int | None:
    """A whole number of reasonable size, also from a text or written as 3.0."""
    number = read_volume(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise Unreadable("a whole number")
    if not -MAX_COUNT <= number <= MAX_COUNT:
        raise Unreadable("a number of reasonable size")
    return int(number)


def read_time(value: Any) -> datetime | None:
    """An aware UTC time; without an offset it is UTC, blank and the year 9999 ("no end") are None."""
    if not isinstance(value, str):
        raise Unreadable("a time")
    if not value.strip():
        return None
    try:
        return utc_time(value.strip())
    except (ValueError, OverflowError):
        raise Unreadable("a time") from None


def utc_time(text: str) -> datetime | None:
    """As `read_time`, for a text that is not blank; ValueError or OverflowError where it is no such time."""
    moment = datetime.fromisoformat(text)
    if moment.year >= NO_END_YEAR:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment.year < FIRST_YEAR:
        raise ValueError("before there were SIM cards")
    return moment
