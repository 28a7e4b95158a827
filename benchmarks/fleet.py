"""A fleet made by SQL: as many SIMs as wanted, with numbers, accounts and packages, in minutes.

`python -m benchmarks.fleet FOLDER 10000000` makes the one that BENCH_HUGE=FOLDER measures, list and search alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.portal import Engines, portal, say

CHUNK = 500_000
ACCOUNTS = 12
HUGE = 10_000_000
TABLES = ("sims_sim", "sims_simidentifier", "sims_syncpage", "sims_pagesims")
SETTLED = (*TABLES, "sims_simcount", "enterprise_account", "enterprise_servicepackage")

PACKAGES = {"Prepaid-Basic-100M": 100, "Prepaid-Basic-10M": 10, "Postpaid-1G": 1024}

# Skewed as fleets are: most are active, a few packages and accounts hold most, one in twenty was never activated.
SIMS = """
INSERT INTO sims_sim (
    giccid, account_id, status, package, package_started_at, package_ends_at, sold_at, activated_at,
    data_usage_mb, sms_usage, voice_usage_min, apns, apn_usages, devices, read_at, first_seen_at, changed_at,
    absent_runs, missing_since
)
SELECT '898601180' || lpad((n * 7919 %% 10000000000)::text, 10, '0'),
    (SELECT min(id) FROM enterprise_account) + (sqrt(n * 31 %% (%(accounts)s * %(accounts)s)))::int %% %(accounts)s,
    (ARRAY['ACTIVATED', 'ACTIVATED', 'ACTIVATED', 'ACTIVATED', 'ACTIVATED', 'ACTIVATED', 'DEACTIVATED', 'DEACTIVATED',
        'INVENTORY', 'RETIRED'])[1 + n * 17 %% 10],
    (ARRAY['Prepaid-Basic-100M', 'Prepaid-Basic-100M', 'Prepaid-Basic-10M', 'Postpaid-1G', ''])[1 + n * 13 %% 5],
    now() - interval '10 days', now() + (n %% 400) * interval '1 day', now() - interval '2 years',
    CASE WHEN n %% 20 > 0 THEN now() - (n %% 1000) * interval '1 day' - n * interval '1 second' END,
    (n * 37 %% 20000)::numeric / 100, n %% 40, 0, '[{"name": "iot.public", "status": "OPEN"}]', '[]',
    jsonb_build_array(jsonb_build_object('imei', '35693' || lpad(n::text, 10, '0'), 'imsi',
        '46006' || lpad(n::text, 10, '0'), 'msisdn', '86145' || lpad(n::text, 8, '0'))),
    now(), now() - interval '500 days', now() - (n %% 90) * interval '1 day', 0, CASE WHEN n %% 5000 = 0 THEN now() END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""

NUMBERS = """
INSERT INTO sims_simidentifier (sim_id, kind, position, value)
SELECT s.id, k.kind, 0, k.value
FROM sims_sim s CROSS JOIN LATERAL (VALUES
    (1, s.giccid), (2, s.devices -> 0 ->> 'imei'), (3, s.devices -> 0 ->> 'imsi'), (4, s.devices -> 0 ->> 'msisdn')
) AS k (kind, value)
"""


# What two runs have read, 100 SIMs a page: the ages on a screen come from these.
PAGES = """
WITH shown AS MATERIALIZED (
    SELECT account_id, page, nextval('sims_pagesims_id_seq') AS id, array_agg(id ORDER BY id) AS sim_ids
    FROM (
        SELECT id, account_id, (row_number() OVER (PARTITION BY account_id ORDER BY giccid) - 1) / 100 AS page
        FROM sims_sim
    ) AS each
    GROUP BY account_id, page
),
made AS (INSERT INTO sims_pagesims (id, sim_ids) SELECT id, sim_ids FROM shown)
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, shown_id)
SELECT run.id, account_id, page, now() - run.minutes * interval '1 minute', shown.id
FROM shown CROSS JOIN unnest(%s::bigint[], %s::int[]) AS run (id, minutes)
"""


def giccid(number: int) -> str:
    """The ICCID of the SIM made as the `number`-th, from 1."""
    return f"898601180{number * 7919 % 10_000_000_000:010}"


def imei(number: int) -> str:
    return f"35693{number:010}"


def make_fleet(count: int) -> None:
    """Fill empty tables with `count` SIMs, read by two runs, as a settled portal has them; indexes are built last."""
    from django.db import connection

    from sims.counts import fold_counts

    _make_catalogue()
    with connection.cursor() as cursor:
        definitions = _drop_indexes(cursor)
        for first in range(1, count + 1, CHUNK):
            last = min(count, first + CHUNK - 1)
            cursor.execute(SIMS, {"accounts": ACCOUNTS, "first": first, "last": last})
            say(f"{last:,} SIMs")
        cursor.execute(NUMBERS)
        _make_pages(cursor)
        say("numbers and pages")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for definition in definitions:
            cursor.execute(definition)
        say("indexes")
    fold_counts()
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(SETTLED)}")


def _make_catalogue() -> None:
    from django.utils import timezone

    from enterprise.models import Account, ServicePackage

    now = timezone.now()
    names = [f"account-{number:02}" for number in range(1, ACCOUNTS + 1)]
    accounts = Account.objects.bulk_create([Account(name=name, read_at=now) for name in names])
    ServicePackage.objects.bulk_create(
        ServicePackage(account=account, name=name, data_volume_mb=mb, read_at=now)
        for account in accounts
        for name, mb in PACKAGES.items()
    )


def _make_pages(cursor: Any) -> None:
    from django.utils import timezone

    from sims.models import SyncRun

    now = timezone.now()
    run = {"kind": "full", "trigger": "plan", "state": "finished", "started_at": now, "finished_at": now}
    cursor.execute(PAGES, [[SyncRun.objects.create(**run).pk for _ in range(2)], [60, 0]])


def _drop_indexes(cursor: Any) -> list[str]:
    """Drop what no constraint stands on; the definitions to make them again."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]))",
        [list(TABLES), list(TABLES)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def warm(names: Sequence[str]) -> None:
    """Bring these tables and indexes into the system's memory, not into PostgreSQL's own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        for name in names:
            cursor.execute("SELECT pg_prewarm(%s, 'read')", [name])


@contextmanager
def huge_fleet(count: int = HUGE, *, kept: Path | None = None, **environ: str) -> Iterator[Engines]:
    """A portal with ten million SIMs; one that is `kept` in a folder is made the first time only."""
    with portal(kept, **environ) as engines:
        from sims.models import Sim
        from sims.trigrams import ensure_index

        if not Sim.objects.exists():
            make_fleet(count)
        ensure_index()
        yield engines


def wants_huge() -> bool:
    return bool(os.environ.get("BENCH_HUGE"))


def kept_folder() -> Path | None:
    """BENCH_HUGE=1 makes a fleet and drops it again."""
    folder = os.environ.get("BENCH_HUGE", "1")
    return None if folder == "1" else Path(folder)


def measured_huge(module: str) -> dict[str, Any]:
    """What `module` measures at ten million, in a process of its own: Django knows one database in its life."""
    done = subprocess.run([sys.executable, "-m", module, "huge"], stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    with huge_fleet(int(sys.argv[2]), kept=Path(sys.argv[1])):
        say("made")
