"""Worker, web, Valkey and PostgreSQL are killed while changes are under way: each comes to a true state, once."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import requests

from tests.live import PASSWORD, USERNAME, LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
STATES = """
SELECT s.giccid, o.state, o.attempts, EXISTS (SELECT FROM sims_openchange c WHERE c.sim_id = s.id)
FROM sims_operation o JOIN sims_sim s ON s.id = o.sim_id ORDER BY o.id
"""
# As if the time had passed after which nobody believes in a worker that has not come back.
AGE = "UPDATE sims_operation SET sent_at = sent_at - interval '3 minutes' WHERE state = 'sending'"
ACTIVE = "SELECT giccid FROM sims_sim WHERE status = 'ACTIVATED' ORDER BY giccid LIMIT 12"


def ask_database(stack: LiveStack, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.state["database_url"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


class Person:
    """Somebody at a browser who clicks again when nothing comes."""

    def __init__(self, stack: LiveStack) -> None:
        self.stack, self.session = stack, requests.Session()
        self._post("/login/", username=USERNAME, password=PASSWORD)

    def suspend(self, giccid: str) -> None:
        """Until the portal has answered, whatever it says: a second time it says that it was asked for already."""
        while True:
            with suppress(requests.RequestException):
                answer = self._post(f"/sims/{giccid}/suspend/", reason="lost pallet")
                if answer.status_code < 500:
                    return
            time.sleep(0.2)

    def send_sms(self, giccid: str, content: str, **fields: str) -> None:
        assert self.sends(giccid, content, **fields).status_code == 302

    def sends(self, giccid: str, content: str, **fields: str) -> requests.Response:
        return self._post(f"/sms/{giccid}/send/", **{"content": content, "encoding": "text", **fields})

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.stack.url}{path}", timeout=10)

    def _post(self, path: str, **fields: str) -> requests.Response:
        url = f"{self.stack.url}{path}"
        if "csrftoken" not in self.session.cookies:
            self.session.get(f"{self.stack.url}/login/", timeout=10)
        token = self.session.cookies["csrftoken"]
        fields = {**fields, "csrfmiddlewaretoken": token}
        return self.session.post(url, fields, headers={"Referer": url}, timeout=10, allow_redirects=False)


class Carrier:
    """The control panel of the stack's simulated carrier."""

    def __init__(self, stack: LiveStack) -> None:
        self.address = stack.state["carrier_url"].removesuffix("/v1")

    def turn(self, **knobs: float) -> None:
        requests.post(f"{self.address}/_sim/knobs", json=knobs, timeout=5).raise_for_status()

    def fault(self, **fault: Any) -> None:
        requests.post(f"{self.address}/_sim/fault", json=fault, timeout=5).raise_for_status()

    def hear(self, giccid: str, content: str) -> None:
        """The SIM's device sends a message, which the carrier pushes."""
        message = {"giccid": giccid, "content": content}
        requests.post(f"{self.address}/_sim/mo-sms", json=message, timeout=5).raise_for_status()

    def counts(self) -> dict[str, int]:
        return self._requests()["counts"]

    def changes(self) -> dict[str, dict[str, int]]:
        return self._requests()["changes"]

    def _requests(self) -> Any:
        return requests.get(f"{self.address}/_sim/requests?limit=1", timeout=5).json()


def test_changes_survive_worker_web_valkey_and_postgres(own_stack: LiveStack) -> None:
    own_stack.manage("sync_sims")
    carrier, person = Carrier(own_stack), Person(own_stack)
    giccids = [row[0] for row in ask_database(own_stack, ACTIVE)]

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
        for part in ("web-1", "valkey", "postgres"):
            os.kill(own_stack.pids[part], signal.SIGKILL)
    for click in clicks:
        click.result()
    own_stack.wait_ready()
    ask_database(own_stack, AGE)

    def outcomes() -> set[str]:
        return {row[1] for row in ask_database(own_stack, STATES)}

    wait_until(lambda: outcomes() == {"done"}, "all of them are done")
    found = ask_database(own_stack, STATES)
    assert sorted(row[0] for row in found) == giccids
    assert {row[2:] for row in found} == {(1, False)}
    assert carrier.changes() == {giccid: {"suspend": 1} for giccid in giccids}
