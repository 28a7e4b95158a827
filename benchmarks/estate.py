"""The estate's pages and roll-ups over a big fleet: pages at 400 days of history, the roll-up of a day, its size.

ESTATE_SIMS (1,000,000), ESTATE_DAYS of readings (35; the size of 400 is worked out from their rows), ESTATE_ASKED
requests a page (40).
"""

from __future__ import annotations

import json
import os
import statistics
import time
from datetime import date, timedelta
from typing import Any

from benchmarks.fleet import make_fleet
from benchmarks.portal import portal, say

SIMS = int(os.environ.get("ESTATE_SIMS", "1000000"))
DAYS = int(os.environ.get("ESTATE_DAYS", "35"))
ASKED = int(os.environ.get("ESTATE_ASKED", "40"))
HISTORY = 400
MOVES = 0.3
PAGES = (
    "/",
    "/enterprise/",
    "/enterprise/accounts/",
    "/enterprise/accounts/{account}/?days=400",
    "/enterprise/packages/",
    "/enterprise/packages/{package}/?days=400",
    "/enterprise/share-pools/",
    "/enterprise/share-pools/{pool}/",
    "/enterprise/statistics/?days=400",
    "/enterprise/usage/?days=400",
    "/enterprise/usage/silent/?days=30",
    "/enterprise/calendar/",
    "/sync/drift/",
)

# Each SIM moves on three days of ten, by its own amount; a reading is the total of the month.
READINGS = """
INSERT INTO sims_usageday (day, sim_id, cycle, data_usage_mb, read_at)
SELECT %(day)s::date, s.id, date_trunc('month', %(day)s::date)::date,
    (extract(day FROM %(day)s::date) * (1 + s.id %% 97))::numeric / 10, %(day)s::date + interval '11 hours'
FROM sims_sim s WHERE (s.id * 7 + %(number)s * 13) %% 100 < %(percent)s
"""

HISTORY_ROLLS = """
INSERT INTO estate_usageroll (day, account_id, package, used_mb, sims)
SELECT day, a.id, p.name, 100 + (a.id * 31 + extract(doy FROM day)::int) %% 900, 1000
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
CROSS JOIN enterprise_account a JOIN enterprise_servicepackage p ON p.account_id = a.id
ON CONFLICT DO NOTHING
"""


def run() -> dict[str, Any]:
    with portal():
        make_fleet(SIMS)
        today = _make_history()
        rolled = _roll(today)
        return {
            "sims": SIMS,
            "roll_up": rolled,
            "size_of_history": _size(),
            "pages_ms": _pages(),
            "goals": {"roll_up_s": 60, "page_p95_ms": 150, "history_gb": 60},
        }


def _make_history() -> date:
    from django.db import connection
    from django.utils import timezone

    from enterprise.days import day_of
    from toolkit.partitions import ensure_months

    today = day_of(timezone.now())
    first = today - timedelta(days=DAYS - 1)
    ensure_months("sims_usageday", today=first, ahead=DAYS // 28 + 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sims_sim SET first_seen_at = now() - interval '500 days'")
        for number in range(DAYS):
            day = first + timedelta(days=number)
            cursor.execute(READINGS, {"day": day, "number": number, "percent": int(MOVES * 100)})
        say(f"readings of {DAYS} days")
        cursor.execute("VACUUM ANALYZE sims_sim, sims_usageday")
        cursor.execute(HISTORY_ROLLS, {"first": today - timedelta(days=HISTORY), "last": today - timedelta(days=1)})
    _make_small_history(today)
    return today


def _make_small_history(today: date) -> None:
    """400 days of what the carrier tells once a day, and of the roll-ups' own rows."""
    from django.utils import timezone

    from enterprise.models import Account, AccountDay, CountryDay, CountryDayRead, PoolReading, SharePool
    from estate.models import CountDay, RollUp
    from sims.models import SyncRun

    now = timezone.now()
    days = [today - timedelta(days=number) for number in range(1, HISTORY)]
    accounts = list(Account.objects.all())
    codes = ("DE", "FR", "CN", "US", "ES", "IT", "PL", "SE", "NO", "BR", "IN", "JP", "262", "??")
    AccountDay.objects.bulk_create(
        AccountDay(account=each, day=day, balance=1000, current_cycle_charge=10, read_at=now)
        for each in accounts for day in days
    )  # fmt: skip
    CountryDayRead.objects.bulk_create(CountryDayRead(day=day, read_at=now, is_final=True) for day in days)
    CountryDay.objects.bulk_create(
        CountryDay(day=day, code=code, data_usage_mb=1000, sim_count=9) for day in days for code in codes
    )
    RollUp.objects.bulk_create(RollUp(day=day, rolled_at=now, spans_days=1) for day in days)
    CountDay.objects.bulk_create(
        CountDay(day=day, account_id=each.pk, status=status, n=1000)
        for day in days for each in accounts for status in ("ACTIVATED", "DEACTIVATED", "RETIRED")
    )  # fmt: skip
    for number in range(11):
        pool = SharePool.objects.create(
            name=f"pool-{number}", account_name=accounts[number].name, account=accounts[number], data_total_mb=51200,
            data_usage_mb=4000 * number, sim_count=9, read_at=now, cycle_starts_at=now - timedelta(days=20),
            cycle_ends_at=now + timedelta(days=10),
        )  # fmt: skip
        PoolReading.objects.bulk_create(
            PoolReading(pool=pool, read_at=now - timedelta(hours=hour), data_usage_mb=max(0, 4000 * number - hour * 8))
            for hour in range(480)
        )
    for back in (1, 0):
        at = now - timedelta(days=back)
        SyncRun.objects.create(kind="full", trigger="plan", state="finished", started_at=at, finished_at=at)
    say("history of 400 days")


def _roll(today: date) -> dict[str, Any]:
    from estate.models import RollUp
    from estate.rollups import roll_up

    took = []
    for _ in range(2):
        began = time.perf_counter()
        roll_up(today)
        took.append(round(time.perf_counter() - began, 1))
        say(f"rolled up in {took[-1]} s")
    return {"first_s": took[0], "again_s": took[1], "sims_that_moved": RollUp.objects.get(day=today).sims_read}


def _size() -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(inhrelid)), (SELECT count(*) FROM sims_usageday) "
            "FROM pg_inherits WHERE inhparent = 'sims_usageday'::regclass"
        )
        size, rows = cursor.fetchone()
        cursor.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'estate%%' AND relkind = 'r'"
        )
        rollups = cursor.fetchone()[0]
    per_row = float(size) / max(rows, 1)
    whole = per_row * 1_000_000 * MOVES * HISTORY / 2**30
    return {
        "rows": rows,
        "bytes_a_row_with_index": round(per_row, 1),
        "gb_of_400_days_of_1_000_000_sims": round(whole, 1),
        "mb_of_all_rollups": round(float(rollups) / 2**20, 1),
    }


def _pages() -> dict[str, Any]:
    from django.core.management import call_command
    from django.test import Client

    from enterprise.models import Account, ServicePackage, SharePool
    from users.models import User

    call_command("collectstatic", verbosity=0, interactive=False)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_user("bench"))
    ids = {
        "account": Account.objects.values_list("pk", flat=True)[3],
        "package": ServicePackage.objects.values_list("pk", flat=True)[3],
        "pool": SharePool.objects.values_list("pk", flat=True)[3],
    }
    return {path: _ask(client, path.format(**ids)) for path in PAGES}


def _ask(client: Any, path: str) -> str:
    took = []
    for _ in range(ASKED + 2):
        began = time.perf_counter()
        response = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert response.status_code == 200, f"{path} {response.status_code}"
    took = sorted(took[2:])
    p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
    say(f"{path} {statistics.median(took):.0f} ms, p95 {p95:.0f} ms")
    return f"median {statistics.median(took):.0f}, p95 {p95:.0f}"


if __name__ == "__main__":
    print(json.dumps(run()))
