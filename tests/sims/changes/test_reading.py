"""Reading SIMs by name: what is shown, what is not, what cannot be read or asked."""

from __future__ import annotations

import pytest

from journal.models import Event
from journal.record import Cause
from sims.changes.reading import read_sims
from sims.models import Sim
from tests.sims.changes.conftest import ACTIVE, ACTIVE_TOO, SUSPENDED
from toolkit.governor import Lane

pytestmark = pytest.mark.django_db
ABSENT = "8986011805021999999"
CAUSE = Cause(Event.Cause.PUSH, 7)


def read(*giccids: str):
    return read_sims(giccids, lane=Lane.BATCH, cause_for=CAUSE)


def test_each_is_shown_absent_or_unreadable(sims, carrier):
    carrier.post("/_sim/sims", {"put": [{"giccid": SUSPENDED, "status": "ACTIVATED", "activatedTime": "soon"}]})
    before = Sim.objects.get(giccid=ACTIVE).read_at
    found = read(ACTIVE, ACTIVE, SUSPENDED, ABSENT)
    assert set(found.shown) == {ACTIVE} and found.shown[ACTIVE] > before
    assert (found.absent, set(found.unreadable), found.error) == ({ABSENT}, {SUSPENDED}, "")
    assert Sim.objects.get(giccid=ACTIVE).read_at == found.shown[ACTIVE]


def test_one_alone_is_asked_for_alone(sims, carrier):
    carrier.post("/_sim/requests", {})
    assert (set(read(ACTIVE).shown), read(ABSENT).absent) == ({ACTIVE}, {ABSENT})
    assert carrier.get("/_sim/requests", params={"limit": 1})["counts"] == {"S1": 2}


def test_a_record_without_a_key_makes_nobody_absent(sims, client, monkeypatch):
    page = client.read_sim_raw(ACTIVE)
    nameless = type(page)([b'{"status": "ACTIVATED"}'], 0, 1, 1, page.reply)
    monkeypatch.setattr(client, "read_sim_raw", lambda giccid: nameless)
    found = read(ACTIVE)
    assert (found.shown, found.absent, set(found.unreadable)) == ({}, set(), {ACTIVE})


def test_what_could_not_be_asked_is_neither(sims, carrier):
    carrier.post("/_sim/fault", {"operation": "*", "kind": "500", "times": None})
    found = read(ACTIVE, ACTIVE_TOO)
    assert (found.shown, found.absent) == ({}, set())
    assert "trouble of its own (500)" in found.error


def test_nothing_asked_is_nothing_read(sims, carrier):
    assert read() == type(read())()


def test_the_cause_may_differ_by_sim(sims, carrier):
    carrier.post("/_sim/sims", {"set": {key: {"imei": "490154203237518"} for key in (ACTIVE, ACTIVE_TOO)}})
    causes = {ACTIVE: Cause(Event.Cause.PUSH, 1), ACTIVE_TOO: Cause(Event.Cause.PUSH, 2)}
    read_sims(causes, lane=Lane.BATCH, cause_for=causes.__getitem__)
    assert set(Event.objects.values_list("subject_key", "cause_id")) == {(ACTIVE, 1), (ACTIVE_TOO, 2)}
