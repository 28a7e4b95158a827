"""Batches from start to end against the simulated carrier."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batches import run
from batches.models import Batch, BatchChunk, BatchItem
from batches.work import unattended
from journal.models import Event
from sims.models import OpenChange, Operation, Protection, ScheduledPlan, Sim, SimCustomFields, Verb
from tests.batches.conftest import done_at_carrier, due_now, sent, states
from users.models import AuditEntry


def test_a_batch_is_carried_out_and_each_item_is_what_a_read_showed(carrier, fleet, plan, work, user, settings):
    settings.BATCH_JOB_SIZE = 20
    sims = fleet[:45]
    batch = plan(sims, reason="winter storage")

    run.start(batch, user)
    work(batch)

    assert batch.state == "finished" and batch.finished_at
    assert states(batch) == {"done": 45}
    assert [chunk.size for chunk in batch.chunks.order_by("number")] == [20, 20, 5]
    assert sent(carrier, "B2") == 3
    assert done_at_carrier(carrier, "suspend") == {sim.giccid: 1 for sim in sims}
    item = batch.items.get(place=1)
    assert item.after["status"] == "DEACTIVATED" and item.before["status"] == "ACTIVATED"
    assert item.seen_at > item.sent_at
    assert not OpenChange.objects.exists()
    assert batch.next_step_at is None


def test_every_item_is_on_its_sims_journal(fleet, plan, work, user):
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch)

    for item in batch.items.all():
        event = Event.objects.get(sim_id=item.sim_id, cause_kind="batch-item")
        assert (event.kind, event.cause_id) == ("sim.status", item.pk)


def test_a_change_that_another_reader_saw_first_is_told_all_the_same(carrier, client, fleet, plan, work, user):
    batch = plan(fleet[:1])
    run.start(batch, user)

    def sync_sees_it(step: str) -> None:
        if step == "answered":
            Sim.objects.filter(pk=fleet[0].pk).update(status="DEACTIVATED")

    work(batch, on_step=sync_sees_it)

    event = Event.objects.get(sim_id=fleet[0].pk, kind="sim.batch")
    assert event.data["state"] == "done" and event.data["by"] == "jonas"


def test_what_the_carrier_fails_is_failed_with_its_words(carrier, fleet, plan, work, user):
    refusing = Sim.objects.get(giccid="8986011805021000010")
    batch = plan([fleet[0], refusing])

    run.start(batch, user)
    work(batch)

    item = batch.items.get(sim=refusing)
    assert (item.state, item.code) == ("failed", "carrier_error")
    assert item.message == "the carrier's network refused"
    assert states(batch) == {"done": 1, "failed": 1}
    assert Event.objects.get(sim_id=refusing.pk, kind="sim.batch").data["code"] == "carrier_error"


def test_sims_that_changed_since_the_dry_run_are_skipped_and_named(fleet, plan, work, user):
    batch = plan(fleet[:5])
    Sim.objects.filter(pk=fleet[0].pk).update(status="DEACTIVATED")
    Sim.objects.filter(pk=fleet[1].pk).update(package="Another")
    Protection.objects.create(sim=fleet[2], by=user)
    operation = Operation.objects.create(sim=fleet[3], verb=Verb.SUSPEND, username="x")
    OpenChange.objects.create(sim=fleet[3], operation=operation, verb=Verb.SUSPEND)

    run.start(batch, user)
    work(batch)

    said = [(item.state, item.code, item.message) for item in batch.items.order_by("place")]
    assert said == [
        ("skipped", "changed", "It has changed since the dry run: Suspended, no longer Active."),
        ("skipped", "changed", "It has changed since the dry run: its plan is Another now."),
        ("skipped", "changed", "It has changed since the dry run. Protected by jonas."),
        ("skipped", "busy", "Another change of this SIM was open when its turn came."),
        ("done", "", ""),
    ]


def test_sims_that_grew_old_since_the_dry_run_are_read_before_they_are_sent(carrier, fleet, plan, work, user):
    batch = plan(fleet[:5])
    carrier.post("/_sim/sims", {"set": {fleet[0].giccid: {"status": "DEACTIVATED"}}, "remove": [fleet[1].giccid]})
    Sim.objects.filter(pk__in=[sim.pk for sim in fleet[:4]]).update(read_at=timezone.now() - timedelta(days=3))
    seen, before = [], sent(carrier, "S2")
    run.start(batch, user, at=timezone.now())
    work(batch, on_step=lambda step: seen.append((step, sent(carrier, "S2") - before, sent(carrier, "B2"))))

    assert ("picked", 2, 0) in seen  # asked twice: the one that is gone is asked for again
    said = [(item.state, item.message) for item in batch.items.order_by("place")]
    assert said[:2] == [
        ("skipped", "It has changed since the dry run: Suspended, no longer Active."),
        ("skipped", "It has changed since the dry run. The carrier does not show it; it was read by its ICCID a "
         "moment ago."),
    ]  # fmt: skip
    assert states(batch) == {"skipped": 2, "done": 3}
    assert set(done_at_carrier(carrier, "suspend")) == {sim.giccid for sim in fleet[2:5]}
    told = Event.objects.filter(kind="sim.batch", data__state="skipped").values_list("sim_id", flat=True)
    assert set(told) == {fleet[0].pk, fleet[1].pk}


def test_a_fresh_copy_is_not_read_again_before_sending(carrier, fleet, plan, work, user):
    seen = []
    batch = plan(fleet[:3])
    run.start(batch, user)
    before = sent(carrier, "S2")
    work(batch, on_step=lambda step: seen.append((step, sent(carrier, "S2") - before)))
    assert ("picked", 0) in seen


def test_a_carrier_that_is_away_leaves_the_aged_planned(carrier, fleet, plan, work, user):
    batch = plan(fleet[:2])
    Sim.objects.update(read_at=timezone.now() - timedelta(days=3))
    run.start(batch, user)
    carrier.post("/_sim/fault", {"operation": "S2", "kind": "503", "times": 8})
    work(batch, times=1)
    assert states(batch) == {"planned": 2} and sent(carrier, "B2") == 0 and batch.note

    work(batch)
    assert states(batch) == {"done": 2}


def test_of_two_overlapping_batches_the_later_sees_busy(carrier, fleet, plan, work, user):
    first, second = plan(fleet[:4]), plan(fleet[2:6])
    run.start(first, user), run.start(second, user)
    carrier.post("/_sim/knobs", {"job_delay": 60})
    work(first, times=1)
    work(second, times=1)
    third = plan(fleet[:1])

    assert list(second.items.order_by("place").values_list("state", "code"))[:2] == [("skipped", "busy")] * 2
    assert third.items.get().verdict == "busy"

    carrier.post("/_sim/clock", {"advanceSeconds": 90})
    work(first), work(second)
    assert (states(first), states(second)) == ({"done": 4}, {"skipped": 2, "done": 2})
    assert done_at_carrier(carrier, "suspend") == {sim.giccid: 1 for sim in fleet[:6]}


def test_only_one_job_at_a_time(carrier, fleet, plan, work, user, settings):
    settings.BATCH_JOB_SIZE = 5
    carrier.post("/_sim/knobs", {"job_delay": 600})
    batch = plan(fleet[:10])
    run.start(batch, user)

    work(batch, times=5)

    assert sent(carrier, "B2") == 1
    assert states(batch) == {"accepted": 5, "planned": 5}


@pytest.mark.parametrize(
    ("kind", "wanted", "status"),
    [
        ("activate", {}, "DEACTIVATED"),
        ("change-plan", {"package": "Prepaid-Basic-10M"}, "ACTIVATED"),
        ("apn", {"apn": "iot.public", "apn_status": "CLOSED"}, "ACTIVATED"),
        ("custom-fields", {"custom1": "Berlin", "custom3": ""}, "ACTIVATED"),
        ("add-package", {"package": "Addon-50M"}, "ACTIVATED"),
    ],
)
def test_every_kind_is_carried_out(carrier, fleet, plan, work, user, kind, wanted, status):
    batch = plan(list(Sim.objects.filter(status=status, account__name="example_account")), kind, **wanted)
    expected = batch.items.filter(verdict="will_change").count()
    assert expected

    run.start(batch, user)
    work(batch)

    assert states(batch) == {"done": expected}
    assert batch.state == "finished" and not OpenChange.objects.exists()


def test_texts_are_kept_as_read_with_what_they_were_before(carrier, client, fleet, plan, work, user):
    client.set_custom_fields(fleet[0].giccid, {"custom1": "old", "custom2": "stays"})
    batch = plan(fleet[:1], "custom-fields", custom1="new")

    run.start(batch, user)
    work(batch)

    item = batch.items.get()
    assert item.after["fields"]["custom1"] == "new" and item.before["fields"]["custom1"] == "old"
    assert SimCustomFields.objects.get(sim=fleet[0]).custom2 == "stays"


def test_a_plan_of_the_next_cycle_is_scheduled(carrier, fleet, plan, work, user):
    batch = plan([sim for sim in fleet if sim.package != "Prepaid-Basic-10M"][:2], "change-plan",
                 package="Prepaid-Basic-10M", effective="next-cycle")  # fmt: skip
    run.start(batch, user)
    work(batch, times=12)

    assert batch.state == "finished"
    assert states(batch) == {"scheduled": 2}
    plans = ScheduledPlan.objects.filter(batch_uuid=batch.uuid)
    assert {(plan.package, plan.effective_at.day) for plan in plans} == {("Prepaid-Basic-10M", 1)}
    assert not OpenChange.objects.exists()

    for giccid in batch.items.values_list("giccid", flat=True):
        carrier.post("/_sim/sims", {"set": {giccid: {"package": "Prepaid-Basic-10M"}}})
    work(batch)
    assert states(batch) == {"done": 2}
    assert not ScheduledPlan.objects.exists() and batch.next_step_at is None


def test_retiring_asks_for_the_count(fleet, plan, work, user):
    batch = plan(list(Sim.objects.filter(status="DEACTIVATED")), "retire")
    planned = batch.items.filter(state="planned").count()

    for wrong in (None, planned + 1):
        with pytest.raises(run.CannotStart, match="Type the number of SIMs"):
            run.start(batch, user, count=wrong)
    run.start(batch, user, count=planned)
    work(batch)

    assert states(batch) == {"done": planned}


def test_what_cannot_be_started_says_why(fleet, plan, user, work):
    nothing = plan(["8986011805029999999"])
    with pytest.raises(run.CannotStart, match="No SIM would change"):
        run.start(nothing, user)
    batch = plan(fleet[:1])
    with pytest.raises(run.CannotStart, match="has to lie ahead"):
        run.start(batch, user, at=timezone.now() - timedelta(days=1))
    run.start(batch, user)
    with pytest.raises(run.CannotStart, match="It is running"):
        run.start(batch, user)


def test_a_later_start_waits_for_its_time(carrier, fleet, plan, work, user):
    batch = plan(fleet[:2])
    run.start(batch, user, at=timezone.now() + timedelta(hours=2))
    work(batch, times=2)
    assert batch.state == "scheduled" and sent(carrier, "B2") == 0
    assert batch.pk not in unattended() or batch.due_at > timezone.now()

    Batch.objects.filter(pk=batch.pk).update(due_at=timezone.now(), next_step_at=timezone.now())
    assert unattended() == [batch.pk]
    work(batch)
    assert states(batch) == {"done": 2} and batch.started_at


def test_pause_resume_and_cancel(carrier, fleet, plan, work, user, settings):
    settings.BATCH_JOB_SIZE = 2
    carrier.post("/_sim/knobs", {"job_delay": 60})
    batch = plan(fleet[:6])
    run.start(batch, user)
    work(batch, times=1)

    assert run.pause(batch, user) and not run.pause(batch, user)
    carrier.post("/_sim/clock", {"advanceSeconds": 90})
    work(batch, times=5)
    assert (batch.state, states(batch)) == ("paused", {"done": 2, "planned": 4})

    assert run.resume(batch, user)
    work(batch, times=1)
    assert run.cancel(batch, user) and not run.cancel(batch, user)
    assert (batch.state, states(batch)) == ("cancelled", {"done": 2, "accepted": 2, "skipped": 2})
    assert batch.finished_at is None
    carrier.post("/_sim/clock", {"advanceSeconds": 90})
    work(batch)
    assert (batch.state, states(batch)) == ("cancelled", {"done": 4, "skipped": 2})
    assert batch.finished_at and not OpenChange.objects.exists()
    verbs = AuditEntry.objects.filter(target=str(batch.uuid)).order_by("id").values_list("action", flat=True)
    assert list(verbs) == ["batch.plan", "batch.start", "batch.pause", "batch.resume", "batch.cancel"]


def test_calls_one_by_one_can_be_paused_and_cancelled(carrier, fleet, plan, work, user):
    batch = plan(fleet[:6], "apn", apn="iot.public", apn_status="CLOSED")
    planned = batch.items.filter(state="planned").count()
    run.start(batch, user)
    calls = iter(range(100))

    def pause_after_two(step: str) -> None:
        if step == "answered" and next(calls) == 1:
            run.pause(batch, user)

    work(batch, times=3, on_step=pause_after_two)
    assert states(batch) == {"accepted": 2, "planned": planned - 2}
    run.cancel(batch, user)
    work(batch)
    assert states(batch) == {"done": 2, "skipped": planned - 2}
    assert sent(carrier, "S11") == 2 and not OpenChange.objects.exists()


@pytest.mark.parametrize(
    ("kind", "wanted", "operation", "step"),
    [("suspend", {}, "B2", "picked"), ("apn", {"apn": "iot.public", "apn_status": "CLOSED"}, "S11", "sending")],
)
def test_what_could_not_be_sent_is_skipped_when_somebody_cancels_meanwhile(
    carrier, fleet, plan, work, user, kind, wanted, operation, step
):
    batch = plan(fleet[:3], kind, **wanted)
    planned = batch.items.filter(state="planned").count()
    run.start(batch, user)
    carrier.post("/_sim/fault", {"operation": operation, "kind": "429", "times": 8, "retryAfter": 0})

    work(batch, on_step=lambda name: name == step and run.cancel(batch, user))

    assert (batch.state, states(batch)) == ("cancelled", {"skipped": planned})
    assert batch.finished_at and batch.next_step_at is None
    assert not OpenChange.objects.exists()


def test_the_first_sims_go_alone_and_stop_the_rest(carrier, fleet, plan, work, user):
    refusing = Sim.objects.get(giccid="8986011805021000010")
    batch = plan([fleet[0], refusing, *fleet[1:10]])
    run.start(batch, user, canary=4, canary_percent=20)
    work(batch)

    assert batch.state == "paused" and batch.chunks.get().is_canary
    assert states(batch) == {"done": 3, "failed": 1, "planned": 7}
    assert batch.note.startswith("Of the first 4 SIMs 1 did not succeed, more than 20 %.")

    run.resume(batch, user)
    work(batch)
    assert states(batch) == {"done": 10, "failed": 1}


def test_too_many_failures_stop_it(carrier, fleet, plan, work, user, settings):
    settings.BATCH_JOB_SIZE = 2
    refusing = Sim.objects.get(giccid="8986011805021000010")
    batch = plan([refusing, *fleet[:5]])
    run.start(batch, user, abort=40)
    work(batch)

    assert (batch.state, states(batch)) == ("paused", {"done": 1, "failed": 1, "planned": 4})
    assert "more than 40 %" in batch.note


def test_two_workers_on_one_batch_do_it_once(carrier, client, fleet, plan, work, user):
    from batches.work import work_slice

    batch = plan(fleet[:3])
    run.start(batch, user)
    seen = []

    def another_comes(step: str) -> None:
        seen.append(work_slice(batch.pk, client))

    work(batch, on_step=another_comes)
    assert seen and set(seen) == {None}
    assert sent(carrier, "B2") == 1 and states(batch) == {"done": 3}


def test_the_stale_are_read_again_before_the_start_is_offered(carrier, fleet, plan, work, user):
    old = timezone.now() - timedelta(days=1)
    Sim.objects.filter(pk__in=[sim.pk for sim in fleet[:4]]).update(read_at=old)
    carrier.post("/_sim/sims", {"set": {fleet[0].giccid: {"status": "DEACTIVATED"}}, "remove": [fleet[1].giccid]})

    batch = plan(fleet[:5])
    assert (batch.state, batch.to_read) == ("planning", 4)
    with pytest.raises(run.CannotStart, match="dry run is not done"):
        run.start(batch, user)
    work(batch)

    assert batch.state == "planned" and sent(carrier, "S2") >= 1
    found = [(item.verdict, item.is_stale) for item in batch.items.order_by("place")]
    assert found == [("no_change", False), ("not_found", False), *[("will_change", False)] * 3]
    assert batch.items.get(place=2).why.startswith("The carrier does not show it")
    assert states(batch) == {"planned": 3}


def test_states_of_chunks_and_items_are_those_of_the_design():
    assert [state.value for state in Batch.State] == [
        "planning", "planned", "scheduled", "running", "paused", "finished", "cancelled",
    ]  # fmt: skip
    assert [state.value for state in BatchItem.State] == [
        "planned", "skipped", "sending", "accepted", "scheduled", "done", "failed", "unknown",
    ]  # fmt: skip
    assert set(BatchChunk.UNDER_WAY) < set(BatchChunk.OPEN) and due_now
