"""From a decoded SIM to the row that COPY takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from sims.copy.answers import Answer, Digests, Row, digests_of, each_of, mark_of, number_of
from sims.identifiers import normalise
from sims.models import SimIdentifier
from smarthub import RecordError, Sim, decode_sim
from toolkit.database import array_of

COLUMNS = (
    "sim_id",
    "giccid",
    "account_id",
    "status",
    "package",
    "package_started_at",
    "package_ends_at",
    "sold_at",
    "activated_at",
    "data_usage_mb",
    "sms_usage",
    "voice_usage_min",
    "apns",
    "apn_usages",
    "devices",
    "digest",
    "asked_at",
    "is_targeted",
    "day",
    "cycle",
    "kinds",
    "positions",
    "numbers",
)

ICCID, IMEI, IMSI, MSISDN = SimIdentifier.Kind.values

Numbers = list[tuple[int, int, str]]

_encode = msgspec.json.Encoder(decimal_format="number").encode
_iso = lru_cache(maxsize=4096)(datetime.isoformat)


def prepared(answer: Answer, *, last_mark: int | None = None, with_rows: bool = False) -> Answer:
    """A list page with its digests and its mark, and where most of it will be new with its rows, made before its merge.

    The threads that wait for the carrier have the time; the merge has not.
    """
    digests = digests_of(answer, {})
    mark = mark_of(digests)
    rows = (
        [_row_or_error(answer, number, digest) for number, digest in enumerate(each_of(digests))] if with_rows else None
    )
    return replace(answer, digests=digests, rows=rows, mark=mark, is_as_before=mark == last_mark)


def _rows(answer: Answer, digests: Digests) -> list[Row | RecordError]:
    return [_row_or_error(answer, number, digest) for number, digest in enumerate(each_of(digests))]


def _row_or_error(answer: Answer, number: int, digest: Digests) -> Row | RecordError:
    try:
        return row_of(answer, number, digest=digest, account_id=answer.account_id)
    except RecordError as error:
        return error


def row_of(answer: Answer, number: int, *, digest: Digests, account_id: int | None) -> Row:
    """The texts of `COLUMNS` for one record of the answer, as that of a new SIM; RecordError if it cannot be read."""
    sim = decode_sim(answer.records[number])
    day, cycle = days_of(answer.asked_at)
    package = sim.package
    kinds, positions, values = zip(*numbers_of(sim), strict=True)
    return (
        None,
        sim.giccid,
        _text(account_id),
        sim.status,
        package.name if package else "",
        _time(package.started_at if package else None),
        _time(package.ends_at if package else None),
        _time(sim.sold_at),
        _time(sim.activated_at),
        _text(sim.data_usage_mb),
        _text(sim.sms_usage),
        _text(sim.voice_usage_min),
        _json(sim.apns),
        _json(sim.apn_usages),
        _json(sim.devices),
        str(number_of(digest)),
        _iso(answer.asked_at),
        "t" if answer.is_targeted else "f",
        day,
        cycle,
        _whole_numbers(kinds),
        _whole_numbers(positions),
        f"{{{','.join(values)}}}",
    )


def row_of_known(row: Row, sim_id: int) -> Row:
    """The row as that of a SIM that the copy has."""
    return (str(sim_id), *row[1:])


def numbers_of(sim: Sim) -> Numbers:
    """Every number the SIM can be found by, normalised, with its kind and the position of its device."""
    numbers = [(ICCID, 0, normalise(ICCID, sim.giccid))]
    for position, device in enumerate(sim.devices):
        for kind, raw in ((IMEI, device.imei), (IMSI, device.imsi), (MSISDN, device.msisdn)):
            if raw and (value := normalise(kind, raw)):
                numbers.append((kind, position, value))
    return numbers


def days_of(asked_at: datetime) -> tuple[str, str]:
    """The billing day, and the first day of the carrier's billing month, that a reading belongs to."""
    return _days_of(asked_at.replace(minute=asked_at.minute // 15 * 15, second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _days_of(asked_at: datetime) -> tuple[str, str]:
    """Of a quarter of an hour, for in no time zone does a day begin within one."""
    day: date = asked_at.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE)).date()
    return day.isoformat(), day.replace(day=1).isoformat()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else _iso(moment)


def _json(value: object) -> str:
    return _encode(value).decode()


@lru_cache(maxsize=1024)
def _whole_numbers(values: tuple[int, ...]) -> str:
    """As an array of PostgreSQL; the few kinds and positions that there are come again and again."""
    return array_of(values)
