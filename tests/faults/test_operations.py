"""Worker, web, Valkey and PostgreSQL are killed while changes are under way: each comes to a true state, once."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.parties import Carrier, Person
from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
STATES = """
SELECT s.giccid, o.state, o.attempts, EXISTS (SELECT FROM sims_openchange c WHERE c.sim_id = s.id)
FROM sims_operation o JOIN sims_sim s ON s.id = o.sim_id ORDER BY o.id
"""
# As if the time had passed after which nobody believes in a worker that has not come back.
AGE = "UPDATE sims_operation SET sent_at = sent_at - interval '3 minutes' WHERE state = 'sending'"
ACTIVE = "SELECT giccid FROM sims_sim WHERE status = 'ACTIVATED' ORDER BY giccid LIMIT 12"


def test_changes_survive_worker_web_valkey_and_postgres(own_stack: LiveStack) -> None:
    own_stack.wait_read()
    carrier, person = Carrier(own_stack), Person(own_stack)
    giccids = [row[0] for row in own_stack.ask(ACTIVE)]

    # The worker dies while requests are at the carrier: they are carried out, and nobody hears of it.
    carrier.turn(latency=2)
    for giccid in giccids[:4]:
        person.suspend(giccid)
    wait_until(lambda: carrier.counts().get("S7", 0) >= 3, "requests are at the carrier")
    os.kill(own_stack.pids["worker-quick"], signal.SIGKILL)
    carrier.turn(latency=0)

    # The others die while people click: what was committed is there, what was not is clicked again.
    with ThreadPoolExecutor(8) as people:
        clicks = [people.submit(Person(own_stack).suspend, giccid) for giccid in giccids[4:] for _ in range(2)]
        own_stack.kill("web-1", "valkey", "postgres")
    for click in clicks:
        click.result()
    own_stack.wait_ready()
    own_stack.ask(AGE)

    def outcomes() -> set[str]:
        return {row[1] for row in own_stack.ask(STATES)}

    wait_until(lambda: outcomes() == {"done"}, "all of them are done")
    found = own_stack.ask(STATES)
    assert sorted(row[0] for row in found) == giccids
    assert {row[2:] for row in found} == {(1, False)}
    assert carrier.changes() == {giccid: {"suspend": 1} for giccid in giccids}
