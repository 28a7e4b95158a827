"""What ends on which day to come, and what would start to cost at its next traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from enterprise.days import DAY, day_of
from estate.charts import BarChart, Point, bar_chart
from estate.models import EndingDay
from estate.rollups.standing import DAYS_AHEAD
from estate.usage import Accounts
from sims.models import Sim
from toolkit.figures import count, plural

WEEK = 7
# In these a SIM becomes active by its first traffic, and billing begins.
BILLING_STARTS = (
    (Sim.Status.ACTIVATE_READY, "Active, and billed, at its first traffic."),
    (Sim.Status.TEST_READY, "Ready to activate when its test volume or time is over; billed from the traffic after."),
)


@dataclass(frozen=True, slots=True)
class EndDay:
    day: date
    n: int
    unfollowed: int
    url: str
    is_today: bool

    @property
    def name(self) -> str:
        return f"{self.day:%A %-d %B}"

    @property
    def words(self) -> str:
        return f"{self.name}: {plural(self.n, 'package ends', 'packages end')}"


@dataclass(frozen=True, slots=True)
class Calendar:
    days: list[EndDay]
    chart: BarChart | None

    @property
    def total(self) -> int:
        return sum(day.n for day in self.days)

    @property
    def unfollowed(self) -> int:
        return sum(day.unfollowed for day in self.days)

    @property
    def blanks(self) -> range:
        """The days of the first week that have passed."""
        return range(self.days[0].day.weekday())

    @property
    def weeks(self) -> list[list[EndDay]]:
        """The days as rows of a calendar, from the week of today; the days before it are left out."""
        rows: list[list[EndDay]] = []
        for day in self.days:
            if not rows or day.day.weekday() == 0:
                rows.append([])
            rows[-1].append(day)
        return rows


def calendar_of(accounts: Accounts, *, ahead: int = DAYS_AHEAD) -> Calendar:
    """The next days, today among them; one query."""
    today = day_of(timezone.now())
    found = EndingDay.objects.filter(day__gte=today, day__lt=today + ahead * DAY)
    if accounts is not None:
        found = found.filter(account_id__in=accounts)
    rows = found.order_by().values_list("day").annotate(total=Sum("n"), left=Sum("unfollowed"))
    sums = {day: (n, left) for day, n, left in rows}
    days = [_day(today + number * DAY, sums, today) for number in range(ahead)]
    points = [_point(day, is_week=ahead <= WEEK) for day in days]
    return Calendar(days, bar_chart(points, words=_words(days), shows_values=ahead <= 10, is_whole=True))


def _day(day: date, sums: dict[date, tuple[int, int]], today: date) -> EndDay:
    n, unfollowed = sums.get(day, (0, 0))
    url = f"{reverse('sims:list')}?{urlencode({'plan_end': day.isoformat()})}"
    return EndDay(day, n, unfollowed, url, day == today)


def _point(day: EndDay, *, is_week: bool) -> Point:
    tone, more = ("warn", "") if day.is_today else ("", f"{day.day:%-d}" if is_week else "")
    return Point(_label(day, is_week=is_week), float(day.n), day.name, count(day.n), day.url, tone, more)


def _label(day: EndDay, *, is_week: bool) -> str:
    if is_week and not day.is_today:
        return f"{day.day:%a}"
    return "today" if day.is_today else f"{day.day:%-d %b}"


def _words(days: list[EndDay]) -> str:
    total = sum(day.n for day in days)
    return f"Packages ending per day in the next {len(days)} days: {plural(total, 'package', 'packages')} in all"


@dataclass(frozen=True, slots=True)
class Guard:
    """SIMs whose next traffic starts billing."""

    status: str
    n: int
    words: str
    url: str


def billing_guard(statuses: Mapping[str, int]) -> list[Guard]:
    """From how many SIMs have each status."""
    return [
        Guard(status, statuses.get(status, 0), words, f"{reverse('sims:list')}?{urlencode({'status': status})}")
        for status, words in BILLING_STARTS
    ]
