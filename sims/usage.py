"""Usage per billing day, made from the dated readings of our copy: a day's use is the difference of two of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import DateField
from django.db.models.functions import TruncDate

from sims.models import Sim, SyncRun, UsageDay
from toolkit.partitions import next_month

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A billing month of the carrier, in BILLING_TIME_ZONE; `end` is the first day of the next."""

    first: date
    end: date

    @classmethod
    def at(cls, now: datetime) -> Cycle:
        first = now.astimezone(zone()).date().replace(day=1)
        return cls(first, next_month(first))

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        return _midnight(self.end)

    @property
    def length(self) -> int:
        return (self.end - self.first).days

    def place(self, moment: datetime) -> float:
        """How many days of the cycle had passed at `moment`; kept within the cycle."""
        passed = (moment - self.starts_at) / DAY
        return min(max(passed, 0.0), float(self.length))


@dataclass(frozen=True, slots=True)
class DayUse:
    """What one day used, and the cycle's total when it ended; None is what no reading tells."""

    day: date
    used_mb: Decimal | None = None
    total_mb: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A total of the cycle and when it was so."""

    at: datetime
    mb: Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """One SIM's cycle as we have read it; `origin` is the earliest total of it that is sure, for a pace."""

    cycle: Cycle
    days: list[DayUse]
    origin: Point | None

    @property
    def has_days(self) -> bool:
        return any(day.used_mb is not None for day in self.days)

    @property
    def highest(self) -> DayUse | None:
        known = [day for day in self.days if day.used_mb is not None]
        return max(known, key=lambda day: day.used_mb or 0, default=None)


def zone() -> ZoneInfo:
    return ZoneInfo(settings.BILLING_TIME_ZONE)


def usage_of(sim: Sim, now: datetime) -> Usage:
    """The SIM's billing cycle up to now, day by day; two queries."""
    cycle = Cycle.at(now)
    rows = list(
        UsageDay.objects.filter(sim_id=sim.pk, day__gte=cycle.first, day__lt=cycle.end)
        .order_by("day", "read_at")
        .values_list("day", "data_usage_mb", "read_at")
    )
    readings = {day: Point(read_at, mb) for day, mb, read_at in rows}
    return Usage(
        cycle=cycle,
        days=day_uses(
            {day: point.mb for day, point in readings.items()},
            first=cycle.first,
            last=now.astimezone(zone()).date(),
            seen=_days_read(sim, cycle),
        ),
        origin=_origin(sim, cycle, list(readings.values())),
    )


def day_uses(
    totals: Mapping[date, Decimal], *, first: date, last: date, seen: Collection[date] = frozenset()
) -> list[DayUse]:
    """The use of each day from `first`, where a cycle begins at nothing, to `last`.

    `totals` are the readings, each its day's last. Our copy keeps a reading only where the total moved, so a day in
    `seen` without one ended as the day before. A smaller total is a new cycle. Days between two readings that are
    further apart are gaps: their sum is known, not their parts, unless that sum is nothing.
    """
    found: list[DayUse] = []
    waiting: list[date] = []
    before = Decimal(0)
    for day in _days(first, last):
        waiting.append(day)
        total = totals.get(day, before if day in seen else None)
        if total is not None:
            found += _settle(waiting, before, total)
            waiting, before = [], total
    return found + [DayUse(day) for day in waiting]


def _settle(days: list[date], before: Decimal, total: Decimal) -> list[DayUse]:
    """The days since the last known total, now that the last of them has one."""
    used = total - before if total >= before else total
    if len(days) == 1 or total == before:
        return [DayUse(day, used, total) for day in days]
    return [*(DayUse(day) for day in days[:-1]), DayUse(days[-1], None, total)]


def _days(first: date, last: date) -> Iterable[date]:
    return (first + number * DAY for number in range((last - first).days + 1))


def _days_read(sim: Sim, cycle: Cycle) -> set[date]:
    """The days of the cycle on which the whole fleet was read, this SIM with it."""
    until = sim.missing_since or cycle.ends_at
    runs = SyncRun.objects.filter(
        kind=SyncRun.Kind.FULL,
        state=SyncRun.State.FINISHED,
        started_at__gte=max(cycle.starts_at, sim.first_seen_at),
        finished_at__lt=until,
    )
    day = TruncDate("started_at", tzinfo=zone(), output_field=DateField())
    return set(runs.annotate(day=day).order_by().values_list("day", flat=True).distinct())


def _origin(sim: Sim, cycle: Cycle, readings: list[Point]) -> Point | None:
    """Nothing at the start of the cycle, if we watched it begin, or of the SIM's life; else our first reading of it."""
    for at in range(len(readings) - 1, 0, -1):
        if readings[at].mb < readings[at - 1].mb:
            return readings[at]
    began = max(cycle.starts_at, sim.activated_at or cycle.starts_at)
    if sim.first_seen_at <= began:
        return Point(began, Decimal(0))
    return readings[0] if readings else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone()).astimezone(UTC)
