"""Messages as items of a batch: what is known of a message settles its item, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from batches import run
from batches.item_rows import rows_for
from batches.models import Batch
from sms import doubts, intake, many
from sms.models import Message
from tests.batches.conftest import due_now, sent, states
from tests.batches.test_trouble import Killed, older


@pytest.fixture
def lost(carrier, fleet, plan, work, user) -> Batch:
    """A message whose reply was lost: it and its item are unknown."""
    carrier.post("/_sim/fault", {"operation": "M1", "kind": "reset_after"})
    batch = plan(fleet[:1], kind="sms", content="REBOOT", encoding="text")
    run.start(batch, user)
    work(batch, times=6)
    assert states(batch) == {"unknown": 1} and batch.state == "finished"
    return batch


def test_a_report_settles_the_item_too(carrier, lost, work):
    message, reads = Message.objects.get(), sent(carrier, "S2")
    report = {"giccid": message.giccid, "fail_reason": None, "push_id": None}
    intake.receive_report(sms_id="x1", status="DELIVERED", finished_at=timezone.now(), **report)

    work(lost, times=6)

    assert states(lost) == {"done": 1} and lost.next_step_at is None
    assert lost.items.get().seen_at and sent(carrier, "M1") == 1
    assert sent(carrier, "S2") == reads  # no SIM would show it


def test_time_alone_proves_nothing(lost, work):
    older(lost, timedelta(hours=30))
    work(lost, times=6)
    assert states(lost) == {"unknown": 1} and lost.next_step_at


def test_what_a_person_closed_has_failed(lost, work, user):
    doubts.close(Message.objects.get(), user=user)
    older(lost, timedelta(minutes=11))
    work(lost, times=6)
    assert states(lost) == {"failed": 1}
    assert lost.items.get().message == "The message was not sent: closed by hand as not sent."


@pytest.mark.django_db(transaction=True)
def test_an_item_and_its_message_are_begun_together_or_not_at_all(
    carrier, client, fleet, plan, work, user, monkeypatch
):
    from batches.work import work_slice

    batch = plan(fleet[:1], kind="sms", content="REBOOT", encoding="text")
    run.start(batch, user)

    def dies(*arguments):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(many.conversations, "touch", dies)
        with pytest.raises(Killed):
            for _ in range(4):
                due_now(batch)
                work_slice(batch.pk, client)
    assert states(batch) == {"planned": 1} and not Message.objects.exists()
    work(batch, times=6)

    assert states(batch) == {"done": 1} and sent(carrier, "M1") == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["sending", "answered"])
def test_a_worker_that_dies_leaves_doubt_about_one_message_at_most(carrier, client, fleet, plan, work, user, step):
    from batches.work import work_slice

    batch = plan(fleet[:3], kind="sms", content="REBOOT", encoding="text")
    run.start(batch, user)
    steps = iter(range(100))

    def dies(name):
        if name == step and next(steps) == 1:
            raise Killed

    with pytest.raises(Killed):
        for _ in range(4):
            due_now(batch)
            work_slice(batch.pk, client, on_step=dies)
    work(batch, times=12)

    assert states(batch).get("unknown") == 1 and batch.state == "finished"
    left = Message.objects.filter(batch_item_id__in=batch.items.filter(state="unknown").values("pk"))
    assert [message.state for message in left] == ["unknown"]
    assert not Message.objects.filter(state="sending").exists()
    assert sent(carrier, "M1") == (3 if step == "answered" else 2)


def test_a_key_without_the_right_pauses_it_and_leaves_no_message(carrier, fleet, plan, work, user):
    carrier.post("/_sim/fault", {"operation": "M1", "kind": "403"})
    batch = plan(fleet[:2], kind="sms", content="REBOOT", encoding="text")
    run.start(batch, user)
    work(batch, times=6)
    assert batch.state == "paused" and states(batch) == {"planned": 2} and not Message.objects.exists()

    run.resume(batch, user)
    work(batch)
    assert states(batch) == {"done": 2} and Message.objects.count() == 2


def test_the_dry_run_shows_each_text_and_leaves_out_what_grows_too_long(fleet, plan, user):
    account = fleet[0].account.name
    batch = plan(fleet[:2], kind="sms", content="x" * (160 - len(account)) + "{account}", encoding="text")
    assert states(batch) == {"planned": 2}
    row = rows_for(batch, list(batch.items.order_by("place")[:1]))[0]
    assert row.words == f"“{'x' * (160 - len(account))}{account}”"
    assert batch.effects[0]["title"] == "2 messages are sent."

    longer = plan(fleet[:2], kind="sms", content="x" * (161 - len(account)) + "{account}", encoding="text")
    items = list(longer.items.order_by("place"))
    assert [item.verdict for item in items] == ["illegal", "illegal"]
    assert items[0].why.startswith("Filled for it, the text cannot be sent. 161 characters are 1 too many")
