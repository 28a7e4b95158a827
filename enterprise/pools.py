"""Share pools: our dated copy of P1, its readings, and the steps that are told in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from enterprise.forecast import Forecast, forecasts_of
from enterprise.models import Account, PoolReading, SharePool, Source
from enterprise.sources import note_read
from journal.record import Cause, NewEvent, record
from smarthub import Answer
from smarthub import models as carrier_models
from toolkit.live import ring
from toolkit.upsert import rewrite, upsert

Level = SharePool.Level
KINDS = {Level.WARNING: "pool.warning", Level.CRITICAL: "pool.critical", Level.EMPTY: "pool.empty"}


COPIED = (
    "account",
    "package_name",
    "data_total_mb",
    "data_usage_mb",
    "data_remaining_mb",
    "sim_count",
    "status",
    "cycle_starts_at",
    "cycle_ends_at",
    "read_at",
    "gone_at",
)
# Told of the cycle; the steps themselves are people's.
TOLD = ("level", "is_shortfall_told", "forecast")


def write_pools(answer: Answer[tuple[carrier_models.SharePool, ...]], *, cause: Cause) -> None:
    """Keep the pools as they were answered, a reading and the forecast of each, and tell what crossed a step.

    A pool that is no longer listed is marked gone and kept; none is where one could not be read. A bounded number of
    queries for any number of pools.
    """
    read_at = answer.reply.asked_at
    with transaction.atomic():
        pools = _copied(answer.value, read_at)
        if not answer.refused:
            _mark_gone(pools)
        _keep_readings(pools)
        forecasts = forecasts_of(pools)
        record([event for pool in pools for event in _tell(pool, forecasts[pool.pk])], cause=cause)
        rewrite(pools, TOLD)
        note_read(Source.Call.POOLS, None, read_at)
        ring("pools", "home")


def _mark_gone(listed: Sequence[SharePool]) -> None:
    kept = SharePool.objects.filter(gone_at=None)
    kept.exclude(pk__in=[pool.pk for pool in listed]).update(gone_at=timezone.now())


def _copied(seen: Sequence[carrier_models.SharePool], read_at: datetime) -> list[SharePool]:
    """Their rows; of a pool named twice the later one counts."""
    accounts = {account.name: account for account in Account.objects.all()}
    by_key = {(pool.account_name or "", pool.name): pool for pool in seen}
    known = {(row.account_name, row.name): row for row in SharePool.objects.select_for_update().order_by("pk")}
    pools = [
        _copy(known.get(key) or SharePool(account_name=key[0], name=key[1]), pool, accounts.get(key[0]), read_at)
        for key, pool in by_key.items()
    ]
    new, old = [pool for pool in pools if pool.pk is None], [pool for pool in pools if pool.pk is not None]
    SharePool.objects.bulk_create(new)
    rewrite(old, COPIED)
    return pools


def _copy(pool: SharePool, seen: carrier_models.SharePool, account: Account | None, read_at: datetime) -> SharePool:
    """A new cycle starts with nothing told."""
    if _is_new_cycle(pool, seen):
        pool.level, pool.is_shortfall_told = Level.CALM, False
    pool.account = account
    pool.package_name = seen.service_package_name or ""
    pool.data_total_mb, pool.data_usage_mb = _volume(seen.data_total_mb), _volume(seen.data_usage_mb)
    pool.data_remaining_mb = _volume(seen.data_remaining_mb)
    pool.sim_count, pool.status = seen.sim_count, seen.status or ""
    pool.cycle_starts_at, pool.cycle_ends_at = seen.cycle_started_at, seen.cycle_ends_at
    pool.read_at, pool.gone_at = read_at, None
    return pool


def _keep_readings(pools: Iterable[SharePool]) -> None:
    readings = [
        PoolReading(
            pool=pool,
            read_at=pool.read_at,
            data_usage_mb=pool.data_usage_mb,
            data_total_mb=pool.data_total_mb,
            sim_count=pool.sim_count,
        )
        for pool in pools
        if pool.data_usage_mb is not None
    ]
    upsert(readings, unique=["pool", "read_at"], update=[])


def _volume(mb: Decimal | None) -> Decimal | None:
    """Never below nothing."""
    return None if mb is None else max(mb, Decimal(0))


def _is_new_cycle(pool: SharePool, seen: carrier_models.SharePool) -> bool:
    """By the carrier's dates, and where it gives none by a usage that fell."""
    if seen.cycle_started_at is not None and pool.cycle_starts_at is not None:
        return seen.cycle_started_at != pool.cycle_starts_at
    fell = pool.data_usage_mb is not None and seen.data_usage_mb is not None
    return fell and (seen.data_usage_mb or 0) < (pool.data_usage_mb or 0)


def level_of(pool: SharePool) -> SharePool.Level:
    """The step that the pool's use has reached."""
    share = pool.share_percent
    if share is None:
        return Level.CALM
    steps = ((Decimal(100), Level.EMPTY), (pool.critical_percent, Level.CRITICAL), (pool.warn_percent, Level.WARNING))
    return next((level for percent, level in steps if share >= percent), Level.CALM)


def _tell(pool: SharePool, forecast: Forecast) -> Iterable[NewEvent]:
    """Each step once a cycle, and once a cycle that it will not last; a step gone back may be told again."""
    level, was = level_of(pool), pool.level
    is_short = not pool.is_shortfall_told and level != Level.EMPTY and forecast.is_before(pool.cycle_ends_at)
    pool.level, pool.forecast = level, forecast.to_keep()
    pool.is_shortfall_told = pool.is_shortfall_told or is_short
    if level > was:
        yield _event(pool, KINDS[level], {"used_mb": str(pool.data_usage_mb), "total_mb": str(pool.data_total_mb)})
    if is_short:
        yield _event(pool, "pool.shortfall", {"empty_at": forecast.at})


def _event(pool: SharePool, kind: str, data: dict[str, object]) -> NewEvent:
    data |= {"pool_id": pool.pk, "percent": int(pool.share_percent or 0), "sims": pool.sim_count}
    return NewEvent(kind, "pool", pool.name, pool.read_at, account_id=pool.account_id, data=data)


def set_levels(pool: SharePool, *, warn_percent: int, critical_percent: int) -> None:
    """Warn from other steps on; those that the pool has passed already count as told."""
    pool.warn_percent, pool.critical_percent = warn_percent, critical_percent
    pool.level = level_of(pool)
    pool.save(update_fields=["warn_percent", "critical_percent", "level"])
