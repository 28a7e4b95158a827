"""Traffic by country, day by day (T1): the carrier keeps some months of it, we keep all that was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from toolkit.upsert import upsert

Number = TypeVar("Number", int, Decimal)
# A question a day; what is not there yet is read a few days at a time, the newest first.
DAYS_A_RUN = 8
# As far back as the carrier answers one question; older days were read in their time or never.
REACH = timedelta(days=91)


def days_wanted(*, most: int = DAYS_A_RUN) -> list[date]:
    """Today, and days whose figures were not final when they were read last."""
    today = day_of(timezone.now())
    final = set(CountryDayRead.objects.filter(day__gte=today - REACH, is_final=True).values_list("day", flat=True))
    return [day for day in _back_from(today) if day not in final][:most]


def ask_days(client: Client, days: Iterable[date]) -> Iterator[Answer[tuple[carrier_models.CountryUsage, ...]]]:
    """The countries of each day, one question after the other."""
    return (client.country_statistics(start_date=day, end_date=day) for day in days)


def _back_from(today: date) -> Iterator[date]:
    return (today - number * DAY for number in range(REACH.days + 1))


def write_days(answers: Mapping[date, Answer[tuple[carrier_models.CountryUsage, ...]]]) -> None:
    """Keep the countries of each day in place of an earlier reading of it; a code named twice is added up."""
    if not answers:
        return
    read_at = {day: answer.reply.asked_at for day, answer in answers.items()}
    with transaction.atomic():
        CountryDay.objects.filter(day__in=answers).delete()
        upsert(
            [row for day, answer in answers.items() for row in _rows(day, answer.value)],
            unique=["day", "code"],
            update=["data_usage_mb", "sim_count"],
        )
        upsert(
            [CountryDayRead(day=day, read_at=at, is_final=at >= end_of(day)) for day, at in read_at.items()],
            unique=["day"],
            update=["read_at", "is_final"],
        )
        note_read(Source.Call.COUNTRIES, None, max(read_at.values()))


def _rows(day: date, seen: Iterable[carrier_models.CountryUsage]) -> Iterable[CountryDay]:
    rows: dict[str, CountryDay] = {}
    for usage in seen:
        row = rows.setdefault(usage.country_code, CountryDay(day=day, code=usage.country_code))
        row.data_usage_mb = added(row.data_usage_mb, usage.data_usage_mb)
        row.sim_count = added(row.sim_count, usage.sim_count)
    return rows.values()


def added(one: Number | None, other: Number | None) -> Number | None:
    """The sum of two figures, where one that was not told counts for nothing."""
    if one is None or other is None:
        return other if one is None else one
    return one + other
