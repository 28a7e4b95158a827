"""Which days are to be rolled up, and the rolling of one under its lease."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from enterprise.days import DAY, day_of, end_of, start_of
from estate.models import RollUp, UsageMoment
from estate.rollups.standing import count_standing
from estate.rollups.usage import roll_usage
from sims.models import SyncRun
from toolkit import lease
from toolkit.database import set_cursor
from toolkit.live import ring

log = structlog.get_logger(__name__)

KEPT_DAYS = 400


def due_days(now: datetime | None = None) -> list[date]:
    """Days to roll up, the newest first: those of runs that were not rolled yet, and yesterday once it is over."""
    today = day_of(now or timezone.now())
    runs = _last_runs(today)
    rolled = {row.day: row for row in RollUp.objects.filter(day__gte=today - KEPT_DAYS * DAY)}
    return sorted((day for day, run in runs.items() if _is_due(rolled.get(day), run, today)), reverse=True)


def _last_runs(today: date) -> dict[date, int]:
    """The last complete run of each billing day on which the fleet was read."""
    full = SyncRun.objects.filter(
        kind=SyncRun.Kind.FULL,
        state=SyncRun.State.FINISHED,
        finished_at__gte=start_of(today - KEPT_DAYS * DAY),
    )
    rows = full.order_by("pk").values_list("pk", "started_at", "finished_at")
    return {day: pk for pk, *moments in rows for day in {day_of(moment) for moment in moments if moment}}


def _is_due(rolled: RollUp | None, run: int, today: date) -> bool:
    if rolled is None or rolled.rolled_at is None or rolled.run_id != run:
        return True
    # What was read by name after the last run of a day still belongs to it.
    return rolled.day < today and rolled.rolled_at < end_of(rolled.day)


def roll_up(day: date, *, now: datetime | None = None) -> bool:
    """Roll the day up; False when another worker does. Done again it gives the same, so twice is harmless."""
    RollUp.objects.get_or_create(day=day)
    row = RollUp.objects.filter(day=day)
    owner = lease.claim(row)
    if owner is None:
        return False
    try:
        with lease.kept(row, owner):
            _roll(day, now or timezone.now())
    finally:
        lease.release(row, owner)
    return True


def _roll(day: date, now: datetime) -> None:
    began, zone = time.monotonic(), settings.BILLING_TIME_ZONE
    is_today, run = day == day_of(now), _last_runs(day_of(now)).get(day)
    with transaction.atomic(), set_cursor() as cursor:
        used, read = roll_usage(cursor, day, zone=zone)
        if is_today:
            count_standing(cursor, day, zone=zone)
        spans = _spans(day)
        if is_today and spans == 1:
            UsageMoment.objects.get_or_create(at=_moment(run, now), defaults={"day": day, "used_mb": used})
        RollUp.objects.filter(day=day).update(
            run_id=run, rolled_at=now, spans_days=spans, sims_read=read, took_s=time.monotonic() - began
        )
        ring("home", "estate")
    log.info("rolled_up", day=day.isoformat(), sims=read, took_s=round(time.monotonic() - began, 2))


def _moment(run: int | None, now: datetime) -> datetime:
    finished = SyncRun.objects.filter(pk=run).values_list("finished_at", flat=True).first() if run else None
    return finished if finished and day_of(finished) == day_of(now) else now


def _spans(day: date) -> int:
    """How many days the day's use is that of: back to the last day before on which the fleet was read."""
    full = SyncRun.objects.filter(kind=SyncRun.Kind.FULL, state=SyncRun.State.FINISHED)
    before = full.filter(finished_at__lt=start_of(day)).order_by("-finished_at").values_list("finished_at", flat=True)
    last = before.first()
    return 0 if last is None else min((day - day_of(last)).days, timedelta(days=32_000).days)
