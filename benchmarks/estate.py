"""The estate's pages and roll-ups over a big fleet: pages at 400 days of history, the roll-up of a day, its size.

ESTATE_SIMS (1,000,000), ESTATE_DAYS of readings (400), ESTATE_ASKED requests a page (40). ESTATE_FOLDER keeps what was
filled: a fleet of a million with its readings is made in a quarter of an hour, and measured again in one minute.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.estate_fill import HISTORY, MOVES, READINGS, fill
from benchmarks.portal import portal, say

SIMS = int(os.environ.get("ESTATE_SIMS", "1000000"))
DAYS = int(os.environ.get("ESTATE_DAYS", str(HISTORY)))
ASKED = int(os.environ.get("ESTATE_ASKED", "40"))
FOLDER = os.environ.get("ESTATE_FOLDER", "")
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


def run() -> dict[str, Any]:
    with portal(Path(FOLDER).absolute() if FOLDER else None):
        today = _filled()
        return measure(today)


def _filled() -> date:
    """The day up to which there are readings; makes them where there are none."""
    from django.utils import timezone

    from enterprise.days import day_of
    from sims.models import Sim, UsageDay

    if not Sim.objects.exists():
        fill(SIMS, DAYS, day_of(timezone.now()))
    newest = UsageDay.objects.order_by("-day").values_list("day", flat=True).first()
    assert newest is not None
    return newest


def measure(today: date) -> dict[str, Any]:
    from sims.counts import total

    return {
        "sims": total(),
        "roll_up": _roll(today),
        "size_of_history": _size(),
        "pages_ms": _pages(),
        "goals": {"roll_up_s": 60, "page_p95_ms": 150, "history_gb": 60},
    }


def _roll(today: date) -> dict[str, Any]:
    """The newest day twice, the second of its month (whose usual is that of the month before), a day of all SIMs."""
    early = today.replace(day=2)
    took = {"first_s": _rolled(today), "again_s": _rolled(today), "second_of_the_month_s": _rolled(early)}
    return took | {"sims_that_moved": _moved(today), "all_moved_s": _all_moved(today)}


def _rolled(day: date) -> float:
    from estate.rollups import roll_up

    began = time.perf_counter()
    assert roll_up(day)
    took = round(time.perf_counter() - began, 1)
    say(f"rolled {day} up in {took} s")
    return took


def _moved(day: date) -> int:
    from estate.models import RollUp

    return RollUp.objects.get(day=day).sims_read


def _all_moved(day: date) -> float:
    """As if every SIM had moved on the day; its readings are as they were afterwards."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM sims_usageday WHERE day = %s", [day])
        cursor.execute("DELETE FROM sims_usageday WHERE day = %s", [day])
        cursor.execute(READINGS, {"day": day, "number": 0, "percent": 100})
        took = _rolled(day)
        cursor.execute("DELETE FROM sims_usageday WHERE day = %s", [day])
        cursor.execute("INSERT INTO sims_usageday SELECT * FROM kept")
        cursor.execute("VACUUM ANALYZE sims_usageday")
    _rolled(day)
    return took


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
        "gb_here": round(float(size) / 2**30, 2),
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
    client.force_login(User.objects.get_or_create(username="bench")[0])
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
