"""When a pool runs out: a straight line through its readings by least squares, and how far it may be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import sqrt
from typing import Any, Self

from enterprise.models import PoolReading, SharePool

# Readings that follow one another closely tell the same: one of each span is enough, and keeps the error honest.
SPACING = timedelta(hours=2)
WINDOW = timedelta(days=10)
FEWEST = 4
SHORTEST = timedelta(hours=24)
LONGEST = timedelta(days=730)
DAY_S = 86_400.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Two standard errors: nineteen times in twenty it is within.
SURENESS = 2.0


class Verdict(Enum):
    """What the readings allow to say."""

    TOO_FEW = "too few"
    STILL = "still"
    RUNS_OUT = "runs out"
    EMPTY = "empty"
    NO_TOTAL = "no total"


@dataclass(frozen=True, slots=True)
class Forecast:
    """`at` is the likely end, `margin` how much sooner or later it may be; `per_day_mb` with its own margin."""

    verdict: Verdict
    at: datetime | None = None
    margin: timedelta = timedelta(0)
    per_day_mb: float | None = None
    per_day_margin_mb: float = 0.0
    readings: int = 0

    @classmethod
    def kept(cls, kept: dict[str, Any]) -> Self:
        """As `to_keep` wrote it."""
        return cls(
            verdict=Verdict(kept["verdict"]),
            at=datetime.fromisoformat(kept["at"]) if kept["at"] else None,
            margin=timedelta(seconds=kept["margin_s"]),
            per_day_mb=kept["per_day_mb"],
            per_day_margin_mb=kept["per_day_margin_mb"],
            readings=kept["readings"],
        )

    def to_keep(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "at": self.at.isoformat() if self.at else None,
            "margin_s": self.margin.total_seconds(),
            "per_day_mb": self.per_day_mb,
            "per_day_margin_mb": self.per_day_margin_mb,
            "readings": self.readings,
        }

    def is_before(self, end: datetime | None) -> bool:
        """Whether it surely runs out before `end`, its margin allowed for; without an end within the month."""
        if self.verdict is not Verdict.RUNS_OUT or self.at is None or end is None:
            return False
        return self.at + self.margin < end

    def may_be_before(self, end: datetime | None) -> bool:
        if self.verdict is not Verdict.RUNS_OUT or self.at is None or end is None:
            return False
        return self.at - self.margin < end


def forecasts_told(pools: Sequence[SharePool]) -> dict[int, Forecast]:
    """The forecasts of some pools by their ids, as they were made when the pools were read last."""
    told = {pool.pk: Forecast.kept(pool.forecast) for pool in pools if pool.forecast}
    untold = [pool for pool in pools if not pool.forecast]
    return told | forecasts_of(untold) if untold else told


def forecasts_of(pools: Sequence[SharePool]) -> dict[int, Forecast]:
    """The same, made from their readings; one query."""
    since = {pool.pk: _since(pool) for pool in pools}
    readings = PoolReading.objects.filter(pool__in=since, read_at__gte=min(since.values(), default=None) or EPOCH)
    points: dict[int, list[tuple[datetime, float]]] = {pk: [] for pk in since}
    for pk, at, mb in readings.order_by("pool", "read_at").values_list("pool", "read_at", "data_usage_mb"):
        if at >= since[pk]:
            points[pk].append((at, float(mb)))
    return {pool.pk: forecast(points[pool.pk], total_mb=_number(pool.data_total_mb)) for pool in pools}


def _since(pool: SharePool) -> datetime:
    window = pool.read_at - WINDOW
    return max(window, pool.cycle_starts_at) if pool.cycle_starts_at else window


def _number(mb: Decimal | None) -> float | None:
    return None if mb is None else float(mb)


def forecast(points: Sequence[tuple[datetime, float]], *, total_mb: float | None) -> Forecast:
    """From (moment, MB used so far) in order of time; what lies before the last fall belongs to another cycle."""
    if not total_mb:
        return Forecast(Verdict.NO_TOTAL)
    points = _spaced(_since_last_fall(points))
    if points and points[-1][1] >= total_mb:
        return Forecast(Verdict.EMPTY, readings=len(points))
    if len(points) < FEWEST or points[-1][0] - points[0][0] < SHORTEST:
        return Forecast(Verdict.TOO_FEW, readings=len(points))
    return _line(points, total_mb)


def _since_last_fall(points: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    falls = [at for at in range(1, len(points)) if points[at][1] < points[at - 1][1]]
    return list(points[falls[-1] :] if falls else points)


def _spaced(points: list[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """One of each span, going back from the newest."""
    kept: list[tuple[datetime, float]] = []
    for point in reversed(points):
        if not kept or kept[-1][0] - point[0] >= SPACING:
            kept.append(point)
    return kept[::-1]


def _line(points: list[tuple[datetime, float]], total_mb: float) -> Forecast:
    """used = base + slope · days since the newest reading; the end is where the line meets the whole."""
    newest = points[-1][0]
    days = [(at - newest).total_seconds() / DAY_S for at, _ in points]
    used = [mb for _, mb in points]
    n, mean_day, mean_used = len(points), sum(days) / len(days), sum(used) / len(used)
    spread = sum((day - mean_day) ** 2 for day in days)
    slope = sum((day - mean_day) * (mb - mean_used) for day, mb in zip(days, used, strict=True)) / spread
    base = mean_used - slope * mean_day
    off = [mb - base - slope * day for day, mb in zip(days, used, strict=True)]
    sigma = sqrt(sum(each * each for each in off) / (n - 2))
    slope_error = sigma / sqrt(spread)
    if slope <= 0 or (total_mb - base) / slope > LONGEST.days:
        return Forecast(Verdict.STILL, per_day_mb=max(slope, 0.0), readings=n)
    end = max((total_mb - base) / slope, 0.0)
    end_error = sigma / slope * sqrt(1 / n + (end - mean_day) ** 2 / spread)
    return Forecast(
        Verdict.RUNS_OUT,
        at=newest + timedelta(days=end),
        margin=min(timedelta(days=SURENESS * end_error), LONGEST),
        per_day_mb=slope,
        per_day_margin_mb=SURENESS * slope_error,
        readings=n,
    )
