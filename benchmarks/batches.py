"""Batches: how long a dry run takes in a large fleet, what a page of one costs, and many SIMs under killed workers.

`BENCH_SIMS` (the fleet of the dry runs), `BENCH_BATCH` (SIMs of a batch that runs) and `BENCH_KILLS` make it smaller.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import requests

from benchmarks.portal import PeakMemory, portal, say
from benchmarks.whole_run import NO_LIMIT, _client, simulator, whole_run

FLEET = int(os.environ.get("BENCH_SIMS", 1_000_000))
SIZES = {"few": min(10_000, FLEET // 10), "many": min(100_000, FLEET // 2)}
GOALS_S = {"few": 2, "many": 15}
RUN = int(os.environ.get("BENCH_BATCH", 10_000))
KILLS = int(os.environ.get("BENCH_KILLS", 5))
SMALL = 100
PAGES = 15
REFUSING = "8986011805021000010"


def run() -> dict[str, Any]:
    return _apart("planning") | _apart("running")


def _apart(name: str) -> dict[str, Any]:
    """Each part in a process of its own: its portal, and its memory."""
    command = [sys.executable, "-m", "benchmarks.batches", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def planning() -> dict[str, Any]:
    with portal(PORTAL_ROLE="worker"):
        return _dry_runs()


def running() -> dict[str, Any]:
    with simulator(RUN * 2) as base_url, portal(SMARTHUB_RATE_PER_MINUTE=NO_LIMIT, PORTAL_ROLE="worker"):
        _turn(base_url, job_delay=0)
        whole_run(base_url)
        return {"running": _overhead(base_url), "killed": _killed(base_url)}


def _dry_runs() -> dict[str, Any]:
    """From the copy, as it is chosen by a pasted list; with the memory of the process that plans."""
    from benchmarks.export import _read_by_runs
    from benchmarks.fleet import giccid, make_fleet

    make_fleet(FLEET)
    _read_by_runs()
    found: dict[str, Any] = {"fleet": FLEET}
    with PeakMemory() as memory:
        batches = {"small": _plan("\n".join(giccid(n) for n in range(1, SMALL + 1)))[0]}
        for name, size in SIZES.items():
            text = "\n".join(giccid(number * (FLEET // size)) for number in range(1, size + 1))
            batches[name], spent = _plan(text)
            say(f"dry run of {size:,}: {spent:.2f} s")
            found[f"dry_run_of_{size}_s"] = {"pasted": round(spent, 2), "goal": GOALS_S[name]}
        found[f"dry_run_of_{SIZES['many']}_s"]["by_filter"] = _plan_by_filter()
    found["planning_peak_memory_mb"], found["memory_goal_mb"] = round(memory.mb), 400
    return found | {"page": _pages(batches)}


def _user() -> Any:
    from users.models import User

    return User.objects.get_or_create(username="bench", defaults={"role": User.Role.ADMIN})[0]


def _plan(text: str) -> tuple[Any, float]:
    from batches import plan
    from batches.selection import SelectionSpec

    began = time.perf_counter()
    chosen = SelectionSpec(identifiers=text)
    batch = plan.create_batch(kind="suspend", selection=chosen, wanted={}, reason="bench", user=_user())
    plan.make_items(batch)
    spent = time.perf_counter() - began
    batch.refresh_from_db()
    assert batch.state == "planned" and batch.items.count() > 0, batch.state
    return batch, spent


def _plan_by_filter() -> float:
    from batches import plan
    from batches.selection import SelectionSpec
    from sims.models import Sim

    last = Sim.objects.order_by("giccid").values_list("giccid", flat=True)[SIZES["many"] - 1]
    Sim.objects.filter(giccid__lte=last).update(po="bench")
    began = time.perf_counter()
    chosen = SelectionSpec(filter="po=bench")
    batch = plan.create_batch(kind="suspend", selection=chosen, wanted={}, reason="bench", user=_user())
    plan.make_items(batch)
    return round(time.perf_counter() - began, 2)


def _pages(batches: dict[str, Any]) -> dict[str, Any]:
    """The page of the largest batch against that of a small one, in turn."""
    from django.conf import settings
    from django.test import Client

    from toolkit.figures import count

    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    client = Client()
    client.force_login(_user())
    spent: dict[str, list[float]] = {"small": [], "many": []}
    for _ in range(PAGES):
        for name, found in spent.items():
            began = time.perf_counter()
            answer = client.get(f"/batches/{batches[name].uuid}/")
            assert answer.status_code == 200
            found.append(time.perf_counter() - began)
    small, many = (statistics.median(spent[name][2:]) * 1000 for name in ("small", "many"))
    figures = {f"of_{count(SMALL)}_ms": round(small, 1), f"of_{count(SIZES['many'])}_ms": round(many, 1)}
    return {**figures, "times": round(many / small, 2), "goal": 1.5}


def _root(base_url: str) -> str:
    return base_url.removesuffix("/v1")


def _turn(base_url: str, **knobs: float) -> None:
    requests.post(f"{_root(base_url)}/_sim/knobs", json=knobs, timeout=5).raise_for_status()


def _started(verb: str, status: str) -> Any:
    """A batch of RUN SIMs, planned and started."""
    from batches import plan, run
    from batches.selection import SelectionSpec
    from sims.models import Sim

    sims = Sim.objects.filter(status=status).exclude(giccid=REFUSING).order_by("giccid")
    giccids = list(sims.values_list("giccid", flat=True)[:RUN])
    chosen = SelectionSpec(giccids=giccids)
    batch = plan.create_batch(kind=verb, selection=chosen, wanted={}, reason="bench", user=_user())
    plan.make_items(batch)
    batch.refresh_from_db()
    run.start(batch, _user())
    return batch


def _overhead(base_url: str) -> dict[str, Any]:
    """What the portal itself takes for each SIM: the whole time without that of the carrier's answers and of waits."""
    from django.utils import timezone

    from batches import work
    from batches.models import Batch, BatchChunk

    client = _client(base_url)
    exchange, asked = client._transport.exchange, [0.0]
    ask = exchange.ask

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return ask(*arguments, **options)
        finally:
            asked[0] += time.perf_counter() - began

    exchange.ask = timed
    batch = _started("suspend", "ACTIVATED")
    work.NAP_S, spent = -1.0, 0.0
    with PeakMemory() as memory:
        while batch.state == "running":
            now = timezone.now()
            Batch.objects.filter(pk=batch.pk).update(next_step_at=now)
            BatchChunk.objects.filter(batch=batch, next_step_at__isnull=False).update(next_step_at=now)
            began = time.perf_counter()
            work.work_slice(batch.pk, client)
            spent += time.perf_counter() - began
            batch.refresh_from_db()
    own_s = spent - asked[0]
    say(f"{RUN:,} SIMs: {spent:.1f} s, of which the carrier's {asked[0]:.1f} s")
    return {
        "sims": RUN,
        "states": dict(batch.items.values_list("state").annotate(n=_count()).values_list("state", "n")),
        "own_ms_per_item": round(own_s * 1000 / RUN, 2),
        "goal_ms": 2,
        "peak_memory_mb": round(memory.mb),
        "memory_goal_mb": 400,
    }


def _count() -> Any:
    from django.db.models import Count

    return Count("pk")


def _killed(base_url: str) -> dict[str, Any]:
    """A worker in a process of its own, killed again and again; counted at the carrier."""
    from django.db.models.functions import Now

    from batches.models import Batch
    from toolkit import lease

    requests.post(f"{_root(base_url)}/_sim/requests", timeout=5)
    # Its clock stands still, so that jobs end at once; the answers take a while, for the kills to fall into.
    _turn(base_url, job_delay=0, latency=0.05)
    batch = _started("activate", "DEACTIVATED")
    sims, began = batch.items.count(), time.perf_counter()
    marks = [sims * (kill + 1) // (KILLS + 1) for kill in range(KILLS)]
    worker, kills = _worker(batch.pk, base_url), 0
    while True:
        time.sleep(random.uniform(0.05, 0.15))
        batch.refresh_from_db()
        settled = batch.items.exclude(state__in=["planned", "sending", "accepted", "unknown"]).count()
        if batch.state == "finished" and settled == sims:
            break
        if (kills < KILLS and settled >= marks[kills]) or worker.poll() is not None:
            kills += worker.poll() is None
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            lease.give_back_of_the_dead()
            Batch.objects.filter(pk=batch.pk).update(next_step_at=Now())
            worker = _worker(batch.pk, base_url)
    worker.kill()
    changes = requests.get(f"{_root(base_url)}/_sim/requests?limit=1", timeout=30).json()["changes"]
    times = Counter(change.get("activate", 0) for change in changes.values())
    return {
        "sims": sims,
        "kills": kills,
        "took_s": round(time.perf_counter() - began, 1),
        "changed_once": times[1],
        "changed_more_than_once": sum(number for many, number in times.items() if many > 1),
        "states": dict(batch.items.values_list("state").annotate(n=_count()).values_list("state", "n")),
    }


def _worker(batch_id: int, base_url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.batches", "work", str(batch_id), base_url]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _work(batch_id: int, base_url: str) -> None:
    import django

    django.setup()
    from batches import work

    client = _client(base_url)
    while True:
        wait_s = work.work_slice(batch_id, client)
        time.sleep(min(wait_s or 0.2, 1.0))


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        _work(int(sys.argv[2]), sys.argv[3])
    else:
        part = {"planning": planning, "running": running}.get(sys.argv[1] if sys.argv[1:] else "", run)
        print(json.dumps(part()))
