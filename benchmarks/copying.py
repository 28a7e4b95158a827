"""Applying records to the copy, against Django's `bulk_create(update_conflicts=True)` doing the same work.

Ours takes FLEET records, the peer PEER of them, on the same tables with the same indexes, triggers and server, in
the same run. Time is that of the applying alone; making the records is not counted.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.portal import PeakMemory, portal, say

FLEET = int(os.environ.get("BENCH_SIMS", 1_000_000))
PEER = min(50_000, FLEET)
PAGE = 100
PEER_BATCH = 2000
MERGE_PAGES = 50
START = datetime(2026, 1, 5, tzinfo=UTC)
SHARES = {"nothing changed": 0.0, "1 % changed": 0.01, "30 % changed": 0.30}
GOALS = {"first fill": 3, "nothing changed": 25, "1 % changed": 20, "30 % changed": 4}

TEMPLATE = (
    '{"giccid":"89860118050%08d","deviceInfo":[{"imei":"35693%010d","imsi":"46006%010d","msisdn":"86145%08d"}],'
    '"status":"%s","sellTime":"2025-01-15T08:00:00+0000","activatedTime":"2025-02-01T09:30:00+0000",'
    '"currentCycleUsages":{"dataUsage":%s,"smsUsage":3,"voiceUsage":0},"currentCycleAPNUsagesList":'
    '[{"apn":"iot.public","dataUsage":%s}],"currentBasicServicePackage":{"name":"Prepaid-Basic-100M",'
    '"startTime":"2026-01-01T00:00:00+0000","endTime":"2026-02-01T00:00:00+0000"},"apnList":'
    '[{"apnName":"iot.public","apnStatus":"OPEN"},{"apnName":"iot.private","apnStatus":"CLOSED"}]}'
)


def pages(count: int, *, version: int, share: float) -> Iterator[list[bytes]]:
    """`count` records in pages; a `share` of them differs from version 0: usage, and of every fiftieth the status."""
    for first in range(0, count, PAGE):
        yield [_record(number, version, share) for number in range(first, min(first + PAGE, count))]


def _record(number: int, version: int, share: float) -> bytes:
    is_changed = version > 0 and (number * 7919 % 10_000) < share * 10_000
    usage = f"{number % 97 + (version if is_changed else 0)}.25"
    status = "DEACTIVATED" if is_changed and number % 50 == 0 else "ACTIVATED"
    return (TEMPLATE % (number, number, number, number, status, usage, usage)).encode()


def ours(count: int, account_id: int, *, version: int, share: float) -> float:
    """Seconds that our copy takes for the records, prepared and merged as a run does it: two merges at once in a first
    fill, where each writes new SIMs only, and one after the other later.

    The threads of a run that wait for pages digest them, and make their rows in a first fill, while the merges before
    are under way; here one thread does. The time is that of both together.
    """
    from journal.models import Event
    from journal.record import Cause
    from sims.copy import Answer, prepared, write_copy
    from sims.sync.merging import MERGES_AT_ONCE
    from toolkit.database import let_go

    asked_at, cause = START + timedelta(hours=version), Cause(Event.Cause.RUN, version)

    def prepare(batch: list[list[bytes]]) -> list[Answer]:
        answers = [Answer(records, asked_at, account_id, number) for number, records in enumerate(batch)]
        return [prepared(answer, with_rows=version == 0) for answer in answers]

    def merge(answers: list[Answer]) -> None:
        write_copy(answers, cause=cause, only_new=version == 0)
        _tell_rows_written()
        let_go()

    spent, waiting = 0.0, []
    at_once = MERGES_AT_ONCE if version == 0 else 1
    batches = _batches(pages(count, version=version, share=share))
    with ThreadPoolExecutor(1) as preparing, ThreadPoolExecutor(at_once) as merging:
        while group := list(islice(batches, at_once)):
            began = time.perf_counter()
            future = preparing.submit(list, map(prepare, group))
            list(merging.map(merge, waiting))
            waiting = future.result()
            spent += time.perf_counter() - began
        return spent + _timed(lambda: list(merging.map(merge, waiting)))


def _batches(found: Iterator[list[bytes]]) -> Iterator[list[list[bytes]]]:
    while batch := list(islice(found, MERGE_PAGES)):
        yield batch


def peer(count: int, account_id: int, *, version: int, share: float) -> float:
    """Seconds that Django's bulk_create takes to bring the same rows into the same tables."""
    spent, batch = 0.0, []
    for records in pages(count, version=version, share=share):
        batch += records
        if len(batch) >= PEER_BATCH:
            spent += _timed(lambda batch=batch: _upsert(batch, account_id, version))
            batch = []
    return spent + (_timed(lambda: _upsert(batch, account_id, version)) if batch else 0.0)


def _upsert(records: list[bytes], account_id: int, version: int) -> None:
    from django.db import transaction

    from sims.models import Sim, SimIdentifier, UsageDay
    from smarthub import decode_sim

    asked_at = START + timedelta(hours=version)
    decoded = [decode_sim(raw) for raw in records]
    with transaction.atomic():
        rows = [_sim(one, account_id, asked_at) for one in decoded]
        kept = Sim.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["giccid"],
            update_fields=[
                field.name for field in Sim._meta.concrete_fields if field.name not in ("id", "giccid", "first_seen_at")
            ],
        )
        SimIdentifier.objects.bulk_create(
            [number for sim, one in zip(kept, decoded, strict=True) for number in _numbers(sim.pk, one)],
            update_conflicts=True,
            unique_fields=["sim", "kind", "position"],
            update_fields=["value"],
        )
        UsageDay.objects.bulk_create(
            [_usage(sim.pk, one, asked_at) for sim, one in zip(kept, decoded, strict=True)],
            update_conflicts=True,
            unique_fields=["sim_id", "day", "cycle"],
            update_fields=["data_usage_mb", "read_at"],
        )


def _sim(one: Any, account_id: int, asked_at: datetime) -> Any:
    from sims.models import Sim

    return Sim(
        giccid=one.giccid,
        account_id=account_id,
        status=one.status,
        package=one.package.name,
        package_started_at=one.package.started_at,
        package_ends_at=one.package.ends_at,
        sold_at=one.sold_at,
        activated_at=one.activated_at,
        data_usage_mb=one.data_usage_mb,
        sms_usage=one.sms_usage,
        voice_usage_min=one.voice_usage_min,
        apns=[{"name": apn.name, "status": apn.status} for apn in one.apns],
        apn_usages=[{"apn": usage.apn, "data_usage_mb": float(usage.data_usage_mb)} for usage in one.apn_usages],
        devices=[{"imei": d.imei, "imsi": d.imsi, "msisdn": d.msisdn} for d in one.devices],
        read_at=asked_at,
        first_seen_at=asked_at,
        changed_at=asked_at,
    )


def _numbers(sim_id: int, one: Any) -> list[Any]:
    from sims.copy.rows import numbers_of
    from sims.models import SimIdentifier

    return [
        SimIdentifier(sim_id=sim_id, kind=kind, position=position, value=value)
        for kind, position, value in numbers_of(one)
    ]


def _usage(sim_id: int, one: Any, asked_at: datetime) -> Any:
    from sims.models import UsageDay

    day = asked_at.date()
    return UsageDay(day=day, sim_id=sim_id, cycle=day.replace(day=1), data_usage_mb=one.data_usage_mb, read_at=asked_at)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _tell_rows_written() -> None:
    """Let this connection's rows be counted now; it would tell of them some seconds later."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")


def _rows_written() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables "
            "WHERE schemaname = 'public' AND relname LIKE 'sims_sim%%' AND relname <> 'sims_simcountdelta'"
        )
        return int(cursor.fetchone()[0])


def _empty() -> int:
    from django.db import connection

    from enterprise.models import Account

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE sims_sim, sims_simidentifier, sims_usageday, sims_simcountdelta, journal_event CASCADE"
        )
    return Account.objects.get_or_create(name="bench", defaults={"read_at": START})[0].pk


def _series(apply: Callable[..., float], count: int, name: str) -> dict[str, dict[str, float]]:
    account_id, figures = _empty(), {}
    steps = [("first fill", 0, 0.0), *((step, number, share) for number, (step, share) in enumerate(SHARES.items(), 1))]
    for step, version, share in steps:
        before = _rows_written()
        spent = apply(count, account_id, version=version, share=share)
        figures[step] = {"per_s": round(count / spent), "rows_written": _rows_written() - before}
        say(f"{name}, {step}: {figures[step]['per_s']:,} records a second")
    return figures


def run() -> dict[str, Any]:
    with portal(PORTAL_ROLE="worker"):
        theirs = _series(peer, PEER, "bulk_create")
        with PeakMemory() as memory:
            mine = _series(ours, FLEET, "copy")
    return {
        "records": FLEET,
        "peer_records": PEER,
        **{
            step: {
                "ours_per_s": mine[step]["per_s"],
                "bulk_create_per_s": theirs[step]["per_s"],
                "times": round(mine[step]["per_s"] / theirs[step]["per_s"], 1),
                "goal": GOALS[step],
                "sim_rows_written": mine[step]["rows_written"],
            }
            for step in GOALS
        },
        "peak_memory_mb": round(memory.mb),
        "memory_goal_mb": 400,
    }


if __name__ == "__main__":
    print(json.dumps(run()))
