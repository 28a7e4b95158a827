"""Whatever goes wrong at the carrier or here: nobody is sent twice, and what is not known is not called done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batches import pace, pick, poll, proof, run, send, settle, tell
from batches.models import Batch, BatchChunk, BatchItem
from batches.work import work_slice
from sims.models import OpenChange
from tests.batches.conftest import done_at_carrier, due_now, sent, states


class Killed(BaseException):
    """What no handler of ours catches, as kill -9."""


def fault(carrier, kind: str, operation: str = "B2", **more) -> None:
    carrier.post("/_sim/fault", {"operation": operation, "kind": kind, **more})


def older(batch: Batch, by: timedelta) -> None:
    """As if all that was sent had been sent that much earlier."""
    for chunk in BatchChunk.objects.filter(batch=batch):
        for name in ("sent_at", "ended_at"):
            if at := getattr(chunk, name):
                setattr(chunk, name, at - by)
        chunk.save()
    for item in batch.items.filter(sent_at__isnull=False):
        BatchItem.objects.filter(pk=item.pk).update(sent_at=item.sent_at - by)


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "empty", "badjson", "wrongtype"])
def test_a_reply_lost_after_the_job_was_made(carrier, fleet, plan, work, user, kind):
    fault(carrier, kind)
    batch = plan(fleet[:5])
    run.start(batch, user)
    work(batch)

    assert batch.state == "finished"
    assert states(batch) == {"done": 5} and sent(carrier, "B2") == 1
    assert set(done_at_carrier(carrier, "suspend").values()) == {1}
    assert not OpenChange.objects.exists()


@pytest.mark.parametrize("kind", ["timeout", "500", "502", "503", "html502"])
def test_a_job_that_was_never_made_stays_unknown_until_the_horizon(carrier, fleet, plan, work, user, kind):
    fault(carrier, kind)
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch, times=12)

    assert batch.state == "finished" and states(batch) == {"unknown": 3}
    assert OpenChange.objects.count() == 3 and sent(carrier, "B2") == 1
    assert plan(fleet[:1]).items.get().verdict == "busy"
    chunk = batch.chunks.get()
    assert chunk.state == "unknown" and "not sent again" in chunk.note and batch.next_step_at

    older(batch, timedelta(hours=25))
    work(batch)
    assert states(batch) == {"failed": 3} and sent(carrier, "B2") == 1
    assert not OpenChange.objects.exists() and batch.next_step_at is None
    assert batch.items.first().message.startswith("There was no sign of it")


def test_a_person_may_close_what_is_unknown(carrier, fleet, plan, work, user):
    fault(carrier, "timeout")
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch, times=8)

    assert settle.close(batch, outcome="failed", reason="asked the carrier", user=user) == 3
    work(batch)

    assert states(batch) == {"failed": 3} and not OpenChange.objects.exists()
    assert batch.items.first().message == "Closed by jonas: asked the carrier"
    assert batch.chunks.get().closed_by == user and batch.next_step_at is None


def test_doubt_holds_the_next_sims_back_for_a_while_only(carrier, fleet, plan, work, user, settings):
    settings.BATCH_JOB_SIZE = 3
    fault(carrier, "timeout")
    batch = plan(fleet[:6])
    run.start(batch, user)
    work(batch, times=8)
    assert states(batch) == {"unknown": 3, "planned": 3} and batch.state == "running"

    older(batch, pace.DOUBT_PATIENCE)
    work(batch, times=12)
    assert states(batch) == {"unknown": 3, "done": 3} and batch.state == "finished"


@pytest.mark.parametrize("times", [8, 100])
def test_what_certainly_was_not_taken_is_sent_later(carrier, fleet, plan, work, user, times):
    """However long the carrier asks for fewer requests."""
    fault(carrier, "429", times=times)
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch, times=2)
    assert states(batch) == {"planned": 3} and not OpenChange.objects.exists()
    assert "fewer requests" in batch.note and not batch.chunks.exists()

    work(batch, times=80)
    assert states(batch) == {"done": 3} and batch.note == ""
    assert set(done_at_carrier(carrier, "suspend").values()) == {1}


def test_a_wrong_key_pauses_it_for_a_person(carrier, fleet, plan, work, user):
    fault(carrier, "401")
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch)

    assert batch.state == "paused" and states(batch) == {"planned": 3}
    assert "refused the key" in batch.note
    run.resume(batch, user)
    work(batch)
    assert states(batch) == {"done": 3}


def test_a_refused_chunk_fails_with_the_reason(carrier, fleet, plan, work, user):
    batch = plan(fleet[:2], "change-plan", package="Prepaid-Basic-500M")
    if not batch.items.filter(state="planned").exists():
        batch.items.update(state="planned", verdict="will_change")
    run.start(batch, user)
    Batch.objects.filter(pk=batch.pk).update(wanted={"package": "No such package", "effective": "now"})
    from enterprise.models import ServicePackage

    for account in {sim.account_id for sim in fleet[:2]}:
        ServicePackage.objects.create(account_id=account, name="No such package", type="BASIC")
    work(batch)

    assert set(states(batch)) == {"failed"} and not OpenChange.objects.exists()
    item = batch.items.filter(state="failed").first()
    assert item.code == "missing" and item.message.startswith("The carrier")
    assert batch.state == "finished"


def test_a_package_that_vanished_since_the_dry_run(carrier, fleet, plan, work, user):
    from enterprise.models import ServicePackage

    batch = plan(fleet[:1], "change-plan", package="Prepaid-Basic-500M")
    ServicePackage.objects.filter(name="Prepaid-Basic-500M").update(gone_at=timezone.now())
    run.start(batch, user)
    work(batch)

    item = batch.items.get()
    assert item.state == "skipped" and "has no plan Prepaid-Basic-500M" in item.message
    assert sent(carrier, "B4") == 0


def test_a_job_stuck_in_processing_is_settled_by_reading(carrier, fleet, plan, work, user):
    carrier.post("/_sim/knobs", {"job_delay": 20_000})
    batch = plan(fleet[:4])
    run.start(batch, user)
    work(batch, times=4)
    carrier.post("/_sim/clock", {"advanceSeconds": 11_000})
    older(batch, timedelta(minutes=31))
    work(batch, times=12)

    assert states(batch) == {"done": 2, "unknown": 2} and batch.state == "finished"
    assert "has not ended after 30 minutes" in batch.chunks.get().note
    carrier.post("/_sim/clock", {"advanceSeconds": 11_000})
    work(batch)
    assert states(batch) == {"done": 4} and sent(carrier, "B2") == 1


def test_a_job_that_vanished_is_settled_by_reading(carrier, fleet, plan, work, user):
    batch = plan(fleet[:4])
    run.start(batch, user)
    work(batch, times=1)
    BatchChunk.objects.filter(batch=batch).update(job_id="gone")
    work(batch)

    assert states(batch) == {"done": 4} and "does not know its job" in batch.chunks.get().note


def test_a_job_that_broke_off_fails_what_it_did_not_come_to(carrier, fleet, plan, work, user):
    fault(carrier, "job_fails")
    batch = plan(fleet[:4])
    run.start(batch, user)
    work(batch, times=6)
    older(batch, pace.UNNAMED_WITHIN)
    work(batch)

    assert states(batch) == {"done": 2, "failed": 2} and batch.state == "finished"
    assert batch.items.filter(state="failed").first().message.startswith("The carrier’s job broke off")


def answers(monkeypatch, work_slice_client, change) -> None:
    """Let what the carrier says of a job be another thing."""
    real = work_slice_client.batch_job

    def changed(job_id):
        answer = real(job_id)
        return type(answer)(change(answer.value), answer.reply)

    monkeypatch.setattr(work_slice_client, "batch_job", changed)


def test_without_details_reading_decides(carrier, client, fleet, plan, work, user, monkeypatch):
    import msgspec

    answers(monkeypatch, client, lambda job: msgspec.structs.replace(job, items=None))
    batch = plan([*fleet[:3], "8986011805021000010"])
    run.start(batch, user)
    work(batch, times=6)
    assert states(batch)["done"] == 3
    older(batch, pace.UNNAMED_WITHIN)
    work(batch)

    assert states(batch) == {"done": 3, "failed": 1}
    assert batch.items.get(state="failed").message.startswith("The carrier’s job ended without naming")


def test_strange_details_and_counts_do_no_harm(carrier, client, fleet, plan, work, user, monkeypatch):
    import msgspec

    from smarthub.models import BatchItem as Said

    other = fleet[9]

    def strange(job):
        said = [*job.items, Said(other.giccid, "FAILED", "x", "y"), Said("nobody", "SUCCESS"), job.items[0]]
        return msgspec.structs.replace(job, items=tuple(said), success_count=-7, failed_count=10**12, total_count=2)

    answers(monkeypatch, client, strange)
    batch = plan(fleet[:3])
    run.start(batch, user)
    work(batch)

    assert states(batch) == {"done": 3} and batch.items.count() == 3
    assert batch.chunks.get().job_failed is None


def test_a_job_that_says_done_is_believed_only_when_seen(carrier, client, fleet, plan, work, user, monkeypatch):
    import msgspec

    def all_done(job):
        items = tuple(msgspec.structs.replace(item, status="SUCCESS", code=None) for item in job.items)
        return msgspec.structs.replace(job, items=items)

    answers(monkeypatch, client, all_done)
    batch = plan(["8986011805021000010"])
    run.start(batch, user)
    work(batch, times=8)
    assert states(batch) == {"accepted": 1}

    older(batch, pace.SEEN_WITHIN)
    work(batch, times=8)
    assert states(batch) == {"unknown": 1}
    assert batch.items.get().message.startswith("The carrier says that it is done")


def test_a_sim_that_is_gone_fails(carrier, fleet, plan, work, user):
    batch = plan(fleet[:2])
    carrier.post("/_sim/sims", {"remove": [fleet[0].giccid]})
    run.start(batch, user)
    work(batch)

    assert states(batch) == {"done": 1, "failed": 1}
    assert batch.items.get(place=1).code == "missing"


@pytest.mark.parametrize("operation", ["B5", "S2"])
def test_trouble_while_asking_and_reading_passes(carrier, fleet, plan, work, user, operation):
    fault(carrier, "503", operation, times=8)
    batch = plan(fleet[:2])
    run.start(batch, user)
    work(batch)
    assert states(batch) == {"done": 2} and sent(carrier, "B2") == 1


LOST = ["timeout_after", "500"]


@pytest.mark.parametrize("kind", LOST)
def test_a_package_whose_reply_was_lost_is_looked_for_in_the_history(carrier, fleet, plan, work, user, kind):
    fault(carrier, kind, "S9")
    sim = next(sim for sim in fleet if sim.account.name == "example_account")
    batch = plan([sim], "add-package", package="Addon-50M")
    run.start(batch, user)
    work(batch, times=10)

    bought = kind == "timeout_after"
    assert states(batch) == {"done" if bought else "unknown": 1} and sent(carrier, "S9") == 1
    assert done_at_carrier(carrier, "add_supplementary") == ({sim.giccid: 1} if bought else {})


STEPS = {
    "before the chunk": (pick, "_chunk", False),
    "after the chunk": (pick, "_assign", True),
    "before the request": (send, "note_accepted", False),
    "after the reply": (send, "note_accepted", True),
    "before the job's report": (poll, "_report", False),
    "after the job's report": (poll, "_report", True),
    "before the read": (proof, "pages_named", False),
    "after the copy": (proof, "_compare", False),
    "before the verdicts": (settle, "_write", False),
    "before the story": (tell, "tell_items", False),
    "after the verdicts": (settle, "_write", True),
    "before the end of the pass": (settle, "end_of_pass", False),
    "after the end of the pass": (settle, "end_of_pass", True),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_any_step_leaves_nothing_half(
    carrier, client, fleet, plan, work, user, monkeypatch, settings, step
):
    settings.BATCH_JOB_SIZE = 3
    module, name, is_after = STEPS[step]
    real = getattr(module, name)
    batch = plan(fleet[:6])
    run.start(batch, user)

    def dies(*arguments, **options):
        if is_after:
            real(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, dies)
        for _ in range(8):
            due_now(batch)
            try:
                work_slice(batch.pk, client)
            except Killed:
                break
        else:
            pytest.fail("the step never came")

    work(batch)
    assert states(batch) == {"done": 6} and batch.state == "finished"
    assert done_at_carrier(carrier, "suspend") == {sim.giccid: 1 for sim in fleet[:6]}
    assert not OpenChange.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["sending", "answered"])
@pytest.mark.parametrize("number", [0, 2])
def test_a_worker_that_dies_between_calls_makes_none_twice(carrier, client, fleet, plan, work, user, step, number):
    sims = [sim for sim in fleet if sim.account.name == "example_account"][:4]
    batch = plan(sims, "add-package", package="Addon-50M")
    run.start(batch, user)
    left = [number]

    def dies(name):
        if name == step:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    due_now(batch)
    with pytest.raises(Killed):
        for _ in range(4):
            work_slice(batch.pk, client, on_step=dies)
            due_now(batch)
    work(batch, times=12)

    bought = done_at_carrier(carrier, "add_supplementary")
    assert set(bought.values()) == {1}
    found = states(batch)
    assert found.get("done", 0) == len(bought) and found.get("unknown", 0) == 4 - len(bought)
    assert found.get("unknown", 0) == (1 if step == "sending" else 0)
