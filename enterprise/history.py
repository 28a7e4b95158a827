"""What an account was, day by day: the carrier tells only what it is now."""

from __future__ import annotations

from enterprise.days import day_of
from enterprise.models import Account, AccountDay

KEPT = ("balance", "currency", "billing_cycle", "current_cycle_charge", "data_usage_mb", "carrier_sim_count")


def keep_day(account: Account) -> None:
    """Keep the account as it was just read as the reading of its day; a later one of the day takes its place."""
    figures = {name: getattr(account, name) for name in KEPT}
    AccountDay.objects.update_or_create(
        account=account, day=day_of(account.read_at), defaults={**figures, "read_at": account.read_at}
    )
