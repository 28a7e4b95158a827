"""A run loses its worker, its database and its broker in the middle; it is finished all the same."""

import os
import re
import signal

import pytest
import requests

from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
SIMS = 1500
START = """
from sims.sync import runs
from sims.tasks import work_sync
run = runs.request_full(trigger="plan")
work_sync.delay(run.pk)
print(run.pk)
"""


def complete(stack: LiveStack) -> tuple[int, str]:
    """Follow a run, or make one, to its end: its number and how many SIMs it read."""
    said = stack.manage("sync_sims")
    found = re.search(r"Run (\d+) complete: ([\d,]+) read", said)
    assert found is not None, said
    return int(found[1]), found[2]


@pytest.fixture
def fleet() -> LiveStack:
    with LiveStack.started(sims=SIMS) as stack:
        assert complete(stack)[1] == f"{SIMS:,}"
        yield stack


def test_run_survives_its_worker_its_database_and_its_broker(fleet: LiveStack) -> None:
    carrier = fleet.state["carrier_url"].removesuffix("/v1")
    requests.post(f"{carrier}/_sim/knobs", json={"latency": 0.4}, timeout=5).raise_for_status()
    requests.post(f"{carrier}/_sim/requests", json={}, timeout=5).raise_for_status()

    def pages_asked() -> int:
        return requests.get(f"{carrier}/_sim/requests?limit=1", timeout=5).json()["counts"].get("S2", 0)

    open_run = int(fleet.manage("shell", "-c", START).split()[-1])
    wait_until(lambda: pages_asked() >= 6, "the run is in the middle of its pages")
    for part in ("worker-long", "valkey", "postgres"):
        os.kill(fleet.pids[part], signal.SIGKILL)
    fleet.wait_ready()
    requests.post(f"{carrier}/_sim/knobs", json={"latency": 0}, timeout=5).raise_for_status()

    assert complete(fleet) == (open_run, f"{SIMS:,}")
