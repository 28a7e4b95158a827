"""Reading what waits: bundled, at growing intervals, each pass its own; and what the sweeper finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from journal.models import Event
from sims.changes import settle as settling
from sims.changes import wake
from sims.changes.evidence import is_bought
from sims.changes.sending import send
from sims.changes.settle import SENDING_LIMIT, nudge, settle_due, sweep
from sims.changes.verdict import HORIZON, Seen, decided_at, is_slow, judge, wait_after
from sims.models import OpenChange, Operation, Sim, Verb
from smarthub.models import SimChange
from tests.sims.changes.conftest import ACTIVE, ACTIVE_TOO, INVENTORY
from tests.sims.fleet import make_sim

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def operation_of(sim: Sim, state: str = "accepted", **fields) -> Operation:
    values = {"verb": "suspend", "username": "mara", "sent_at": timezone.now(), "next_read_at": timezone.now()}
    operation = Operation.objects.create(sim=sim, state=state, **{**values, **fields})
    OpenChange.objects.create(sim=sim, operation=operation, verb=operation.verb)
    return operation


def after(operation: Operation) -> Operation:
    return Operation.objects.get(pk=operation.pk)


def asked(carrier) -> dict[str, int]:
    return carrier.get("/_sim/requests", params={"limit": 1})["counts"]


@pytest.mark.parametrize(
    ("reads", "state", "seconds"),
    [
        (1, "accepted", 1),
        (2, "accepted", 2),
        (3, "unknown", 4),
        (10, "accepted", 512),
        (11, "unknown", 900),
        (12, "scheduled", 2048),
        (99, "scheduled", 3600),
    ],
)
def test_the_reads_come_at_growing_intervals(reads, state, seconds):
    assert wait_after(reads, state) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("verb", "fields", "minutes"),
    [
        ("suspend", {}, 5),
        ("change-plan", {"wanted": {"effective": "now"}}, 30),
        ("change-plan", {"wanted": {"effective": "next-cycle"}}, None),
        ("add-package", {}, None),
        ("suspend", {"answered_at": NOW}, None),
    ],
)
def test_the_moment_that_decides_is_known_and_read_right_after(verb, fields, minutes):
    operation = Operation(state="unknown", verb=verb, sent_at=NOW, reads=9, **fields)
    assert decided_at(operation) == (minutes and NOW + timedelta(minutes=minutes))
    verdict = judge(operation, Seen(NOW + timedelta(minutes=4)))
    latest = NOW + timedelta(minutes=minutes or 99, seconds=1)
    assert verdict.next_read_at == min(latest, NOW + timedelta(minutes=4, seconds=512))


def test_slow_is_what_was_accepted_a_quarter_of_an_hour_ago():
    operation = Operation(state="accepted", answered_at=NOW - timedelta(minutes=16))
    assert is_slow(operation, NOW)
    assert not is_slow(operation, NOW - timedelta(minutes=2))
    assert not is_slow(Operation(state="done", answered_at=NOW - timedelta(hours=1)), NOW)


@given(
    state=st.sampled_from(Operation.READABLE),
    verb=st.sampled_from(Verb.values),
    effective=st.sampled_from(["now", "next-cycle"]),
    elapsed=st.timedeltas(timedelta(minutes=-10), timedelta(days=40)),
    is_proven=st.sampled_from([True, False, None]),
    is_asked=st.booleans(),
    reads=st.integers(0, 200),
)
def test_a_verdict_is_never_more_than_the_read_says(state, verb, effective, elapsed, is_proven, is_asked, reads):
    operation = Operation(
        state=state, verb=verb, wanted={"effective": effective}, sent_at=NOW, created_at=NOW, reads=reads
    )
    operation.effective_at = NOW + timedelta(days=9) if state == "scheduled" else None
    verdict = judge(operation, Seen(NOW + elapsed, is_proven, is_asked))
    counts = is_asked and elapsed > timedelta(0)
    assert (verdict.state == "done") == (counts and is_proven is True)
    if verdict.state == "failed" and state == "unknown":
        assert is_proven is False and elapsed > HORIZON[verb] and not (verb == "change-plan" and effective != "now")
    if verdict.state == "failed" and state == "scheduled":
        assert elapsed > timedelta(days=10)
    if verdict.state in Operation.OPEN:
        assert verdict.next_read_at > NOW + elapsed
    if state == "accepted" and elapsed < timedelta(days=1):
        assert verdict.state in ("accepted", "done")


def test_many_are_read_a_hundred_a_request(sims, carrier):
    carrier.post("/_sim/reset", {"sims": 250, "quiet": True})
    numbers = [record["giccid"] for page in range(3) for record in _page(carrier, page)]
    for key in numbers:
        operation_of(sims.get(key) or make_sim(key))
    carrier.post("/_sim/sims", {"set": {key: {"status": "DEACTIVATED"} for key in numbers[:240]}})
    before = asked(carrier)
    settle_due()
    assert {name: count - before.get(name, 0) for name, count in asked(carrier).items()}["S2"] == 3
    states = dict(Operation.objects.values_list("sim__giccid", "state"))
    assert {states[key] for key in numbers[:240]} == {"done"}
    waiting = Operation.objects.filter(state="accepted")
    assert waiting.filter(next_read_at__gt=F("last_read_at")).count() == waiting.count() > 0


def _page(carrier, page: int) -> list[dict]:
    return carrier.get("/v1/global-sims", params={"page": page, "size": 100})["data"]


def test_a_pass_takes_what_is_due_and_leaves_it_to_no_other(sims, carrier, monkeypatch):
    due = operation_of(sims[ACTIVE])
    later = operation_of(sims[ACTIVE_TOO], next_read_at=timezone.now() + timedelta(minutes=1))
    seen = []
    monkeypatch.setattr(settling, "seen_of", lambda operations: seen.append(settling._take_due()) or {})
    assert settle_due() == 1
    assert seen == [[]]
    assert after(due).next_read_at > timezone.now() + timedelta(seconds=50)
    assert after(later).next_read_at == later.next_read_at


def test_a_carrier_that_is_down_costs_only_time(sims, carrier):
    operation = operation_of(sims[ACTIVE], state="unknown", sent_at=timezone.now() - timedelta(hours=1))
    Sim.objects.update(read_at=timezone.now() - timedelta(hours=2))
    carrier.post("/_sim/fault", {"operation": "*", "kind": "500", "times": None})
    settle_due()
    operation = after(operation)
    assert (operation.state, operation.reads, operation.last_read_at) == ("unknown", 1, None)
    assert operation.next_read_at > timezone.now()


def test_a_sim_that_is_gone_asks_a_person(sims, carrier):
    operation = operation_of(sims[ACTIVE], state="unknown", sent_at=timezone.now() - timedelta(hours=1))
    carrier.post("/_sim/sims", {"remove": [ACTIVE]})
    settle_due()
    operation = after(operation)
    assert (operation.state, operation.needs_person) == ("unknown", True)
    assert "does not know this SIM any more" in operation.note
    assert Event.objects.get(kind="sim.operation").data["needs_person"]
    Operation.objects.update(next_read_at=timezone.now())
    settle_due()
    assert Event.objects.filter(kind="sim.operation").count() == 1


def test_what_else_a_read_finds_is_not_laid_to_the_change(sims, carrier, ask):
    operation = ask(ACTIVE, "suspend")
    send(operation.pk)
    carrier.post("/_sim/imei", {"giccid": ACTIVE, "imei": "490154203237518"})
    Operation.objects.update(next_read_at=timezone.now())
    settle_due()
    causes = dict(Event.objects.values_list("kind", "cause_kind"))
    assert causes == {"sim.status": "operation", "sim.imei": "read"}


def test_what_a_push_made_us_read_is_laid_to_the_change_and_settles_it(sims, carrier, ask, client):
    from journal.record import Cause
    from sims.changes.reading import read_sims
    from toolkit.governor import Lane

    operation = ask(ACTIVE, "suspend")
    send(operation.pk)
    read_sims([ACTIVE, INVENTORY], lane=Lane.CLICK, cause_for=lambda giccid: Cause(Event.Cause.PUSH, 7))
    found = Event.objects.get(kind="sim.status")
    assert (found.cause_kind, found.cause_id) == ("operation", operation.pk)
    assert nudge([operation.sim_id]) == 1
    assert after(operation).state == "done"
    assert nudge([operation.sim_id]) == 0


def test_a_nudge_makes_the_rest_due_now(sims):
    operation = operation_of(sims[ACTIVE], next_read_at=timezone.now() + timedelta(minutes=9))
    assert nudge([sims[ACTIVE].pk]) == 1
    assert after(operation).next_read_at <= timezone.now()


def test_a_read_that_somebody_else_asked_for_settles_without_a_request(sims, carrier):
    shown = operation_of(sims[ACTIVE], next_read_at=timezone.now() + timedelta(minutes=9))
    other = operation_of(sims[ACTIVE_TOO], next_read_at=timezone.now() + timedelta(minutes=9))
    Sim.objects.filter(pk=shown.sim_id).update(status="DEACTIVATED", read_at=timezone.now())
    Sim.objects.filter(pk=other.sim_id).update(read_at=timezone.now())
    carrier.post("/_sim/requests", {})
    assert settle_due() == 0
    assert (after(shown).state, after(other).state) == ("done", "accepted")
    assert after(other).last_read_at == Sim.objects.get(pk=other.sim_id).read_at
    assert asked(carrier) == {}


def test_queued_and_not_begun_is_queued_again_once_a_minute(sims, monkeypatch):
    queued = []
    monkeypatch.setattr(settling, "send_soon", queued.append)
    fresh = operation_of(sims[ACTIVE], state="queued", next_read_at=None, sent_at=None)
    old = operation_of(sims[ACTIVE_TOO], state="queued", next_read_at=None, sent_at=None)
    Operation.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(seconds=11))
    assert (sweep(), sweep()) == (1, 0)
    assert queued == [old.pk] and after(fresh).next_read_at is None


def test_sending_and_stuck_is_unknown_and_never_sent_again(sims, carrier):
    stuck = operation_of(sims[ACTIVE], state="sending", sent_at=timezone.now() - SENDING_LIMIT, attempts=1)
    under_way = operation_of(sims[ACTIVE_TOO], state="sending", attempts=1)
    assert sweep() == 1
    stuck = after(stuck)
    assert (stuck.state, after(under_way).state) == ("unknown", "sending")
    assert stuck.note.startswith("The process that sent it ended before the reply.")
    assert Event.objects.get().data["state"] == "unknown"
    send(stuck.pk)
    assert asked(carrier).get("S7", 0) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_a_pass_costs_three_queries_more_for_each_operation(sims, carrier, count):
    from django.db import connection

    for key in (ACTIVE, ACTIVE_TOO, INVENTORY)[:count]:
        operation_of(sims[key])
    with CaptureQueriesContext(connection) as queries:
        settle_due()
    assert len(queries) == {1: 11, 3: 17}[count]


@pytest.mark.parametrize(
    ("after_s", "old", "name", "others", "is_so"),
    [
        (1, None, "Addon-50M", 0, True),
        (-1, None, "Addon-50M", 0, True),
        (-5, None, "Addon-50M", 0, False),
        (1, "Addon-10M", "Addon-50M", 0, False),
        (1, None, "Addon-10M", 0, False),
        (1, None, "Addon-50M", 1, False),
    ],
)
def test_a_purchase_is_proven_by_a_row_of_after_the_request_by_the_carriers_clock(after_s, old, name, others, is_so):
    sim, ahead = make_sim(ACTIVE), timedelta(minutes=7)
    values = {"verb": "add-package", "wanted": {"package": "Addon-50M"}, "username": "mara", "sim": sim}
    operation = Operation.objects.create(state="unknown", sent_at=NOW, **values)
    for _ in range(others):
        Operation.objects.create(state="done", answered_at=NOW, **values)
    row = SimChange(ACTIVE, "SERVICE_PACKAGE_CHANGE", old, name, NOW + ahead + timedelta(seconds=after_s), "api")
    assert is_bought(operation, [row], ahead) is is_so


def test_those_that_want_a_pass_at_the_same_time_share_one(monkeypatch, django_capture_on_commit_callbacks):
    queued = []
    monkeypatch.setattr(wake, "_queue", lambda name, arguments, countdown=0: queued.append(countdown))
    monkeypatch.setattr(wake.time, "time", lambda: 1000.1)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            wake.settle_soon()
        wake.settle_soon(5)
    assert [round(seconds, 2) for seconds in queued] == [1.15, 5.15]
