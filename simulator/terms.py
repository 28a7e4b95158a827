"""How long a service package lasts."""

from datetime import UTC, datetime, timedelta

from simulator.catalogue import Package

_DAY = 86_400


def term_end(start: int, package: Package) -> int:
    """The end of one term; a month is a calendar month."""
    begin = datetime.fromtimestamp(start, UTC)
    if package.unit == "DAY":
        return start + package.validity * _DAY
    months = package.validity * (12 if package.unit == "YEAR" else 1)
    year, month = divmod(begin.year * 12 + begin.month - 1 + months, 12)
    first = begin.replace(year=year, month=month + 1, day=1)
    last_day = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return int(first.replace(day=min(begin.day, last_day)).timestamp())
