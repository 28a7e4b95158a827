"""Files of the fleet: rows a second and peak memory of the writing process, at a tenth of the fleet and at all of it.

Written as the background job writes them: the usual columns, chunks by ICCID, the row updated after each. Beside it
Django's own way on the same rows in the same run, `values_list().iterator()` into csv.writer; it leaves out tags and
ages, which take further queries. `first_byte_s`: what a browser waits for the first rows of a file sent at once.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.portal import PeakMemory, portal, say

FLEET = int(os.environ.get("BENCH_SIMS", 1_000_000))
SIZES = {"tenth": FLEET // 10, "fleet": FLEET}
GOAL_PER_S = 50_000


def run() -> dict[str, Any]:
    from benchmarks.fleet import make_fleet

    with portal():
        make_fleet(FLEET)
        _mark_a_tenth()
        figures = {name: {kind: _apart(kind, size) for kind in ("csv", "xlsx")} for name, size in SIZES.items()}
        return {
            "sims": FLEET,
            **figures,
            "django_csv": _apart("django", SIZES["tenth"]),
            "first_byte_s": _first_byte(),
            "csv_goal_per_s": GOAL_PER_S,
        }


def _apart(kind: str, size: int) -> dict[str, Any]:
    """One file in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.export", kind, str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    say(f"{kind} of {size:,}: {figures['rows_per_s']:,} rows a second, {figures['peak_memory_mb']} MB")
    return figures


def _write(kind: str, size: int) -> dict[str, Any]:
    import django

    django.setup()
    with PeakMemory() as memory:
        started = time.perf_counter()
        length = _django(size) if kind == "django" else _job(kind, size)
        spent = time.perf_counter() - started
    return {"rows_per_s": round(size / spent), "file_mb": round(length / 2**20, 1), "peak_memory_mb": round(memory.mb)}


def _job(kind: str, size: int) -> int:
    from django.http import QueryDict

    from sims.columns import USUAL
    from sims.export import jobs, store, work
    from sims.export.wanted import Wanted
    from sims.models import Export
    from users.models import User

    user = User.objects.get_or_create(username="bench")[0]
    wanted = Wanted.of(user, QueryDict("" if size == FLEET else "po=bench"), columns=list(USUAL), giccids=[])
    export = jobs.request(wanted, kind)
    while work.work_slice(export.pk, slice_s=3600):
        pass
    export = Export.objects.get(pk=export.pk)
    assert (export.state, export.rows) == ("finished", size), (export.note, export.rows)
    store.remove(export.file_name)
    return export.size


def _mark_a_tenth() -> None:
    """Put a PO on as many SIMs as the smaller file has, for a filter that gives exactly these."""
    from django.db import connection

    from sims.models import Sim

    last = Sim.objects.order_by("giccid").values_list("giccid", flat=True)[SIZES["tenth"] - 1]
    Sim.objects.filter(giccid__lte=last).update(po="bench")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sims_sim")


def _django(size: int) -> int:
    from sims.models import Sim

    names = ("giccid", "status", "account__name", "package", "data_usage_mb", "package_ends_at", "read_at")
    path = Path(os.environ["PORTAL_DATA_DIR"]) / "django.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            Sim.objects.order_by("giccid").values_list(*names)[:size].iterator(chunk_size=10_000)
        )
    return path.stat().st_size


def _first_byte() -> float:
    from sims.columns import USUAL
    from sims.export.at_once import csv_parts
    from sims.export.chunks import Chunks
    from sims.export.columns import cells_of
    from sims.models import Sim

    spent = []
    for _ in range(20):
        started = time.perf_counter()
        parts = csv_parts(Chunks(Sim.objects.all(), cells_of(USUAL)))
        next(parts), next(parts)
        spent.append(time.perf_counter() - started)
    return round(statistics.median(spent), 4)


if __name__ == "__main__":
    print(json.dumps(_write(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 2 else run()))
