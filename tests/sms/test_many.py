"""Messages to many, through the dry run and the runner of batches."""

from __future__ import annotations

import pytest

from sms import many, tending
from sms.models import Conversation, Message
from tests.batches.conftest import fleet, plan, states, user, work  # noqa: F401 - fixtures
from tests.sms.sending import at_the_carrier

pytestmark = pytest.mark.django_db


def start(batch):
    from batches import run

    run.start(batch, batch.requested_by)


def test_each_sim_gets_its_message_once(fleet, plan, work, carrier):  # noqa: F811
    batch = plan(fleet[:6], kind="sms", content="ID {iccid}", encoding="text")
    assert states(batch) == {"planned": 6}
    assert not Message.objects.exists()
    start(batch)
    batch = work(batch)
    assert batch.state == "finished"
    sent = Message.objects.order_by("giccid")
    assert [message.content for message in sent] == [f"ID {sim.giccid}" for sim in fleet[:6]]
    with_sms = [message for message in sent if message.state == "accepted"]
    assert all(message.is_bulk and message.sms_id and message.user == batch.requested_by for message in with_sms)
    assert len(with_sms) == states(batch)["done"]
    assert at_the_carrier(carrier) == 6
    work(batch)
    assert at_the_carrier(carrier) == 6


def test_a_sim_that_cannot_fill_the_text_is_left_out(fleet, plan):  # noqa: F811
    batch = plan(fleet[:2], kind="sms", content="{custom1}", encoding="text")
    item = batch.items.first()
    assert (item.verdict, item.why) == (
        "illegal", "It has no custom field 1 in our copy, which {custom1} stands for.",
    )  # fmt: skip


def test_a_status_that_allows_none_is_left_out(fleet, plan):  # noqa: F811
    batch = plan(["8986011805021000007"], kind="sms", content="x", encoding="text")
    assert batch.items.get().verdict == "illegal"


@pytest.mark.parametrize("wanted", [{"content": ""}, {"content": "x" * 161}, {"content": "{color}"}])
def test_a_text_that_nobody_can_be_sent_is_refused(fleet, plan, wanted):  # noqa: F811
    from batches.plan import CannotPlan

    with pytest.raises(CannotPlan):
        plan(fleet[:1], kind="sms", encoding="text", **wanted)


def test_at_most_ten_thousand(fleet, plan, monkeypatch):  # noqa: F811
    from batches import kinds
    from batches.plan import CannotPlan

    monkeypatch.setattr(kinds, "KINDS", {"sms": kinds.KINDS["sms"]})
    with pytest.raises(CannotPlan, match="At most 10,000 at a time"):
        plan([f"89860118050{number:08}" for number in range(10_001)], kind="sms", content="x")


def test_a_lost_reply_is_unknown_on_both_and_one_request(fleet, plan, work, carrier):  # noqa: F811
    carrier.post("/_sim/fault", {"operation": "M1", "kind": "reset_after"})
    batch = plan(fleet[:2], kind="sms", content="REBOOT", encoding="text")
    start(batch)
    batch = work(batch, times=10)
    tending.tend()
    assert at_the_carrier(carrier) == 2
    assert states(batch)["unknown"] == 1
    assert Message.objects.filter(state="unknown").count() == 1


def test_what_never_left_leaves_no_message_and_is_sent_later(fleet, plan, work, carrier):  # noqa: F811
    carrier.post("/_sim/fault", {"operation": "M1", "kind": "429", "times": 5, "retryAfter": 0})
    batch = plan(fleet[:1], kind="sms", content="REBOOT", encoding="text")
    start(batch)
    work(batch, times=1)
    assert not Message.objects.exists() and not Conversation.objects.exists()
    batch = work(batch)
    assert Message.objects.count() == 1
    assert batch.state == "finished"


def test_the_hour_of_a_sim_holds_for_many_too(fleet, plan, work, settings):  # noqa: F811
    settings.SMS_PER_SIM_HOUR = 1
    sim = fleet[0]
    Message.objects.create(direction="mt", state="delivered", giccid=sim.giccid, sim=sim, content="x")
    batch = plan([sim], kind="sms", content="x", encoding="text")
    start(batch)
    batch = work(batch)
    assert states(batch) == {"failed": 1}
    assert "SMS_PER_SIM_HOUR" in batch.items.get().message


def test_no_text_in_journal_or_audit(fleet, plan, work):  # noqa: F811
    from journal.models import Event
    from users.models import AuditEntry

    batch = plan(fleet[:2], kind="sms", content="TOPSECRET", encoding="text")
    start(batch)
    work(batch)
    assert "TOPSECRET" not in str(list(Event.objects.values_list("data", flat=True)))
    assert "TOPSECRET" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_words_for_a_text_that_cannot_be_sent():
    assert many.why_not({"content": "x", "encoding": "morse"}) == "A message is text or hex."
    assert not many.why_not({"content": "{imei}", "encoding": "text"})


def test_the_hour_of_a_person_is_told_before_the_start(fleet, plan, settings):  # noqa: F811
    from batches.run import CannotStart

    settings.SMS_TO_MANY_PER_USER_HOUR = 5
    first, second = (plan(sims, kind="sms", content="x", encoding="text") for sims in (fleet[:3], fleet[3:6]))
    start(first)
    with pytest.raises(CannotStart, match="5 are left, and this would make 6"):
        start(second)
    second.refresh_from_db()
    assert second.state == "planned"
    Message.objects.create(
        direction="mt", state="accepted", giccid=fleet[0].giccid, user=first.requested_by, is_bulk=True, content="x"
    )
    settings.SMS_TO_MANY_PER_USER_HOUR = 6
    with pytest.raises(CannotStart, match="5 are left"):
        start(second)
    settings.SMS_TO_MANY_PER_USER_HOUR = 7
    start(second)
    assert second.state == "running"
