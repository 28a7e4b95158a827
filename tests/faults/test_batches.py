"""A batch of 1,000 SIMs whose workers and database are killed on the way: each SIM is changed once, none is forgotten."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.test_operations import Carrier, ask_database
from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
PLANNED = """
from batches import run
from batches.plan import SelectionSpec, create_batch
from users.models import User
user = User.objects.get()
from sims.models import Sim
giccids = Sim.objects.filter(status="ACTIVATED").exclude(giccid="8986011805021000010").values_list("giccid", flat=True)
chosen = SelectionSpec(giccids=list(giccids.order_by("giccid")[:1000]))
batch = create_batch(kind="suspend", selection=chosen, wanted={}, reason="moved", user=user)
run.start(batch, user)
"""
# As if the minute had passed in which a worker that does not come back holds its lease.
ABANDONED = "UPDATE batches_batch SET lease_until = now()"
ITEMS = "SELECT state, count(*)::int FROM batches_batchitem GROUP BY state"
STATE = "SELECT state FROM batches_batch"
SETTLED = "SELECT count(*)::int FROM batches_batchitem WHERE state = 'done'"


class Stack(LiveStack):
    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"BATCH_JOB_SIZE": "250", "SMARTHUB_RATE_PER_MINUTE": "6000"}


def kill(stack: LiveStack, *names: str) -> None:
    before = {name: stack.pids[name] for name in names}
    for name in names:
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: all(stack.pids.get(name, before[name]) != before[name] for name in names), f"{names} are back")


def test_a_batch_survives_its_workers_and_its_database() -> None:
    with Stack.started(sims=1200) as stack:
        stack.manage("sync_sims")
        carrier = Carrier(stack)
        carrier.turn(job_delay=1, latency=0.5)
        stack.manage("shell", "-v", "0", "-c", PLANNED)

        # The request for a job is at the carrier, and nobody will hear its reply.
        wait_until(lambda: carrier.counts().get("B2"), "the first job is asked for")
        kill(stack, "worker-long")
        ask_database(stack, ABANDONED)
        # Some SIMs are settled; the next job is under way, or its SIMs are being read.
        wait_until(lambda: ask_database(stack, SETTLED)[0][0] >= 250, "the first SIMs are settled")
        carrier.turn(latency=0)
        kill(stack, "worker-long", "postgres", "valkey")
        stack.wait_ready()
        ask_database(stack, ABANDONED)
        wait_until(lambda: ask_database(stack, STATE) == [("finished",)], "the batch is through", within_s=120)

        assert dict(ask_database(stack, ITEMS)) == {"done": 1000}
        done = {giccid: made["suspend"] for giccid, made in carrier.changes().items() if "suspend" in made}
        assert len(done) == 1000 and set(done.values()) == {1}
        assert carrier.counts()["B2"] == 4
        assert ask_database(stack, "SELECT count(*)::int FROM sims_openchange") == [(0,)]
