"""The chart of a cycle's days as its script draws it, and the words for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import msgspec

from sims.standing import OffSpan
from sims.usage import Cycle, Usage
from toolkit import figures


def chart_data(usage: Usage, *, now: datetime, per_day: Decimal | None, off: Iterable[OffSpan]) -> str:
    """JSON for static/js/chart.js. Days are numbered from 1; a moment's place is 0.5 at the cycle's start."""
    cycle = usage.cycle
    used = {day.day: day.used_mb for day in usage.days}
    data = {
        "first": cycle.first,
        "days": cycle.length,
        "mb": [_number(used.get(day)) for day in _all(cycle)],
        "allowance": _number(per_day),
        "now": _place(cycle, now),
        "off": [_span(cycle, span) for span in off],
    }
    return msgspec.json.encode(data).decode()


def chart_words(usage: Usage) -> str:
    """What the picture shows, in a sentence."""
    if not (highest := usage.highest):
        return "Usage per day: nothing read yet"
    gaps = sum(day.used_mb is None for day in usage.days)
    words = f"Usage per day since {usage.cycle.first:%-d %B}: the most was {figures.volume(highest.used_mb)}"
    words = f"{words} on {highest.day:%-d %B}"
    return f"{words}; {figures.plural(gaps, 'day is', 'days are')} not known" if gaps else words


def _span(cycle: Cycle, span: OffSpan) -> dict[str, float | str]:
    return {"from": _place(cycle, span.start), "to": _place(cycle, span.end), "label": span.label.lower()}


def _all(cycle: Cycle) -> list[date]:
    return [cycle.first.replace(day=number + 1) for number in range(cycle.length)]


def _place(cycle: Cycle, moment: datetime) -> float:
    return round(cycle.place(moment) + 0.5, 3)


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else round(float(amount), 3)
