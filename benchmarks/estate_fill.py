"""A fleet with its history, by SQL: what the estate's pages stand on after a year of readings."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks.fleet import make_fleet
from benchmarks.portal import say

HISTORY = 400
MOVES = 0.3
# Mobile codes: half of them are a country's, the others stand in the table as codes that are none.
CODES = tuple(str(number) for number in range(202, 322))
# As many packages an account as a carrier has in its catalogue for one, though most SIMs are on three.
PACKAGES = 10
STATUSES = ("ACTIVATED", "DEACTIVATED", "INVENTORY", "RETIRED")
POOLS, POOL_HOURS = 11, 480
EVENTS, OPERATIONS, MESSAGES = 1_000_000, 200_000, 200_000

# Each SIM moves on three days of ten, by its own amount; a reading is the total of the month.
READINGS = """
INSERT INTO sims_usageday (day, sim_id, cycle, data_usage_mb, read_at)
SELECT %(day)s::date, s.id, date_trunc('month', %(day)s::date)::date,
    (extract(day FROM %(day)s::date) * (1 + s.id %% 97))::numeric / 10, %(day)s::date + interval '11 hours'
FROM sims_sim s WHERE (s.id * 7 + %(number)s * 13) %% 100 < %(percent)s
"""

# The days that were rolled up in their time: sums, leaders, silence, counts.
ROLLED = (
    """
    INSERT INTO estate_rollup (day, rolled_at, spans_days, sims_read, took_s)
    SELECT day, day + interval '1 day', 1, 300000, 10 FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    """,
    """
    INSERT INTO estate_usageroll (day, account_id, package, used_mb, sims)
    SELECT day, a.id, 'package-' || n, 100 + (a.id * 31 + extract(doy FROM day)::int) %% 900, 1000
    FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN enterprise_account a CROSS JOIN generate_series(1, %(packages)s) AS n
    """,
    """
    INSERT INTO estate_countday (day, account_id, status, n)
    SELECT day, a.id, each.status, 1000 FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN enterprise_account a CROSS JOIN unnest(%(statuses)s::text[]) AS each (status)
    """,
    """
    INSERT INTO estate_silentday (day, days, account_id, n)
    SELECT day, days, a.id, 1000 FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN enterprise_account a CROSS JOIN unnest(ARRAY[7, 30, 90]) AS days
    """,
    """
    INSERT INTO estate_usagetop (day, kind, place, sim_id, used_mb, usual_mb)
    SELECT day, kind, place, place, 100 - place, 1 FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN unnest(ARRAY['used', 'grew']) AS kind CROSS JOIN generate_series(1, 20) AS place
    """,
    """
    INSERT INTO estate_usagemoment (at, day, used_mb)
    SELECT day + hour * interval '1 hour', day, hour * 1000
    FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day CROSS JOIN generate_series(1, 23) AS hour
    """,
    """
    INSERT INTO enterprise_accountday
        (account_id, day, balance, currency, billing_cycle, current_cycle_charge, read_at)
    SELECT a.id, day, 1000, 'USD', '', 10, day FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN enterprise_account a
    """,
    """
    INSERT INTO enterprise_countrydayread (day, read_at, is_final)
    SELECT day, day + interval '1 day', true FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    """,
    """
    INSERT INTO enterprise_countryday (day, code, data_usage_mb, sim_count)
    SELECT day, code, 1000, 9 FROM generate_series(%(first)s::date, %(last)s, '1 day') AS day
    CROSS JOIN unnest(%(codes)s::text[]) AS code
    """,
)

# What else home looks at: a month of events, operations and messages, few of them open.
BESIDE = (
    """
    INSERT INTO journal_event
        (recorded_at, happened_at, kind, severity, subject_kind, subject_key, sim_id, account_id, cause_kind, data)
    SELECT now() - n * interval '2 seconds', now() - n * interval '2 seconds', 'sim.status', 'info', 'sim', s.giccid,
        s.id, s.account_id, 'read', '{"old": "ACTIVATED", "new": "DEACTIVATED"}'
    FROM generate_series(1, %(events)s) AS n JOIN sims_sim s ON s.id = 1 + n * 7 %% %(sims)s
    """,
    """
    INSERT INTO sims_operation (
        sim_id, verb, state, wanted, reason, username, before, after, created_at, attempts, request, reply, note, reads,
        needs_person, resolved_reason
    )
    SELECT 1 + n * 7 %% %(sims)s, 'suspend', CASE WHEN n <= 100 THEN 'unknown' ELSE 'done' END, '{}', '', 'bench', '{}',
        '{}', now() - n * interval '10 seconds', 1, '{}', '{}', '', 1, n <= 20, ''
    FROM generate_series(1, %(operations)s) AS n
    """,
    """
    INSERT INTO sms_message (
        direction, state, giccid, sim_id, account_id, content, at, username, sms_id, from_msisdn, encoding, alphabet,
        parts, reason, note, is_bulk, tries, polls, expect, answer
    )
    SELECT 'mt', CASE WHEN n <= 40 THEN 'unknown' ELSE 'delivered' END, s.giccid, s.id, s.account_id, 'x',
        now() - n * interval '10 seconds', 'bench', 'm' || n, '', 'text', '', 1, '', '', false, 0, 0, '', ''
    FROM generate_series(1, %(messages)s) AS n JOIN sims_sim s ON s.id = 1 + n * 11 %% %(sims)s
    """,
    """
    INSERT INTO notifications_pushday (slug, day, count, last_at)
    SELECT 'no-session', (now() - n * interval '1 day')::date, 5, now() - n * interval '1 day'
    FROM generate_series(2, 30) AS n
    """,
)


def fill(sims: int, days: int, today: date) -> None:
    """A fleet of `sims`, its readings of `days`, and what 400 days of runs have left."""
    from django.db import connection

    make_fleet(sims)
    first, last = today - timedelta(days=HISTORY - 1), today - timedelta(days=1)
    with connection.cursor() as cursor:
        add_readings(cursor, today - timedelta(days=days - 1), today)
        values: dict[str, Any] = {"first": first, "last": last, "statuses": list(STATUSES), "codes": list(CODES)}
        values |= {"packages": PACKAGES, "sims": sims, "events": EVENTS, "operations": OPERATIONS, "messages": MESSAGES}
        for statement in (*ROLLED, *BESIDE):
            cursor.execute(statement, values)
        say(f"history of {HISTORY} days")
    make_runs(first)
    make_pools()
    make_batches()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def add_readings(cursor: Any, first: date, last: date) -> None:
    """The readings of some days; every one as a run of that day has written it, in a transaction of its own."""
    from toolkit.partitions import ensure_months

    ensure_months("sims_usageday", today=first, ahead=(last - first).days // 28 + 2)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        cursor.execute(READINGS, {"day": day, "number": day.toordinal(), "percent": int(MOVES * 100)})
        if day.day == 1 or day == last:
            say(f"readings to {day}")


def make_runs(first: date) -> None:
    """A run an hour since the first day."""
    from django.utils import timezone

    from enterprise.days import start_of
    from sims.models import SyncRun

    now, began = timezone.now(), start_of(first)
    hours = range(int((now - began).total_seconds() // 3600))
    SyncRun.objects.bulk_create(
        (
            SyncRun(
                kind="full", trigger="plan", state="finished", started_at=began + timedelta(hours=hour),
                finished_at=began + timedelta(hours=hour, minutes=10),
            )
            for hour in hours
        ),
        batch_size=2000,
    )  # fmt: skip


def make_pools() -> None:
    """Pools in the middle of their cycle, each read by the hour."""
    from django.utils import timezone

    from enterprise.models import Account, PoolReading, SharePool

    now, accounts = timezone.now(), list(Account.objects.all())
    for number in range(POOLS):
        account = accounts[number % len(accounts)]
        pool = SharePool.objects.create(
            name=f"pool-{number}", account_name=account.name, account=account, data_total_mb=51200,
            data_usage_mb=Decimal(4000 * number), sim_count=9, read_at=now, cycle_starts_at=now - timedelta(days=20),
            cycle_ends_at=now + timedelta(days=10),
        )  # fmt: skip
        PoolReading.objects.bulk_create(_reading(pool, hour, now) for hour in range(POOL_HOURS))
        _keep_forecast(pool)


def _reading(pool: Any, hour: int, now: datetime) -> Any:
    from enterprise.models import PoolReading

    used = max(Decimal(0), pool.data_usage_mb - hour * 8)
    return PoolReading(pool=pool, read_at=now - timedelta(hours=hour), data_usage_mb=used)


def _keep_forecast(pool: Any) -> None:
    """As the reading of the pools leaves it."""
    from enterprise.forecast import forecasts_of

    pool.forecast = forecasts_of([pool])[pool.pk].to_keep()
    pool.save()


def make_batches() -> None:
    """A year of batches; a few run, one ended badly within the day."""
    from django.utils import timezone

    from batches.models import Batch, BatchCount

    now = timezone.now()
    made = Batch.objects.bulk_create(
        Batch(
            kind="suspend", state="running" if number > 296 else "finished", chosen="giccids", username="bench",
            finished_at=now - timedelta(hours=300 - number) if number <= 296 else None,
        )
        for number in range(300)
    )  # fmt: skip
    BatchCount.objects.bulk_create(
        BatchCount(batch=batch, verdict="will_change", state=state, is_stale=False, n=n)
        for batch in made
        for state, n in (("done", 9000), ("failed", 40), ("planned", 960))
    )
