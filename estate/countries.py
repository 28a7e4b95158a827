"""Countries over some days: traffic, share and trend, as a map and as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import log1p
from typing import Any

from django.db.models import Max, Sum

from enterprise.countries import country_of
from enterprise.models import CountryDay, CountryDayRead
from enterprise.statistics import added
from estate.charts import BarChart, Point, bar_chart
from estate.ranges import Days
from estate.usage import trend_words
from toolkit.figures import plural, volume

STEPS = 5
MB_PER_GB = 1024
ORDERS: dict[str, Callable[[CountryRow], Any]] = {}


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country, or a code that is none. `sims` is the most seen on one day: a SIM is counted anew each day."""

    code: str
    name: str
    is_country: bool
    used_mb: Decimal | None
    sims: int | None
    percent: float
    trend: str
    step: int

    @property
    def anchor(self) -> str:
        return f"country-{self.code.encode().hex()}" if not self.is_country else f"country-{self.code}"

    @property
    def words(self) -> str:
        sims = "" if self.sims is None else f", {plural(self.sims, 'SIM', 'SIMs')}"
        return f"{self.name}: {volume(self.used_mb)}{sims}"


ORDERS |= {
    "name": lambda row: row.name.casefold(),
    "traffic": lambda row: -(Decimal(-1) if row.used_mb is None else row.used_mb),
    "sims": lambda row: -(-1 if row.sims is None else row.sims),
}


@dataclass(frozen=True, slots=True)
class Countries:
    rows: list[CountryRow]
    strange: list[CountryRow]
    total_mb: Decimal
    days_read: int
    chart: BarChart | None
    unit: str

    @property
    def caption(self) -> str:
        return f"{self.unit} a day; a day that was not read is a gap"

    @property
    def on_map(self) -> list[CountryRow]:
        return [row for row in self.rows if row.is_country]


def countries_over(days: Days, *, by: str, order: str) -> Countries:
    """`by` is traffic or sims, what the map is coloured by; four queries."""
    sums = _sums(days)
    read, read_before = _read(days), _read(days.before)
    # A range with other gaps than the one before would seem to grow or to shrink.
    before = {code: mb for code, mb, _ in _sums(days.before).values()} if len(read) == len(read_before) else {}
    total = sum((mb for _, mb, _ in sums.values() if mb), Decimal(0))
    weigh = {code: float((sims if by == "sims" else mb) or 0) for code, (_, mb, sims) in sums.items()}
    most = max(weigh.values(), default=0.0)
    rows = [
        _row(code, mb, sims, total, before.get(code), _step(weigh[code], most)) for code, (_, mb, sims) in sums.items()
    ]
    rows.sort(key=lambda row: (ORDERS["traffic"](row), row.name))
    rows.sort(key=ORDERS.get(order, ORDERS["traffic"]))
    chart, unit = _chart(days, read)
    return Countries(
        rows=rows,
        strange=[row for row in rows if not row.is_country],
        total_mb=total,
        days_read=len(read),
        chart=chart,
        unit=unit,
    )


def _read(days: Days) -> set[date]:
    return set(CountryDayRead.objects.filter(day__range=(days.first, days.last)).values_list("day", flat=True))


def _sums(days: Days) -> dict[str, tuple[str, Decimal | None, int | None]]:
    """By alpha-2 where the code means a country, else by the code itself; codes of one country are added up."""
    found: dict[str, tuple[str, Decimal | None, int | None]] = {}
    rows = CountryDay.objects.filter(day__range=(days.first, days.last)).order_by().values("code")
    for code, mb, sims in rows.annotate(mb=Sum("data_usage_mb"), n=Max("sim_count")).values_list("code", "mb", "n"):
        country = country_of(code)
        key = country.code if country else code
        _, known_mb, known_sims = found.get(key, (key, None, None))
        found[key] = (key, added(known_mb, mb), added(known_sims, sims))
    return found


def _row(
    code: str, mb: Decimal | None, sims: int | None, total: Decimal, before: Decimal | None, step: int
) -> CountryRow:
    country = country_of(code)
    return CountryRow(
        code=code,
        name=country.name if country else code or "no code",
        is_country=country is not None,
        used_mb=mb,
        sims=sims,
        percent=round(float(max(mb or 0, 0) * 100 / total), 1) if total > 0 else 0.0,
        trend=trend_words(mb, before) if mb is not None else "",
        step=step,
    )


def _step(value: float, most: float) -> int:
    """1 to 5, by the size's order: one country mostly has a hundred times what the next has."""
    if most <= 0 or value <= 0:
        return 0
    return min(STEPS, 1 + int(log1p(value) / log1p(most) * STEPS * 0.999))


def _chart(days: Days, read: set[date]) -> tuple[BarChart | None, str]:
    rows = CountryDay.objects.filter(day__range=(days.first, days.last)).order_by().values("day")
    used = dict(rows.annotate(mb=Sum("data_usage_mb")).values_list("day", "mb"))
    unit, factor = ("GB", MB_PER_GB) if max((mb or 0 for mb in used.values()), default=0) >= MB_PER_GB else ("MB", 1)
    points = [
        Point(
            f"{day:%-d %b}",
            float(used.get(day) or 0) / factor if day in read else None,
            f"{day:%a %-d %B}",
            volume(used.get(day) or Decimal(0)) if day in read else "not read",
        )
        for day in days
    ]
    return bar_chart(points, words=f"Traffic of all countries per day, {days.words}"), unit
