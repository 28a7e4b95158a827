"""Ranges as people write them in the list's address: usage in MB or as a share of the allowance, days, spans back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

NO_DATE = "none"
FIRST_YEAR, LAST_YEAR = 1970, 2200
_NUMBER = r"(\d{1,12}(?:\.\d{1,3})?)"
_UNIT = r"\s*(%|mb|gb)?"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|–|\.\.)\s*{_NUMBER}{_UNIT}")
_BEYOND = re.compile(rf"(>=|<=|>|<)\s*{_NUMBER}{_UNIT}")
_JUST = re.compile(rf"{_NUMBER}{_UNIT}")
_SPAN = re.compile(r"(\d{1,4})\s*(h|d)")
_DAY = r"(\d{4}-\d{2}-\d{2})"
_DAYS = re.compile(rf"{_DAY}?\s*\.\.\s*{_DAY}?")
MB_PER_GB = 1024


class Unreadable(ValueError):
    """What a person wrote is no range; the message is for them."""


@dataclass(frozen=True, slots=True)
class UsageRange:
    """Usage of the cycle between two figures, in MB, or in % of the package's data volume."""

    text: str
    words: str
    low: Decimal | None = None
    high: Decimal | None = None
    is_share: bool = False
    is_above_low: bool = False
    is_below_high: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """From `since` up to, and without, `until`; `is_none` asks for no date at all."""

    text: str
    words: str
    since: datetime | None = None
    until: datetime | None = None
    is_none: bool = False


SHARES = {
    found.text: found
    for found in (
        UsageRange("nothing", "nothing used", Decimal(0), Decimal(0)),
        UsageRange("under-10", "under 10 %", Decimal(0), Decimal(10), True, is_above_low=True, is_below_high=True),
        UsageRange("10-to-80", "10 to 80 %", Decimal(10), Decimal(80), True, is_below_high=True),
        UsageRange("80-to-100", "80 to 100 %", Decimal(80), Decimal(100), True),
        UsageRange("over-100", "over 100 %", Decimal(100), None, True, is_above_low=True),
    )
}


def usage_of(text: str) -> UsageRange:
    """10-50, >80%, 1-2GB, 0, or one of the names of `SHARES`."""
    written = text.strip().lower()
    if written in SHARES:
        return SHARES[written]
    if found := _BETWEEN.fullmatch(written):
        return _between(*found.groups())
    if found := _BEYOND.fullmatch(written):
        return _beyond(*found.groups())
    if found := _JUST.fullmatch(written):
        return _between(found[1], found[1], found[2])
    raise Unreadable("write 10-50 or >100 for MB, 20-80% or >80% for a share of the allowance.")


def _between(low: str, high: str, unit: str | None) -> UsageRange:
    least, most = _amount(low, unit), _amount(high, unit)
    if least > most:
        raise Unreadable(f"{low} is more than {high}.")
    sign = "%" if unit == "%" else ""
    text = f"{least}-{most}{sign}" if least != most else f"{least}{sign}"
    words = text.replace("-", " to ").removesuffix("%") + (" %" if sign else " MB")
    return UsageRange(text, words, least, most, unit == "%")


def _beyond(sign: str, number: str, unit: str | None) -> UsageRange:
    value, share = _amount(number, unit), "%" if unit == "%" else ""
    words = {">": "over", ">=": "from", "<": "under", "<=": "up to"}[sign]
    is_low, is_open = sign.startswith(">"), len(sign) == 1
    return UsageRange(
        text=f"{sign}{value}{share}",
        words=f"{words} {value} {'%' if share else 'MB'}",
        low=value if is_low else None,
        high=None if is_low else value,
        is_share=bool(share),
        is_above_low=is_low and is_open,
        is_below_high=not is_low and is_open,
    )


def _amount(number: str, unit: str | None) -> Decimal:
    return Decimal(number) * (MB_PER_GB if unit == "gb" else 1)


def days_of(text: str, *, is_ahead: bool = False) -> Days:
    """2026-01-01..2026-01-31, either end open, one day, none, or 7d: the last seven days (`is_ahead`: the next)."""
    written = text.strip().lower()
    if written == NO_DATE:
        return Days(NO_DATE, "no date", is_none=True)
    if found := _SPAN.fullmatch(written):
        return _near(_length(found[1], found[2]), written, is_ahead)
    if found := _DAYS.fullmatch(written):
        return _from_to(found[1], found[2])
    day = _day(written)
    return Days(written, str(day), _midnight(day), _midnight(day + timedelta(days=1)))


def _near(length: timedelta, text: str, is_ahead: bool) -> Days:
    now = timezone.now()
    words = _long(text)
    if is_ahead:
        return Days(text, f"in the next {words}", now, now + length)
    return Days(text, f"in the last {words}", now - length, now)


def _from_to(first: str | None, last: str | None) -> Days:
    since, until = (_day(first) if first else None), (_day(last) if last else None)
    if since and until and since > until:
        raise Unreadable(f"{since} is later than {until}.")
    if not since and not until:
        raise Unreadable("a range of days needs one end at least.")
    words = f"{since} to {until}" if since and until else f"from {since}" if since else f"up to {until}"
    return Days(
        text=f"{since or ''}..{until or ''}",
        words=words,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


@dataclass(frozen=True, slots=True)
class Since:
    text: str
    words: str
    at: datetime


def since_of(text: str) -> Since:
    """24h, 7d or a day, as such or as a range without an end: the moment from which on."""
    written = text.strip().lower()
    if found := _SPAN.fullmatch(written):
        return Since(written, f"in the last {_long(written)}", timezone.now() - _length(found[1], found[2]))
    if not re.fullmatch(rf"{_DAY}(?:\s*\.\.)?", written):
        raise Unreadable("write a day as 2026-01-31, or 24h or 7d for the time up to now.")
    day = _day(written.removesuffix("..").rstrip())
    return Since(str(day), f"since {day}", _midnight(day))


def _length(number: str, unit: str) -> timedelta:
    return timedelta(hours=int(number)) if unit == "h" else timedelta(days=int(number))


def _long(span: str) -> str:
    number, unit = int(span[:-1]), "hour" if span.endswith("h") else "day"
    return unit if number == 1 else f"{number} {unit}s"


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if re.fullmatch(_DAY, text) else None
    except ValueError:
        day = None
    if day is None:
        raise Unreadable("write a day as 2026-01-31, a range as 2026-01-01..2026-01-31, or 7d for seven days.")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unreadable(f"a year lies between {FIRST_YEAR} and {LAST_YEAR}.")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.BILLING_TIME_ZONE))
