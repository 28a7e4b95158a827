"""Reading chosen SIMs again now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sims import verify as verifying
from sims.models import Sim, SyncRun
from sims.sync import runs
from sims.verify import CannotVerify, verify, words_for
from tests.sims.fleet import make_sim, make_sims


@pytest.fixture
def user(db, django_user_model):
    return django_user_model.objects.create_user("jonas", password="x")


def test_a_run_by_name_in_order_each_sim_once(user):
    make_sims(3)
    run = verify(Sim.objects.order_by("-giccid"), user)
    assert run.giccids == [f"8986011805021{number:06}" for number in (1, 2, 3)]
    assert (run.kind, run.trigger, run.requested_by, run.sims_expected) == ("named", "person", user, 3)


def test_a_double_click_is_one_run(user, django_user_model):
    make_sims(2)
    run = verify(Sim.objects.all(), user)
    assert verify(Sim.objects.all(), user) == run
    runs.finish(run.pk, missing=None)
    assert verify(Sim.objects.all(), user) == run
    assert verify(Sim.objects.filter(giccid__endswith="1"), user) != run
    assert verify(Sim.objects.all(), django_user_model.objects.create_user("eva")) != run
    SyncRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    assert verify(Sim.objects.all(), user) != run


def test_a_run_that_waits_long_is_still_the_same(user):
    make_sim()
    run = verify(Sim.objects.all(), user)
    SyncRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=9))
    assert verify(Sim.objects.all(), user) == run


def test_none_and_too_many(user, monkeypatch):
    with pytest.raises(CannotVerify, match=r"No SIM was chosen, so nothing was read."):
        verify(Sim.objects.none(), user)
    make_sims(3)
    monkeypatch.setattr(verifying, "MOST", 2)
    with pytest.raises(CannotVerify, match=r"At most 2 SIMs are read again at once, and these are more. Narrow"):
        verify(Sim.objects.all(), user)
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "running", "read": 1}, ""),
        ({"state": "finished", "read": 3}, "3 SIMs read just now, all as they stood here before."),
        ({"state": "finished", "read": 3, "changed": 1, "moved": 1}, "3 SIMs read just now, 2 had changed."),
        (
            {"state": "finished", "read": 2},
            "2 SIMs read just now, all as they stood here before, 1 is not shown by the carrier.",
        ),
        ({"state": "failed", "read": 1}, "1 SIM read, then it stopped."),
    ],
)
def test_what_came_of_it(user, fields, words):
    assert words_for(SyncRun(kind="named", giccids=["1", "2", "3"], **fields)) == words


def test_it_reads_them_from_the_carrier_100_a_request(user, carrier, sync):
    sync()
    first = Sim.objects.order_by("giccid")[0]
    carrier.post("/_sim/sims", {"set": {first.giccid: {"status": "RETIRED"}}})
    chosen = list(Sim.objects.order_by("giccid").values_list("pk", flat=True)[:150])
    run = sync(verify(Sim.objects.filter(pk__in=chosen), user))
    assert (run.state, run.read, run.requests) == ("finished", 150, 2)
    first.refresh_from_db()
    assert first.status == "RETIRED"
