"""Share pools as pages show them: how full, how long it lasts, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from enterprise.days import DAY
from enterprise.forecast import Forecast, Verdict, forecasts_told
from enterprise.models import PoolReading, SharePool
from enterprise.pools import level_of
from estate.charts import LineChart, line_chart
from toolkit.figures import count, volume
from toolkit.templatetags.look import when

Level = SharePool.Level
TONES = {Level.CALM: "", Level.WARNING: "warn", Level.CRITICAL: "bad", Level.EMPTY: "bad"}
MB_PER_GB = 1024
# As many as a screen can tell apart; a year of hourly readings has ten times more.
MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool with its tone, how much of it is used, and when it will be empty."""

    pool: SharePool
    tone: str
    percent: int | None
    forecast: Forecast
    end: SafeString | str
    end_tone: str
    url: str

    @property
    def urgency(self) -> tuple[bool, int, Decimal, str]:
        """The more urgent come first, what the carrier lists no longer last."""
        order = {"bad": 0, "warn": 1}.get(self.end_tone or self.tone, 2)
        return self.pool.gone_at is not None, order, -(self.pool.share_percent or Decimal(0)), self.pool.name.lower()


def pool_rows(pools: Sequence[SharePool]) -> list[PoolRow]:
    """The more urgent first; no query, but where no forecast was kept yet."""
    forecasts = forecasts_told(pools)
    return sorted((_row(pool, forecasts[pool.pk]) for pool in pools), key=lambda row: row.urgency)


def _row(pool: SharePool, forecast: Forecast) -> PoolRow:
    share = pool.share_percent
    end, end_tone = end_words(pool, forecast)
    return PoolRow(
        pool=pool,
        tone=TONES[level_of(pool)],
        percent=None if share is None else int(share),
        forecast=forecast,
        end=end,
        end_tone=end_tone,
        url=reverse("estate:pool", args=[pool.pk]),
    )


def end_words(pool: SharePool, forecast: Forecast) -> tuple[SafeString | str, str]:
    """When it will be empty, in words, and their tone."""
    if forecast.verdict is Verdict.EMPTY:
        return "empty", "bad"
    if forecast.verdict is Verdict.NO_TOTAL:
        return "its size is not known", ""
    if forecast.verdict is Verdict.TOO_FEW:
        return "not enough readings yet", ""
    if forecast.verdict is Verdict.STILL:
        return "hardly used at present", ""
    return _end(pool, forecast)


def _end(pool: SharePool, forecast: Forecast) -> tuple[SafeString | str, str]:
    margin = margin_words(forecast.margin)
    if pool.cycle_ends_at and not forecast.may_be_before(pool.cycle_ends_at):
        return "lasts to the end of the cycle", ""
    words = format_html("empty {} ± {}", when(forecast.at, "day"), margin)
    if pool.cycle_ends_at and not forecast.is_before(pool.cycle_ends_at):
        return format_html("may be {}", words), "warn"
    soon = forecast.at is not None and forecast.at - pool.read_at < 3 * DAY
    return words, "bad" if soon else "warn"


def margin_words(margin: timedelta) -> str:
    """± in hours up to two days, then in days; never finer than the readings are."""
    hours = margin.total_seconds() / 3600
    return f"{max(1, round(hours))} h" if hours < 48 else f"{round(hours / 24)} d"


def pace_words(forecast: Forecast) -> str:
    """1.5 GB a day (± 0.2)."""
    if forecast.per_day_mb is None:
        return ""
    per_day, margin = Decimal(str(forecast.per_day_mb)), Decimal(str(forecast.per_day_margin_mb))
    return f"{volume(per_day)} a day (± {volume(margin)})"


@dataclass(frozen=True, slots=True)
class PoolHistory:
    chart: LineChart | None
    rows: list[PoolReading]
    unit: str

    @property
    def table(self) -> SafeString:
        """The rows of the chart's table, newest first; a template takes longer over hundreds of them than all else."""
        return format_html_join("", ROW, (_cells(row) for row in reversed(self.rows)))


ROW = '<tr><td>{}</td><td class="sp-num">{}</td><td class="sp-num">{}</td></tr>'


def _cells(row: PoolReading) -> tuple[SafeString | str, str, str]:
    return when(row.read_at, "full"), volume(row.data_usage_mb), count(row.sim_count)


def history_of(pool: SharePool, forecast: Forecast, now: datetime) -> PoolHistory:
    """The readings of the cycle under way, the allowance, and the line ahead."""
    starts = pool.cycle_starts_at or pool.read_at - timedelta(days=30)
    ends = pool.cycle_ends_at or max(now, pool.read_at) + timedelta(days=1)
    rows = list(PoolReading.objects.filter(pool=pool, read_at__gte=starts).order_by("read_at"))
    unit, factor = ("GB", MB_PER_GB) if (pool.data_total_mb or 0) >= MB_PER_GB else ("MB", 1)
    if ends <= starts or not rows:
        return PoolHistory(None, rows, unit)

    def place(at: datetime) -> float:
        return min(max((at - starts) / (ends - starts), 0.0), 1.0)

    points = [(place(row.read_at), float(row.data_usage_mb) / factor) for row in _thinned(rows)]
    chart = line_chart(
        [("used", points), ("ahead", _ahead(pool, forecast, ends, factor, place))],
        words=_chart_words(pool, rows),
        labels=_labels(starts, ends),
        rules=[(float(pool.data_total_mb) / factor, "all of it")] if pool.data_total_mb else [],
        now=place(now),
    )
    return PoolHistory(chart, rows, unit)


def _thinned(rows: list[PoolReading]) -> list[PoolReading]:
    every = -(-len(rows) // MOST_POINTS)
    return [row for number, row in enumerate(reversed(rows)) if number % every == 0][::-1]


def _ahead(
    pool: SharePool, forecast: Forecast, ends: datetime, factor: int, place: Callable[[datetime], float]
) -> list[tuple[float, float]]:
    """From the newest reading on at the pace found, to the end of the pool or of the cycle."""
    if forecast.per_day_mb is None or pool.data_usage_mb is None:
        return []
    until = min(ends, forecast.at) if forecast.at else ends
    used = float(pool.data_usage_mb)
    then = used + forecast.per_day_mb * max((until - pool.read_at) / DAY, 0.0)
    return [(place(pool.read_at), used / factor), (place(until), then / factor)]


def _labels(starts: datetime, ends: datetime) -> list[tuple[float, str]]:
    length = (ends - starts) / DAY
    step = max(1, round(length / 3))
    days = range(0, int(length) + 1, step)
    return [(number / length, f"{starts + number * DAY:%-d %b}") for number in days]


def _chart_words(pool: SharePool, rows: list[PoolReading]) -> str:
    last = rows[-1]
    return f"Use of {pool.name} over the cycle: {volume(last.data_usage_mb)} of {volume(pool.data_total_mb)} by now"
