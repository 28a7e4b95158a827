"""A whole sync run against the simulator, beside only fetching the same pages with the same client.

The simulator is a process of its own on the same machine; no rate limit on either side.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import requests

from benchmarks.portal import PeakMemory, portal, say

FLEET = int(os.environ.get("BENCH_RUN_SIMS", 100_000))
NO_LIMIT = "1000000"
KEY = "sim-key-full"
# A second each, of which a machine of two cores gives now more and now less.
ROUNDS = 11
SLOW_ROUNDS = 3
CARRIER_PAGES_PER_S = 300


@contextmanager
def simulator(sims: int) -> Iterator[str]:
    """The simulated carrier with its clock standing still; yields its address."""
    options = ["--port", "0", "--sims", str(sims), "--now", "2026-01-05T12:00:00+0000"]
    command = [sys.executable, "-m", "simulator", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def _client(base_url: str) -> Any:
    from smarthub import Client
    from toolkit.carrier import PAGES_AT_ONCE

    return Client(base_url=base_url, api_key=KEY, pool_size=2 * PAGES_AT_ONCE)


def only_fetch(base_url: str) -> int:
    """Fetch every list page of every account, as many at once as a run does, and do nothing with them."""
    from toolkit.carrier import PAGES_AT_ONCE

    client = _client(base_url)
    names = [account.name for account in client.enterprise().value.accounts]
    with ThreadPoolExecutor(PAGES_AT_ONCE) as pool:
        jobs = [(name, page) for name in names for page in range(_pages_of(client, name))]
        fetched = pool.map(lambda job: len(client.list_sims_raw(account_name=job[0], page=job[1]).records), jobs)
        return sum(fetched)


def _pages_of(client: Any, name: str) -> int:
    first = client.list_sims_raw(account_name=name)
    return -(-(first.total or 0) // max(1, first.size))


def whole_run(base_url: str) -> Any:
    from sims.models import SyncRun
    from sims.sync import runs, work

    run = runs.request_full(trigger=SyncRun.Trigger.COMMAND)
    while work.work_slice(run.pk, _client(base_url), slice_s=1000):
        pass
    run.refresh_from_db()
    assert run.state == SyncRun.State.FINISHED, run.note
    return run


def _change(base_url: str, share: float) -> None:
    """Let `share` of the fleet sit in another device, without a push and without a log."""
    from sims.models import Sim

    root = base_url.removesuffix("/v1")
    every = int(1 / share)
    giccids = list(Sim.objects.filter(status="ACTIVATED").order_by("giccid").values_list("giccid", flat=True)[::every])
    stem = time.time_ns() // 1_000_000 % 100_000_000
    changed = {giccid: {"imei": f"{stem:08}{number:07}"} for number, giccid in enumerate(giccids)}
    requests.post(f"{root}/_sim/sims", json={"set": changed}, timeout=60).raise_for_status()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def _slow_down(base_url: str, latency_s: float) -> None:
    """Let every answer of the simulator take this long, as a carrier on the network does."""
    root = base_url.removesuffix("/v1")
    requests.post(f"{root}/_sim/knobs", json={"latency": latency_s}, timeout=60).raise_for_status()


def _rounds(base_url: str, share: float, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """The two in turn, several times; the ratio is the median of the pairs."""
    pairs, changed = [], []
    for _ in range(rounds):
        if share:
            _change(base_url, share)
        fetch_s, _ = _timed(lambda: only_fetch(base_url))
        run_s, run = _timed(lambda: whole_run(base_url))
        pairs.append((run_s, fetch_s))
        changed.append(run.changed)
        say(f"{share:.0%} changed: run {run_s:.1f} s, only fetching {fetch_s:.1f} s")
    return {
        "run_s": round(statistics.median(run_s for run_s, _ in pairs), 2),
        "only_fetching_s": round(statistics.median(fetch_s for _, fetch_s in pairs), 2),
        "times": round(statistics.median(run_s / fetch_s for run_s, fetch_s in pairs), 2),
        "goal": 1.3,
        "changed": changed[-1],
    }


def _as_a_carrier(base_url: str) -> dict[str, Any]:
    """The same where the simulator is no quicker than it has to be, instead of a millisecond a page."""
    from toolkit.carrier import PAGES_AT_ONCE

    _slow_down(base_url, PAGES_AT_ONCE / CARRIER_PAGES_PER_S)
    return {
        "nothing changed": _rounds(base_url, 0.0, rounds=SLOW_ROUNDS),
        "1 % changed": _rounds(base_url, 0.01, rounds=SLOW_ROUNDS),
    }


def run() -> dict[str, Any]:
    with (
        simulator(FLEET) as base_url,
        portal(SMARTHUB_RATE_PER_MINUTE=NO_LIMIT, PORTAL_ROLE="worker"),
        PeakMemory() as memory,
    ):
        only_fetch(base_url)
        fetch_s = statistics.median(_timed(lambda: only_fetch(base_url))[0] for _ in range(SLOW_ROUNDS))
        first_s, first = _timed(lambda: whole_run(base_url))
        say(f"first fill: run {first_s:.1f} s, only fetching {fetch_s:.1f} s")
        return {
            "sims": first.read,
            "first fill": {
                "run_s": round(first_s, 2),
                "only_fetching_s": round(fetch_s, 2),
                "times": round(first_s / fetch_s, 2),
                "goal": 6,
            },
            "nothing changed": _rounds(base_url, 0.0),
            "1 % changed": _rounds(base_url, 0.01),
            f"at {CARRIER_PAGES_PER_S} pages a second": _as_a_carrier(base_url),
            "peak_memory_mb": round(memory.mb),
        }


if __name__ == "__main__":
    print(json.dumps(run()))
