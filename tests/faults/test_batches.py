"""A batch of 1,000 SIMs whose worker and engines are killed on the way: each SIM is changed once, none is forgotten."""

from __future__ import annotations

import pytest

from tests.faults.parties import Carrier, Person
from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
# Of the active ones, without the SIM whose changes the carrier refuses.
ACTIVE = """
SELECT giccid FROM sims_sim WHERE status = 'ACTIVATED' AND giccid <> '8986011805021000010' ORDER BY giccid LIMIT 1000
"""
ITEMS = "SELECT state, count(*)::int FROM batches_batchitem GROUP BY state"
STATE = "SELECT state FROM batches_batch"
SETTLED = "SELECT count(*)::int FROM batches_batchitem WHERE state = 'done'"


class Stack(LiveStack):
    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"BATCH_JOB_SIZE": "500", "SMARTHUB_RATE_PER_MINUTE": "6000"}


class Manager(Person):
    def suspend_all(self, giccids: list[str]) -> None:
        planned = self._post("/batches/new/", kind="suspend", identifiers="\n".join(giccids), reason="moved")
        started = self._post(f"{planned.headers['Location']}start/")
        assert started.status_code == 302


def test_a_batch_survives_its_workers_and_its_database() -> None:
    with Stack.started(sims=1200) as stack:
        stack.wait_read()
        carrier = Carrier(stack)
        carrier.turn(job_delay=1, latency=0.5)
        Manager(stack).suspend_all([giccid for (giccid,) in stack.ask(ACTIVE)])

        # The request for a job is at the carrier, and nobody will hear its reply.
        wait_until(lambda: carrier.counts().get("B2"), "the first job is asked for")
        stack.kill("worker-long")
        # Some SIMs are settled; the next job is at the carrier, whose reply may be lost as well.
        wait_until(lambda: stack.ask(SETTLED)[0][0] >= 500, "the first SIMs are settled")
        wait_until(lambda: carrier.counts()["B2"] == 2, "the second job is asked for")
        carrier.turn(latency=0)
        stack.kill("worker-long", "web-1", "postgres", "valkey")
        stack.wait_ready()
        # What a lost reply left unknown ends with the batch as well, and is read until it is known.
        wait_until(lambda: dict(stack.ask(ITEMS)) == {"done": 1000}, "every SIM is settled", within_s=120)
        wait_until(lambda: stack.ask(STATE) == [("finished",)], "the batch is through")

        done = {giccid: made["suspend"] for giccid, made in carrier.changes().items() if "suspend" in made}
        assert len(done) == 1000 and set(done.values()) == {1}
        assert carrier.counts()["B2"] == 2
        assert stack.ask("SELECT count(*)::int FROM sims_openchange") == [(0,)]
