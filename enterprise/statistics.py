"""Traffic by country, day by day (T1): the carrier keeps some months of it, we keep all that was read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from enterprise.days import DAY, day_of, end_of
from enterprise.models import CountryDay, CountryDayRead, Source
from enterprise.sources import note_read
from smarthub import Answer, Client
from smarthub import models as carrier_models
from toolkit.database import let_go

Number = TypeVar("Number", int, Decimal)
# A question a day; what is not there yet is read a few days at a time, the newest first.
DAYS_A_RUN = 8
# As far back as the carrier answers one question; older days were read in their time or never.
REACH = timedelta(days=91)


def read_days(client: Client, *, most: int = DAYS_A_RUN) -> int:
    """Read today, and days whose figures were not final when they were read last; how many requests it took."""
    requests = 0
    for day in _wanted(day_of(timezone.now()), most):
        let_go()
        answer = client.country_statistics(start_date=day, end_date=day)
        write_day(day, answer)
        requests += answer.reply.attempts
    return requests


def _wanted(today: date, most: int) -> list[date]:
    final = set(CountryDayRead.objects.filter(day__gte=today - REACH, is_final=True).values_list("day", flat=True))
    return [day for day in _back_from(today) if day not in final][:most]


def _back_from(today: date) -> Iterator[date]:
    return (today - number * DAY for number in range(REACH.days + 1))


def write_day(day: date, answer: Answer[tuple[carrier_models.CountryUsage, ...]]) -> None:
    """Keep a day's countries in place of an earlier reading of it; a code named twice is added up."""
    read_at = answer.reply.asked_at
    rows: dict[str, CountryDay] = {}
    for seen in answer.value:
        row = rows.setdefault(seen.country_code, CountryDay(day=day, code=seen.country_code))
        row.data_usage_mb = added(row.data_usage_mb, seen.data_usage_mb)
        row.sim_count = added(row.sim_count, seen.sim_count)
    with transaction.atomic():
        CountryDay.objects.filter(day=day).delete()
        CountryDay.objects.bulk_create(rows.values())
        CountryDayRead.objects.update_or_create(
            day=day, defaults={"read_at": read_at, "is_final": read_at >= end_of(day)}
        )
        note_read(Source.Call.COUNTRIES, None, read_at)


def added(one: Number | None, other: Number | None) -> Number | None:
    """The sum of two figures, where one that was not told counts for nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other
