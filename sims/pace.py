"""What the pace of a cycle leads to, as one would say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sims.usage import DAY, Cycle, Point
from toolkit import figures

# A shorter stretch says more of the hour of the day than of the SIM.
SHORTEST = timedelta(days=1)
WHOLE_FROM_MB, TENTHS_FROM_MB = 100, 10


@dataclass(frozen=True, slots=True)
class Pace:
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Off:
    """Nothing is used since then, and as what: suspended, retired."""

    label: str
    since: datetime
    is_final: bool = False

    @property
    def outlook(self) -> str:
        return "Nothing is added any more." if self.is_final else "While it is off, nothing is added."


def pace_of(
    *,
    used: Decimal | None,
    read_at: datetime,
    origin: Point | None,
    cycle: Cycle,
    allowance: Decimal | None,
    off: Off | None = None,
) -> Pace:
    """The pace from `origin` up to the reading, or to when the SIM went off; `allowance` is that of the cycle."""
    if off and off.since <= cycle.starts_at:
        return Pace(f"No pace: it was {off.label} all this cycle.", off.outlook)
    until = min(read_at, off.since) if off else read_at
    if used is None or origin is None or until - origin.at < SHORTEST or used < origin.mb:
        return Pace("Not enough readings yet for a pace.", off.outlook if off else _missing(origin))
    per_day = (used - origin.mb) / _days(until - origin.at)
    leads_to = used + per_day * _days(max(cycle.ends_at - until, timedelta()))
    start = f"Pace until it was {off.label}" if off else "Pace"
    verb = "That would have come to" if off else "That leads to"
    words = f"{verb} {about(leads_to)} by {cycle.end:%-d %B}{_verdict(leads_to, allowance)}."
    return Pace(f"{start}: {figures.volume(per_day)} a day.", f"{words} {off.outlook}" if off else words)


def about(amount: Decimal, *, beside: Decimal | None = None) -> str:
    """114 MB, 12.7 MB, 3.94 MB, 1.20 GB: no more figures than a forecast is worth, and as many as the one beside it."""
    scale = amount if beside is None else beside
    if not TENTHS_FROM_MB <= scale < figures.MB_PER_GB:
        return figures.volume(amount)
    places = Decimal("1") if scale >= WHOLE_FROM_MB else Decimal("0.1")
    return f"{amount.quantize(places, ROUND_HALF_UP)} MB"


def _verdict(leads_to: Decimal, allowance: Decimal | None) -> str:
    if allowance is None:
        return ""
    over = leads_to - allowance
    return f", {about(over, beside=leads_to)} too much" if over > 0 else ", within the allowance"


def _missing(origin: Point | None) -> str:
    return "It takes a day between two readings of a cycle." if origin else "Nothing was read in this cycle yet."


def _days(length: timedelta) -> Decimal:
    return Decimal(str(length / DAY))
