"""Usage of the fleet, of accounts and of packages by day, from the roll-ups; never from the SIMs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.utils.safestring import SafeString, mark_safe

from enterprise.models import Account
from estate.charts import BarChart, Point, bar_chart
from estate.models import RollUp, SilentDay, UsageRoll, UsageTop
from estate.ranges import Days
from estate.sheets import csv_file
from sims.models import Sim
from toolkit.figures import change, count, volume

MB_PER_GB = 1024
Accounts = frozenset[int] | None


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day: what was used, by how many SIMs; None is a gap, and `together` how many days the next figure covers."""

    day: date
    used_mb: Decimal | None
    sims: int | None
    together: int = 1

    @property
    def words(self) -> str:
        if self.used_mb is None:
            return "not known"
        return volume(self.used_mb) if self.together == 1 else f"{volume(self.used_mb)} in {self.together} days"


@dataclass(frozen=True, slots=True)
class UsageChart:
    chart: BarChart | None
    rows: list[DayRow]
    unit: str
    total_mb: Decimal
    gaps: int

    @property
    def table(self) -> SafeString:
        """The rows of the chart's table; a template would take as long as all else of the page."""
        return mark_safe("".join(map(_row_html, self.rows)))  # noqa: S308 - figures and dates of ours

    def csv(self, name: str) -> HttpResponse:
        """The days as a file, oldest first."""
        cells = ((row.day.isoformat(), row.used_mb, row.sims, row.together) for row in reversed(self.rows))
        return csv_file(name, ["day", "used_mb", "sims", "days_together"], cells)


def _row_html(row: DayRow) -> str:
    used = '<span class="sp-quiet">not known</span>' if row.used_mb is None else row.words
    sims = "" if row.sims is None else count(row.sims)
    return f'<tr><td>{row.day:%a %-d %b %Y}</td><td class="sp-num">{used}</td><td class="sp-num">{sims}</td></tr>'


def rolls(days: Days, accounts: Accounts = None, package: str | None = None) -> QuerySet[UsageRoll]:
    """The roll-ups of some days, of those accounts a person may see."""
    found = UsageRoll.objects.filter(day__range=(days.first, days.last)).order_by()
    if accounts is not None:
        found = found.filter(account_id__in=accounts)
    return found if package is None else found.filter(package=package)


def usage_chart(days: Days, *, accounts: Accounts = None, package: str | None = None) -> UsageChart:
    """Each day's use as a bar; a day that was not read, or whose use is that of several, is a gap. Two queries."""
    spans = dict(RollUp.objects.filter(day__range=(days.first, days.last)).values_list("day", "spans_days"))
    sums = rolls(days, accounts, package).values("day").annotate(mb=Sum("used_mb"), n=Sum("sims"))
    used = {row["day"]: (row["mb"], row["n"]) for row in sums}
    rows = [_row(day, spans, used) for day in days]
    known = [row.used_mb for row in rows if row.used_mb is not None and row.together == 1]
    unit, factor = ("GB", MB_PER_GB) if max(known, default=Decimal(0)) >= MB_PER_GB else ("MB", 1)
    watched = [day for day, span in spans.items() if span]
    return UsageChart(
        chart=bar_chart([_point(row, factor) for row in rows], words=_words(days, rows)),
        rows=rows[::-1],
        unit=unit,
        total_mb=sum((row.used_mb for row in rows if row.used_mb is not None), Decimal(0)),
        gaps=sum(row.used_mb is None for row in rows if watched and row.day >= min(watched)),
    )


def _row(day: date, spans: Mapping[date, int], used: Mapping[date, tuple[Decimal, int]]) -> DayRow:
    span = spans.get(day, 0)
    if not span:
        return DayRow(day, None, None)
    mb, n = used.get(day, (Decimal(0), 0))
    return DayRow(day, mb, n, span)


def _point(row: DayRow, factor: int) -> Point:
    value = None if row.used_mb is None or row.together > 1 else float(row.used_mb) / factor
    return Point(f"{row.day:%-d %b}", value, f"{row.day:%a %-d %B}", row.words)


def _words(days: Days, rows: list[DayRow]) -> str:
    known = [row for row in rows if row.used_mb is not None and row.together == 1]
    if not known:
        return f"Usage per day, {days.words}: nothing known"
    most = max(known, key=lambda row: row.used_mb or 0)
    return f"Usage per day, {days.words}: most {volume(most.used_mb)} on {most.day:%-d %B}"


@dataclass(frozen=True, slots=True)
class Share:
    """What one account or package used in a range, beside the range before."""

    key: int | str
    name: str
    used_mb: Decimal
    percent: float
    trend: str
    before_mb: Decimal | None


Sums = dict[int | str, Decimal]
# An account, a package and what was used of it.
Cell = tuple[int, str, Decimal]


def shares_of(days: Days, accounts: Accounts) -> tuple[list[Share], list[Share]]:
    """Who used how much, account by account and package by package; five queries."""
    cells = _cells(days, accounts)
    # A range with other gaps than the one before would seem to grow or to shrink.
    before = _cells(days.before, accounts) if _known(days) == _known(days.before) else []
    names = dict(Account.objects.filter(pk__in={account for account, *_ in cells}).values_list("pk", "name"))
    return (
        _shares(_summed(cells, 0), _summed(before, 0), lambda key: names.get(int(key), "no account")),
        _shares(_summed(cells, 1), _summed(before, 1), lambda key: str(key) or "no package"),
    )


def _known(days: Days) -> int:
    return RollUp.objects.filter(day__range=(days.first, days.last), spans_days__gt=0).count()


def _cells(days: Days, accounts: Accounts) -> list[Cell]:
    rows = rolls(days, accounts).values("account_id", "package").annotate(mb=Sum("used_mb"))
    return list(rows.values_list("account_id", "package", "mb"))


def _summed(cells: Iterable[Cell], column: Literal[0, 1]) -> Sums:
    """By account (0) or by package (1)."""
    sums: Sums = {}
    for cell in cells:
        key: int | str = cell[column]
        mb = cell[2]
        if mb:
            sums[key] = sums.get(key, Decimal(0)) + mb
    return sums


def _shares(sums: Sums, before: Sums, name_of: Callable[[int | str], str]) -> list[Share]:
    whole = sum(sums.values(), Decimal(0)) or Decimal(1)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], str(item[0])))
    return [
        Share(
            key, name_of(key), mb, round(float(mb * 100 / whole), 1), trend_words(mb, before.get(key)), before.get(key)
        )
        for key, mb in ranked
    ]


def trend_words(now: Decimal, before: Decimal | None) -> str:
    """+24 % against the range before; nothing where there is nothing to compare with."""
    if not before:
        return ""
    percent = round((now - before) * 100 / before)
    return f"{change(percent)} %" if percent and abs(percent) < 1000 else "as before" if not percent else "tenfold"


@dataclass(frozen=True, slots=True)
class Leader:
    sim: Sim
    used_mb: Decimal
    usual_mb: Decimal | None

    @property
    def grown_mb(self) -> Decimal | None:
        return None if self.usual_mb is None else self.used_mb - self.usual_mb


def leaders(day: date, kind: UsageTop.Kind, accounts: Accounts) -> list[Leader]:
    """The SIMs that led on a day; two queries."""
    rows = list(UsageTop.objects.filter(day=day, kind=kind).order_by("place"))
    sims = Sim.objects.select_related("account").in_bulk([row.sim_id for row in rows])
    found = [Leader(sims[row.sim_id], row.used_mb, row.usual_mb) for row in rows if row.sim_id in sims]
    return [each for each in found if accounts is None or each.sim.account_id in accounts]


def last_rolled() -> RollUp | None:
    """The newest day whose sums are there."""
    return RollUp.objects.filter(rolled_at__isnull=False).order_by("-day").first()


def silent_counts(accounts: Accounts) -> list[tuple[int, int]]:
    """How many active SIMs used nothing for so many days, as last counted; one query."""
    found = SilentDay.objects.filter(day=SilentDay.objects.order_by("-day").values("day")[:1])
    if accounts is not None:
        found = found.filter(account_id__in=accounts)
    return list(found.order_by("days").values_list("days").annotate(total=Sum("n")))
