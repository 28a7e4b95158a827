from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from estate import drift_ask, drift_work, tasks
from estate.models import DriftCheck, DriftFinding
from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.models import OpenChange, Operation, Sim
from sims.sync import runs, work
from smarthub import Client
from tests.estate.test_enterprise import sheet
from tests.page import errors, htmx, text
from tests.sims.fleet import make_sim
from tests.simulated import Simulated
from users.models import AuditEntry

SEED = "8986011805021000004"


@pytest.fixture
def carrier(db, simulator: Simulated) -> Iterator[Client]:
    """A fleet of 30, read to its end."""
    simulator.post("/_sim/reset", {"sims": 30, "quiet": True})
    client = Client(base_url=simulator.base_url, api_key=simulator.key)
    run = runs.request_full(trigger="command")
    work.work_slice(run.pk, client)
    yield client
    client.close()


def compared(client: Client, user, *, sample: int | None = None) -> DriftCheck:
    check = drift_ask.ask(user, sample=sample)
    assert not drift_work.work_slice(check.pk, client)
    check.refresh_from_db()
    return check


def spoil(**values) -> Sim:
    Sim.objects.filter(giccid=SEED).update(digest=None, **values)
    return Sim.objects.get(giccid=SEED)


def test_a_copy_that_is_right_shows_no_difference(carrier, user):
    check = compared(carrier, user)
    assert (check.state, check.compared, check.differing) == ("finished", Sim.objects.count(), 0)
    assert not DriftFinding.objects.exists()


def test_what_differs_is_named_dated_and_taken_over(carrier, user):
    sim = spoil(status="DEACTIVATED", package="Other", apns=[{"name": "iot.public", "status": "CLOSED"}])
    check = compared(carrier, user)
    found = {each.field: each for each in check.findings.all()}
    assert set(found) == {"status", "package", "apn iot.public", "apn iot.private"}
    assert (found["status"].ours, found["status"].theirs) == ("DEACTIVATED", "ACTIVATED")
    assert found["status"].cause == "outside"
    assert found["status"].ours_at <= found["status"].seen_at
    assert check.differing == 1
    sim.refresh_from_db()
    assert sim.status == "ACTIVATED"
    assert Event.objects.filter(kind="sim.status", sim_id=sim.pk, cause_kind="read").exists()


def test_where_pushes_come_one_was_missed(carrier, user):
    record(
        [NewEvent("sim.status", "sim", "x", timezone.now(), data={"old": "a", "new": "b"})],
        cause=Cause(Event.Cause.PUSH, 1),
    )
    spoil(status="DEACTIVATED", package="Other")
    causes = dict(compared(carrier, user).findings.values_list("field", "cause"))
    assert causes == {"status": "missed-push", "package": "outside"}


@pytest.mark.parametrize(
    ("state", "verb", "cause"),
    [("done", "suspend", "failed-write"), ("failed", "activate", "failed-write"), ("done", "activate", "outside")],
)
def test_a_write_that_went_otherwise_is_suspected(carrier, user, state, verb, cause):
    sim = spoil(status="DEACTIVATED")
    Operation.objects.create(sim=sim, verb=verb, state=state, username="jonas")
    assert compared(carrier, user).findings.get().cause == cause


def test_an_open_change_explains_a_difference(carrier, user):
    sim = spoil(status="DEACTIVATED")
    operation = Operation.objects.create(sim=sim, verb="activate", state="accepted", username="jonas")
    OpenChange.objects.create(sim=sim, operation=operation, verb="activate")
    assert compared(carrier, user).findings.get().cause == "under-way"


def test_a_sim_that_the_carrier_does_not_show(carrier, user):
    make_sim("nobody", first_seen_at=timezone.now())
    make_sim("known", missing_since=timezone.now())
    check = compared(carrier, user)
    assert check.absent == 2
    assert check.findings.get().cause == "absent"


def test_a_sample_is_that_many_sims(carrier, user):
    check = compared(carrier, user, sample=7)
    assert (check.expected, check.compared, check.state) == (7, 7, "finished")


def test_moving_usage_is_no_difference(carrier, user):
    spoil(data_usage_mb=1)
    check = compared(carrier, user)
    assert (check.moved, check.differing) == (1, 0)


def test_a_killed_comparison_goes_on_where_it_stood(carrier, user):
    check = drift_ask.ask(user, sample=None)
    last = Sim.objects.order_by("-pk")[3].pk
    DriftCheck.objects.filter(pk=check.pk).update(reached=last, compared=5, state="running")
    drift_work.work_slice(check.pk, carrier)
    check.refresh_from_db()
    assert check.compared == 5 + 3


def test_two_workers_do_not_do_the_same(carrier, user):
    check = drift_ask.ask(user, sample=None)
    DriftCheck.objects.filter(pk=check.pk).update(lease_until=timezone.now() + timedelta(minutes=1))
    assert not drift_work.work_slice(check.pk, carrier)
    check.refresh_from_db()
    assert check.state == "queued"


def test_a_carrier_that_fails_ends_it_with_words(simulator, carrier, user):
    simulator.post("/_sim/fault", {"operation": "sim_list", "kind": "401", "times": 99})
    check = drift_ask.ask(user, sample=None)
    drift_work.work_slice(check.pk, carrier)
    check.refresh_from_db()
    assert (check.state, check.note) == ("failed", "The carrier refused the key (401). Check SMARTHUB_API_KEY.")


def test_only_one_comparison_of_the_whole_fleet_is_open(db, user):
    assert drift_ask.ask(user, sample=None) == drift_ask.ask(user, sample=None)
    assert AuditEntry.objects.count() == 1


def test_the_pages_ask_show_and_end(client, monkeypatch, db, user):
    monkeypatch.setattr(tasks.work_drift, "delay", lambda pk: None)
    make_sim(SEED)
    assert "Nothing was compared yet" in text(client.get("/sync/drift/"))
    response = client.post("/sync/drift/", {"scope": "sample", "size": "5"})
    check = DriftCheck.objects.get()
    assert response["Location"] == f"/sync/drift/{check.pk}/"
    assert (check.expected, check.username) == (1, "jonas")
    html = client.get(response["Location"], headers=htmx("drift")).content.decode()
    assert 'data-state="queued"' in html
    assert "<html" not in html
    client.post(f"{response['Location']}cancel/")
    check.refresh_from_db()
    assert check.state == "cancelled"
    assert f'data-drift="{check.pk}" data-state="cancelled"' in client.get("/sync/drift/").content.decode()


@pytest.mark.parametrize(
    ("size", "said"),
    [("0", "at least one SIM"), ("10001", "at most 10,000"), ("many", "a whole number of SIMs")],
)
def test_a_sample_that_makes_no_sense_is_refused(client, size, said):
    response = client.post("/sync/drift/", {"scope": "sample", "size": size})
    assert response.status_code == 422
    assert said in errors(response)[0]
    assert client.post("/sync/drift/", {"scope": "half"}).status_code == 422
    assert not DriftCheck.objects.exists()


def test_findings_are_shown_by_cause_and_as_a_file(client, user):
    sim, now = make_sim(SEED), timezone.now()
    check = DriftCheck.objects.create(sample=1, username="jonas", state="finished", compared=1, differing=1)
    for field, cause in (("status", "missed-push"), ("package", "outside")):
        DriftFinding.objects.create(
            drift=check, sim=sim, field=field, ours="<b>", theirs="", cause=cause, ours_at=now, seen_at=now
        )
    words = text(client.get(f"/sync/drift/{check.pk}/"))
    assert "1 of 1 SIMs differ" in words
    assert "Missed push 1" in words
    assert "<b> nothing" in words
    alone = client.get(f"/sync/drift/{check.pk}/?cause=outside").content.decode()
    assert alone.count("data-finding=") == 1
    assert len(sheet(client.get(f"/sync/drift/{check.pk}/?csv=1"))) == 3
    assert client.get(f"/sync/drift/{check.pk}/?cause=%00&after=x").status_code == 200


def test_people_and_methods(client, db):
    assert Browser().get("/sync/drift/")["Location"].startswith("/login/")
    assert client.get("/sync/drift/1/cancel/").status_code == 405
    assert client.post("/sync/drift/1/cancel/").status_code == 404
    assert client.get("/sync/drift/1/").status_code == 404
