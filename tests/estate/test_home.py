from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sims.models import SetAside, SyncRun
from tests.page import text, total
from tests.sims.fleet import NOW, make_run, make_sim, make_sims


@pytest.fixture
def client(db, django_user_model) -> Client:
    client = Client()
    client.force_login(django_user_model.objects.create_user("jonas"))
    return client


def test_a_quiet_day(client):
    make_sims(3)
    make_run(finished_at=timezone.now(), missing=0)
    response = client.get("/")
    assert "Nothing needs attention" in text(response)
    assert total(response) == "3"
    assert 'href="/sims/?status=ACTIVATED"' in response.content.decode()
    assert "Active 3 100 %" in text(response)


def test_attention_comes_first(client):
    make_sim("1", missing_since=NOW)
    make_run(finished_at=timezone.now() - timedelta(hours=9))
    failed = make_run(state=SyncRun.State.FAILED, note="The carrier refused the key (401).", kept_aside=1)
    SetAside.objects.create(run=failed, giccid="2", reason="x", raw="{}")
    words = text(client.get("/"))
    assert "Four things need attention" in words
    assert f"Sync run {failed.pk} stopped The carrier refused the key (401)." in words
    assert "The whole fleet was last read 9 h ago" in words
    assert "1 SIM is missing at the carrier" in words
    assert f"1 record of run {failed.pk} could not be read" in words


def test_a_failure_that_a_complete_run_followed_is_over(client):
    make_run(state=SyncRun.State.FAILED, note="x")
    make_run(finished_at=timezone.now())
    assert "stopped" not in text(client.get("/"))


def test_the_first_minutes(client):
    assert "The fleet has not been read yet" in text(client.get("/"))
    make_run(state=SyncRun.State.RUNNING, finished_at=None, read=1900, sims_expected=5000)
    assert "1,900 of 5,000 SIMs" in text(client.get("/"))


def test_alike_events_fold(client):
    sims = make_sims(3)
    events = [
        NewEvent(kind="sim.missing", subject_kind="sim", subject_key=sim.giccid, happened_at=NOW, sim_id=sim.pk)
        for sim in sims
    ]
    record(events, cause=Cause(Event.Cause.RUN, 7))
    words = text(client.get("/"))
    assert f"{sims[-1].giccid[:-6]} {sims[-1].giccid[-6:]} and 2 more Sync found it missing" in words
    assert words.count("Sync found it missing") == 1


def test_an_unknown_status_has_its_tile(client):
    make_sim("1", status="FROZEN 2&")
    assert 'href="/sims/?status=FROZEN+2%26"' in client.get("/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(client, django_assert_num_queries, count):
    sims = make_sims(count)
    make_run(finished_at=timezone.now())
    events = [
        NewEvent(kind="sim.missing", subject_kind="sim", subject_key=sim.giccid, happened_at=NOW, sim_id=sim.pk)
        for sim in sims
    ]
    record(events, cause=Cause(Event.Cause.RUN, 7))
    # session, user, scope, freshness, counts, events and the newest of them, total
    with django_assert_num_queries(8):
        client.get("/")


def test_methods_and_people(client):
    assert client.post("/").status_code == 405
    assert Client().get("/")["Location"] == "/login/?next=/"
