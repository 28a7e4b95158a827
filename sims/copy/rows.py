"""From a decoded SIM to the row that COPY takes."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from sims.copy.answers import Answer, Digests, Row, digests_of, each_of, mark_of, number_of
from sims.identifiers import ABROAD, normalise
from sims.models import SimIdentifier
from smarthub import RecordError, Sim, decode_sim
from smarthub.models import Device
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
    "day",
    "cycle",
    "kinds",
    "positions",
    "numbers",
)

ICCID, IMEI, IMSI, MSISDN = SimIdentifier.Kind.values

Numbers = list[tuple[int, int, str]]
NO_DEVICE = Device()
MOST_DEVICES = 2**15  # as there are positions
WHOLE_DEVICE = array_of((ICCID, IMEI, IMSI, MSISDN)), array_of((0, 0, 0, 0))

_encode = msgspec.json.Encoder(decimal_format="number").encode
_iso = lru_cache(maxsize=4096)(datetime.isoformat)


def prepared(answer: Answer, *, last_mark: int | None = None, with_rows: bool = False) -> Answer:
    """A list page with its digests and its mark, and where most of it will be new with its rows, made before its merge.

    The threads that wait for the carrier have the time; the merge has not.
    """
    digests = digests_of(answer, {})
    mark = mark_of(digests)
    rows = _rows(answer, digests) if with_rows else None
    return msgspec.structs.replace(answer, digests=digests, rows=rows, mark=mark, is_as_before=mark == last_mark)


def _rows(answer: Answer, digests: Digests) -> list[Row | RecordError]:
    common = common_of(answer)
    return [_row_or_error(raw, digest, common) for raw, digest in zip(answer.records, each_of(digests), strict=True)]


def _row_or_error(raw: bytes, digest: Digests, common: Common) -> Row | RecordError:
    try:
        return row_of(raw, digest, common)
    except RecordError as error:
        return error


class Common(NamedTuple):
    """What the rows of one answer have in common, as texts."""

    account_id: str | None
    asked_at: str
    day: str
    cycle: str


def common_of(answer: Answer) -> Common:
    """What rows of the answer have in common."""
    return Common(_text(answer.account_id), answer.asked_at.isoformat(), *days_of(answer.asked_at))


def row_of(raw: bytes, digest: Digests, common: Common) -> Row:
    """The texts of `COLUMNS` for one record, as that of a new SIM; RecordError if it cannot be read."""
    sim = decode_sim(raw)
    package = sim.package
    return (
        None,
        sim.giccid,
        common.account_id,
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
        common.asked_at,
        common.day,
        common.cycle,
        *_arrays_of(sim),
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


def _arrays_of(sim: Sim) -> tuple[str, str, str]:
    """What `numbers_of` tells, as arrays of kinds, positions and values."""
    device = sim.devices[0] if len(sim.devices) == 1 else NO_DEVICE
    if device.imei and device.imsi and device.msisdn:  # as nearly all have, and in digits that stay as they are
        digits = f"{sim.giccid}{device.imei}{device.imsi}{device.msisdn}"
        if digits.isdigit() and digits.isascii() and not device.msisdn.startswith(ABROAD):
            return *WHOLE_DEVICE, f"{{{sim.giccid},{device.imei},{device.imsi},{device.msisdn}}}"
    if len(sim.devices) > MOST_DEVICES:
        reason = f"Device list holds {len(sim.devices):,} devices, at most {MOST_DEVICES:,} were expected."
        raise RecordError(sim.giccid, "deviceInfo", reason)
    kinds, positions, values = zip(*numbers_of(sim), strict=True)
    return array_of(kinds), array_of(positions), f"{{{','.join(values)}}}"


def days_of(asked_at: datetime) -> tuple[str, str]:
    """The billing day, and the first day of the carrier's billing month, that a reading belongs to."""
    return _days_of_minute(asked_at.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _days_of_minute(minute: datetime) -> tuple[str, str]:
    day = minute.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE)).date()
    return day.isoformat(), day.replace(day=1).isoformat()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else _iso(moment)


def _json(value: object) -> str:
    return _encode(value).decode()
