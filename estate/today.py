"""What the fleet has used today, against what it usually has by this time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db.models.functions import Trunc

from enterprise.days import DAY, day_of, end_of, start_of
from estate.charts import LineChart, Tag, line_chart
from estate.models import UsageMoment
from toolkit.figures import change, volume

WEEK = 7 * DAY
BACK = 4 * WEEK
FEWEST_DAYS = 3
HOURS = 24
# Where the name of the usual stands, and how near to the edge a name turns to the other side.
UPPER_TAG, LOWER_TAG, EDGE = 17 / 24, 14 / 24, 0.15
MB_PER_GB = 1024
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Today:
    """`used_mb` is the last known of today, `usual_mb` the mean of the days compared at that time of the day."""

    used_mb: Decimal | None
    at: datetime | None
    usual_mb: Decimal | None
    usual_name: str
    chart: LineChart | None
    unit: str
    rows: list[tuple[str, Decimal | None, Decimal | None]]

    @property
    def difference(self) -> str:
        """+24 %, or nothing where there is no usual."""
        if self.used_mb is None or not self.usual_mb:
            return ""
        percent = round((self.used_mb - self.usual_mb) * 100 / self.usual_mb)
        return f"{change(percent)} %" if percent else "as usual"

    @property
    def head_words(self) -> str:
        """33 % above the usual; nothing where there is no usual."""
        if not self.difference or self.difference == "as usual":
            return self.difference
        side = "above" if self.difference.startswith("+") else "below"
        return f"{self.difference[1:]} {side} the usual"

    @property
    def sentence(self) -> str:
        if self.used_mb is None:
            return "Not known yet."
        if not self.usual_mb:
            return "there are not enough days yet to say what is usual"
        return f"against the usual {volume(self.usual_mb)}"


def today_of(now: datetime) -> Today:
    """One query; two while there are too few days like today, and all days are compared."""
    today = day_of(now)
    days, read_at = _days_of([today - back * WEEK for back in range(BACK // WEEK + 1)], today)
    mine, name = days.pop(today, []), f"usual {today:%A}"
    if len(days) < FEWEST_DAYS:
        days, _ = _days_of([today - back * DAY for back in range(1, BACK // DAY + 1)], today)
        name = "usual day"
    compared = list(days.values()) if len(days) >= FEWEST_DAYS else []
    usual = [_usual(compared, hour / HOURS) for hour in range(HOURS + 1)]
    used = Decimal(str(mine[-1][1])) if mine else None
    by_now = _usual(compared, mine[-1][0]) if mine else None
    unit, factor = ("GB", MB_PER_GB) if _most(mine, usual) >= MB_PER_GB else ("MB", 1)
    return Today(
        used_mb=used,
        at=read_at,
        usual_mb=Decimal(str(round(by_now[1], 3))) if by_now else None,
        usual_name=name if compared else "",
        chart=_chart(mine, usual, factor, name, used),
        unit=unit,
        rows=_rows(mine, usual),
    )


def _days_of(wanted: Sequence[date], today: date) -> tuple[dict[date, Points], datetime | None]:
    """What was used by when on some days, by the last reading of each hour, and when today was read last; one query."""
    days: dict[date, Points] = {}
    read_at: datetime | None = None
    rows = UsageMoment.objects.filter(day__in=wanted).annotate(hour=Trunc("at", "hour", tzinfo=UTC))
    rows = rows.order_by("day", "hour", "-at").distinct("day", "hour")
    for day, at, mb, _ in rows.values_list("day", "at", "used_mb", "hour"):
        if day not in days:
            days[day], start = [(0.0, 0.0)], start_of(day)
            length = end_of(day) - start
        days[day].append((min(max((at - start) / length, 0.0), 1.0), float(mb)))
        read_at = at if day == today else read_at
    return days, read_at


Usual = tuple[float, float, float]


def _usual(days: Sequence[Points], place: float) -> Usual | None:
    """The least, the mean and the most at a time of the day; None where fewer days tell it than are enough."""
    values = [value for points in days if (value := _between(points, place)) is not None]
    if len(values) < FEWEST_DAYS:
        return None
    return min(values), sum(values) / len(values), max(values)


def _between(points: Points, place: float) -> float | None:
    """The use at a place among points in order, the first of which is at the start of the day."""
    at = bisect_left(points, (place,))
    if at == 0:
        return points[0][1]
    if at < len(points):
        (left, low), (right, high) = points[at - 1], points[at]
        return low + (high - low) * (place - left) / (right - left)
    # A last reading shortly before stands for it.
    last, value = points[-1]
    return value if place - last < 2 / HOURS and len(points) > 1 else None


def _most(mine: Points, usual: Sequence[Usual | None]) -> float:
    return max([0.0, *(mb for _, mb in mine), *(found[2] for found in usual if found)])


def _chart(
    mine: Points, usual: Sequence[Usual | None], factor: int, name: str, used: Decimal | None
) -> LineChart | None:
    places = [(hour / HOURS, found) for hour, found in enumerate(usual)]
    return line_chart(
        [
            ("today", [(place, mb / factor) for place, mb in mine]),
            (name, [(place, found[1] / factor if found else None) for place, found in places]),
        ],
        words=f"Use of today: {volume(used)}" if used is not None else "Use of today: not known",
        labels=[(0, "00:00"), (0.25, "06:00"), (0.5, "12:00"), (0.75, "18:00"), (1, "24:00")],
        band=[(place, found[0] / factor, found[2] / factor) for place, found in places if found],
        tags=_tags(mine, usual, factor, name),
    )


def _tags(mine: Points, usual: Sequence[Usual | None], factor: int, name: str) -> list[Tag]:
    """The names of the lines. Both rise, so the upper one's is above it to the left, the other's below to the right."""
    place, value = mine[-1] if mine else (0.0, 0.0)
    by_now = usual[min(round(place * HOURS), HOURS)]
    is_upper = not mine or by_now is None or value >= by_now[1]
    tags = [_today_tag(place, value / factor, is_upper=is_upper)] if mine else []
    at = LOWER_TAG if mine and is_upper else UPPER_TAG
    if (found := usual[round(at * HOURS)]) is None:
        return tags
    if at == UPPER_TAG:
        return [*tags, Tag(at, found[2] / factor, name, "end", -8)]
    lowest = min(found[0], _between(mine, at) or found[0])
    return [*tags, Tag(at, lowest / factor, name, "start", 18)]


def _today_tag(place: float, value: float, *, is_upper: bool) -> Tag:
    if is_upper:
        return Tag(place, value, "today", "start" if place < EDGE else "end", -9)
    return Tag(place, value, "today", "end" if place > 1 - EDGE else "start", 18)


def _rows(mine: Points, usual: Sequence[Usual | None]) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """Hour by hour, for who cannot see the picture."""
    latest = mine[-1][0] if mine else 0.0
    rows = []
    for hour in range(0, HOURS + 1, 3):
        value = _between(mine, hour / HOURS) if mine and hour / HOURS <= latest else None
        found = usual[hour]
        rows.append((f"{hour:02}:00", _decimal(value), _decimal(found[1] if found else None)))
    return rows


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(round(value, 3)))
