"""Numbers and ages as people read them. None is a figure nobody has read yet, never a zero."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

NOT_READ = "not read yet"
MB_PER_GB = 1024
_CENT = Decimal("0.01")


def count(value: int | None) -> str:
    """1,003,482; a minus is a minus sign, not a hyphen."""
    return NOT_READ if value is None else f"{value:,}".replace("-", "−")


def told(words: str) -> str:
    """A figure in words, of what has been read: one that was left out is not still to come."""
    return "not told" if words == NOT_READ else words


def change(value: int | None) -> str:
    """+1,118, −902 or "no change"."""
    if value is None:
        return NOT_READ
    return f"{value:+,}".replace("-", "−") if value else "no change"


def amount_mb(value: Decimal | None) -> str:
    """Megabytes without their unit, two decimals, so that a column of them lines up."""
    if value is None:
        return NOT_READ
    return f"{value.quantize(_CENT, ROUND_HALF_UP):,}".replace("-", "−")


def volume(value: Decimal | None) -> str:
    """71.20 MB; from 1 GB (1024 MB) on in GB."""
    if value is None:
        return NOT_READ
    if abs(value) < MB_PER_GB:
        return f"{amount_mb(value)} MB"
    return f"{amount_mb(value / MB_PER_GB)} GB"


def percent(part: Decimal | int | None, whole: Decimal | int | None) -> int | None:
    """Whole percent of a whole, rounded down so that 100 means all of it; None where there is no share."""
    if part is None or not whole:
        return None
    return int(part * 100 // whole)


def plural(value: int, one: str, many: str) -> str:
    """1 SIM, 2,871 SIMs."""
    return f"{count(value)} {one if value == 1 else many}"


def span(length: timedelta) -> str:
    """40 s, 18 min, 2 h, 3 d. A clock that ran ahead gives 0 s."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{count(seconds // 86400)} d"


def took(length: timedelta) -> str:
    """How long something lasted, two units deep: 41 s, 2 min 10 s, 2 h 14 min."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{count(seconds // 3600)} h {seconds % 3600 // 60} min"


def age(at: datetime | None, now: datetime) -> str:
    return NOT_READ if at is None else span(now - at)
