from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from enterprise.days import day_of
from enterprise.models import Account, CountryDay, CountryDayRead, PoolReading, SharePool
from estate.models import RollUp, UsageRoll

HOSTILE = ("O'Neill & <b>Sons</b>", "深圳 IoT")


def today():
    return day_of(timezone.now())


def make_account(name: str = HOSTILE[0], **fields) -> Account:
    return Account.objects.create(name=name, **{"read_at": timezone.now(), "status": "NORMAL", **fields})


def make_pool(
    name: str = "EU-Pool-50G", *, used: str | None = "810", total: str | None = "1000", **fields
) -> SharePool:
    now = timezone.now()
    values = {
        "account_name": HOSTILE[0],
        "data_total_mb": total and Decimal(total),
        "data_usage_mb": used and Decimal(used),
        "sim_count": 3,
        "cycle_starts_at": now - timedelta(days=15),
        "cycle_ends_at": now + timedelta(days=15),
        "read_at": now,
    }
    return SharePool.objects.create(name=name, **{**values, **fields})


def make_readings(pool: SharePool, *, per_day: float, days: int = 10, every_h: int = 6) -> None:
    used, steps = float(pool.data_usage_mb), days * 24 // every_h
    PoolReading.objects.bulk_create(
        PoolReading(
            pool=pool,
            read_at=pool.read_at - timedelta(hours=every_h * number),
            data_usage_mb=Decimal(str(round(max(used - per_day * every_h / 24 * number, 0), 3))),
        )
        for number in range(steps + 1)
    )


def make_country(code: str, mb: str | None, sims: int | None = 1, *, ago: int = 0) -> None:
    day = today() - timedelta(days=ago)
    CountryDayRead.objects.get_or_create(day=day, defaults={"read_at": timezone.now()})
    CountryDay.objects.create(day=day, code=code, data_usage_mb=mb and Decimal(mb), sim_count=sims)


def make_roll(mb: str, *, ago: int = 0, account: int = 0, package: str = "", spans: int = 1, sims: int = 1) -> None:
    day = today() - timedelta(days=ago)
    RollUp.objects.get_or_create(day=day, defaults={"rolled_at": timezone.now(), "spans_days": spans})
    UsageRoll.objects.create(day=day, account_id=account, package=package, used_mb=Decimal(mb), sims=sims)
