"""What an account was, day by day: the carrier tells only what it is now."""

from __future__ import annotations

from collections.abc import Iterable

from enterprise.days import day_of
from enterprise.models import Account, AccountDay
from toolkit.upsert import upsert

KEPT = ("balance", "currency", "billing_cycle", "current_cycle_charge", "data_usage_mb", "carrier_sim_count")


def keep_days(accounts: Iterable[Account]) -> None:
    """Keep accounts as they were just read as the readings of their day; a later one of the day takes its place."""
    days = [
        AccountDay(
            account=account,
            day=day_of(account.read_at),
            read_at=account.read_at,
            **{name: getattr(account, name) for name in KEPT},
        )
        for account in accounts
    ]
    upsert(days, unique=["account", "day"], update=[*KEPT, "read_at"])
