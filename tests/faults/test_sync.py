"""A run is without its database and its broker for a while, then loses its worker; it is finished all the same."""

import pytest

from tests.faults.parties import Carrier
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
RUNS = "SELECT id, state, read FROM sims_syncrun ORDER BY id"


def _log(stack: LiveStack) -> str:
    return (stack.folder / "var" / "log" / "worker-long.log").read_text()


def test_run_survives_its_worker_its_database_and_its_broker() -> None:
    with LiveStack.started(sims=SIMS) as fleet:
        fleet.wait_read()
        first = fleet.ask(RUNS)
        carrier = Carrier(fleet)
        carrier.turn(latency=1)
        carrier.forget()

        open_run = int(fleet.run(START))
        wait_until(lambda: carrier.counts().get("S2", 0) >= 6, "the run is in the middle of its pages")
        with fleet.away("valkey", "postgres"):
            wait_until(lambda: "raised unexpected" in _log(fleet), "the tasks of the worker fail")
        fleet.kill("worker-long")
        carrier.turn(latency=0)
        fleet.wait_ready()

        wait_until(lambda: fleet.ask(RUNS)[-1][:2] == (open_run, "finished"), "the run is finished", within_s=150)
        assert [read for _, _, read in first] == [SIMS]
        assert fleet.ask(RUNS) == [*first, (open_run, "finished", SIMS)]
