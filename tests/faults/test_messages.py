"""The worker is killed while it sends: no message reaches the carrier twice, none is lost, no text stands in a log."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

from tests.faults.parties import Carrier, Person
from tests.live import LiveStack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(200)
MESSAGES = 50
RECEIVERS = "SELECT giccid FROM sims_sim WHERE status = 'ACTIVATED' ORDER BY giccid LIMIT %s"
STATES = "SELECT giccid, state FROM sms_message WHERE content = '{}' ORDER BY id"
FIRST, LOST = STATES.format("QUOKKA 1"), STATES.format("QUOKKA 2")


@pytest.fixture(scope="module")
def stack() -> Iterator[LiveStack]:
    with LiveStack.started(sims=300) as stack:
        yield stack


def test_messages_survive_the_worker_and_leave_once(stack: LiveStack) -> None:
    stack.wait_read()
    carrier, person = Carrier(stack), Person(stack)
    giccids = [row[0] for row in stack.ask(RECEIVERS % MESSAGES)]
    assert len(giccids) == MESSAGES

    carrier.forget()
    carrier.turn(latency=2)
    # Nothing leaves while they are written, however long that takes: so there is enough to wait.
    os.kill(stack.pids["worker-quick"], signal.SIGSTOP)
    for giccid in giccids:
        person.send_sms(giccid, "QUOKKA 1")
    os.kill(stack.pids["worker-quick"], signal.SIGCONT)
    wait_until(lambda: carrier.counts().get("M1", 0) >= MESSAGES // 4, "some are at the carrier")
    os.kill(stack.pids["worker-quick"], signal.SIGKILL)
    under_way = sum(state == "sending" for _, state in stack.ask(FIRST))
    waiting = sum(state == "queued" for _, state in stack.ask(FIRST))
    assert under_way and waiting
    carrier.turn(latency=0)

    def states() -> dict[str, str]:
        return dict(stack.ask(FIRST))

    wait_until(lambda: not {"queued", "sending"} & set(states().values()), "each came to a state")
    found = states()
    taken = {giccid: verbs for giccid, verbs in carrier.changes().items() if giccid in found}
    assert sorted(found) == giccids
    assert set(found.values()) <= {"accepted", "delivered", "failed", "unknown"}
    assert carrier.counts()["M1"] <= MESSAGES
    assert {giccid: verbs for giccid, verbs in taken.items() if verbs != {"sms": 1}} == {}
    assert {giccid for giccid, state in found.items() if state in ("accepted", "delivered")} <= set(taken)
    assert len(taken) >= MESSAGES // 2


def test_no_text_reaches_a_log(stack: LiveStack) -> None:
    """Sent, refused, of unknown outcome, received, pushed in pieces, searched for: by whatever way it came."""
    stack.wait_read()
    carrier, person = Carrier(stack), Person(stack)
    giccid, other = (row[0] for row in stack.ask(RECEIVERS % 2 + f" OFFSET {MESSAGES}"))
    carrier.fault(operation="M1", kind="502")
    person.send_sms(giccid, "QUOKKA 2", expect="WOMBAT=(?P<W>.*)")
    wait_until(lambda: dict(stack.ask(LOST)).get(giccid) == "unknown", "its reply was lost")
    carrier.fault(operation="M1", kind="403")
    person.send_sms(other, "QUOKKA 3")
    assert person.sends(giccid, "QUOKKA" * 40).status_code == 422
    assert person.sends(giccid, "QUOKKA", encoding="hex").status_code == 422
    carrier.hear(giccid, "WOMBAT=21")
    carrier.hear(giccid, "\u202eWOMBAT\x00<b>")
    heard = "SELECT count(*) FROM sms_message WHERE direction = 'mo'"
    wait_until(lambda: stack.ask(heard) == [(2,)], "the device was heard", within_s=90)
    for path in (
        "/sms/?q=NUMBAT",
        f"/sms/{giccid}/?find=NUMBAT",
        "/sms/csv/?q=NUMBAT&state=no",
        "/sms/nowhere/?q=NUMBAT",
    ):
        person.get(path)
    with pytest.raises(psycopg.Error):
        stack.ask("INSERT INTO sms_message (id, content) VALUES (1, 'QUOKKA 4')")

    logs = {log.name: log.read_text(errors="replace") for log in (stack.folder / "var" / "log").glob("*.log")}
    logs["up.out"] = stack.output.read_text(errors="replace")
    assert {"web-1.log", "worker-quick.log", "postgres.log", "simulator.log"} <= set(logs)
    assert "sms_not_taken" in logs["worker-quick.log"]
    words = ("quokka", "wombat", "numbat")
    assert [line for text in logs.values() for line in text.splitlines() if any(w in line.lower() for w in words)] == []
