from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.utils import timezone

from batches.models import Batch
from enterprise.scope import limit_to
from sims.models import Operation, SyncRun, Verb
from smarthub_portal.context import portal
from sms.models import Message
from tests.sims.fleet import make_account, make_run, make_sim, make_sims


@pytest.fixture
def frame(db, django_user_model):
    request = RequestFactory().get("/sims/")
    request.user = django_user_model.objects.create_user("jonas")
    return portal(request)


def test_two_queries_for_all_of_it(frame, django_assert_num_queries):
    make_sims(2)
    run = make_run(finished_at=timezone.now())
    with django_assert_num_queries(2):
        assert frame["portal"].sim_total == 2
        assert frame["portal"].fleet_read_at == run.finished_at
        assert frame["portal"].fleet_reading_percent is None
        assert not frame["portal"].fleet_is_stale
        assert frame["nav"][0].items[1].count == 2


def test_doubts_stand_beside_operations(frame):
    sim, *_ = make_sims(3)
    for state in (Operation.State.UNKNOWN, Operation.State.DONE, Operation.State.UNKNOWN):
        Operation.objects.create(sim=sim, verb=Verb.SUSPEND, state=state, username="jonas")
    operations = frame["nav"][1].items[0]
    assert (operations.label, operations.count, operations.tone) == ("Operations", 2, "unknown")


def test_counts_are_of_what_a_person_may_see(frame):
    mine, other = make_account(), make_account("lab account")
    for number, account in enumerate((mine, other, None), 1):
        sim = make_sim(f"8986011805021{number:06}", account=account)
        Operation.objects.create(sim=sim, verb=Verb.SUSPEND, state="unknown", username="x")
        Message.objects.create(direction="mo", state="received", giccid=sim.giccid, account=account, content="hello")
        Batch.objects.create(kind="suspend", state="running", username="x", accounts=account and [account.pk])
    Batch.objects.create(kind="suspend", state="running", username="jonas", requested_by=frame["portal"].request.user)
    assert frame["portal"].counts == {"sims": 3, "operations": 3, "batches": 4, "sms": 3}

    limit_to(frame["portal"].request.user, [mine], by=frame["portal"].request.user)

    assert portal(frame["portal"].request)["portal"].counts == {"sims": 1, "operations": 1, "batches": 2, "sms": 1}


def test_none_for_who_is_not_signed_in(db, django_assert_num_queries):
    request = RequestFactory().get("/login/")
    request.user = AnonymousUser()
    with django_assert_num_queries(0):
        frame = portal(request)
        assert frame["portal"].sim_total is None
        assert frame["portal"].fleet_read_at is None
        assert len(frame["nav"]) > 0


def test_a_run_under_way_has_its_share(frame):
    make_run(state=SyncRun.State.RUNNING, finished_at=None, read=3200, sims_expected=5000)
    assert frame["portal"].fleet_reading_percent == 64


def test_stale_is_twice_the_interval(frame, settings):
    settings.SYNC_INTERVAL_MINUTES = 15
    make_run(finished_at=timezone.now() - timedelta(minutes=31))
    assert frame["portal"].fleet_is_stale


def test_only_whole_readings_count(frame):
    make_run(kind=SyncRun.Kind.NAMED, finished_at=timezone.now())
    make_run(kind=SyncRun.Kind.ACCOUNT, finished_at=timezone.now())
    assert frame["portal"].fleet_read_at is None
