from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.utils import timezone

from journal.models import Event
from sms import tasks
from sms.intake import receive_mo, receive_report
from sms.models import Conversation, DeviceValue, EarlyReport, Message
from tests.sims.fleet import make_sim

pytestmark = pytest.mark.django_db

UNKNOWN_SIM = "8986011805029999999"


def hear(giccid, content="T=21.5", sms_id="mo-1", **facts):
    values = {"from_giccid": giccid, "from_msisdn": "", "encoding": "TEXT", "received_at": None, "push_id": 7}
    return receive_mo(**{**values, "giccid": giccid, "sms_id": sms_id, "content": content, **facts})


def report(sms_id, status="DELIVERED", giccid="8986011805021000004", **facts):
    values = {"finished_at": timezone.now(), "fail_reason": None, "push_id": 8}
    return receive_report(**{**values, "sms_id": sms_id, "status": status, "giccid": giccid, **facts})


def test_a_message_from_a_device_is_kept_once(sim):
    first = hear(sim.giccid)
    assert hear(sim.giccid) == first
    kept = Message.objects.get()
    assert (kept.pk, kept.state, kept.sim, kept.account_id) == (first, "received", sim, sim.account_id)
    assert Conversation.objects.get().last_message == kept
    event = Event.objects.get()
    assert (event.kind, event.sim_id, event.cause_id) == ("sms.received", sim.pk, 7)
    assert "21.5" not in str(event.data)


def test_a_number_given_a_second_time_is_another_message(sim):
    at = timezone.now() - timedelta(hours=2)
    first = hear(sim.giccid, received_at=at)
    assert hear(sim.giccid, received_at=at) == first
    assert hear(sim.giccid, "T=22.0", received_at=at) != first
    assert hear(sim.giccid, "T=22.0", received_at=at + timedelta(hours=1)) != first
    assert [message.sms_id for message in Message.objects.order_by("id")] == ["", "", "mo-1"]


def test_one_of_a_sim_we_do_not_know_is_kept_apart(sim):
    hear(UNKNOWN_SIM)
    kept = Message.objects.from_nobody_we_know().get()
    assert (kept.giccid, kept.sim) == (UNKNOWN_SIM, None)


def test_once_the_copy_holds_the_sim_its_messages_are_its_own(sim):
    hear(UNKNOWN_SIM)
    hear("8986011805029999998", sms_id="mo-2")
    assert tasks.adopt_messages() is None
    assert Message.objects.from_nobody_we_know().count() == 2
    found = make_sim(UNKNOWN_SIM, account=sim.account)
    for _ in range(2):
        tasks.adopt_messages()
    kept = Message.objects.get(giccid=UNKNOWN_SIM)
    assert (kept.sim, kept.account, kept.state) == (found, sim.account, "received")
    assert Conversation.objects.get(giccid=UNKNOWN_SIM).sim == found
    assert Message.objects.from_nobody_we_know().get().giccid == "8986011805029999998"


def test_without_an_iccid_the_phone_number_finds_the_sim(db):
    sim = make_sim(devices=[{"msisdn": "8614500000004"}])
    hear(None, from_giccid=None, from_msisdn="+86 145 0000 0004")
    assert Message.objects.get().sim == sim


def test_what_cannot_be_stored_is_replaced(sim):
    hear(sim.giccid, content="a\0b\ud800c")
    assert Message.objects.get().content == "a␀b�c"


def test_hex_that_is_none_is_kept_as_it_came(sim):
    hear(sim.giccid, content="no hex", encoding="HEX")
    assert (Message.objects.get().content, Message.objects.get().encoding) == ("no hex", "text")


def test_a_clock_ahead_of_ours_does_not_lead_for_ever(sim):
    hear(sim.giccid, received_at=timezone.now() + timedelta(days=3))
    assert Message.objects.get().at <= timezone.now()


def test_an_older_message_that_comes_late_does_not_lead_the_conversation(sim):
    newer = hear(sim.giccid, sms_id="mo-2")
    hear(sim.giccid, sms_id="mo-1", received_at=timezone.now() - timedelta(hours=1))
    assert Conversation.objects.get().last_message_id == newer


def test_a_report_settles_its_message(mt):
    message = mt()
    assert report(message.sms_id) == message.pk
    message.refresh_from_db()
    assert (message.state, message.next_poll_at) == ("delivered", None)
    assert message.reported_at


@pytest.mark.parametrize("order", list(permutations([("PENDING", None), ("FAILED", "expired"), ("DELIVERED", None)])))
def test_the_order_of_reports_does_not_matter(mt, order):
    message = mt()
    for status, why in order * 2:
        report(message.sms_id, status, fail_reason=why)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("delivered", "")


def test_a_failure_says_why_and_stands_in_the_story(mt):
    message = mt()
    report(message.sms_id, "FAILED", fail_reason="absent_subscriber")
    message.refresh_from_db()
    assert (message.state, message.reason) == ("failed", "absent_subscriber")
    assert Event.objects.get().kind == "sms.failed"


def test_expiry_is_a_state_of_its_own(mt):
    message = mt()
    report(message.sms_id, "FAILED", fail_reason="expired")
    message.refresh_from_db()
    assert message.state == "expired"


@pytest.mark.parametrize(("word", "state"), [("EXPIRED", "expired"), ("undeliverable", "failed"), ("sent", "accepted")])
def test_words_of_the_field_end_a_message_and_others_say_nothing(mt, word, state):
    message = mt()
    report(message.sms_id, word)
    message.refresh_from_db()
    assert message.state == state


def test_a_report_for_a_message_never_sent_is_kept_and_changes_nothing(mt):
    message = mt()
    assert report("sms-of-somebody-else", "FAILED") is None
    report("sms-of-somebody-else", "DELIVERED")
    report("sms-of-somebody-else", "PENDING")
    message.refresh_from_db()
    assert message.state == "accepted"
    assert EarlyReport.objects.get().status == "DELIVERED"


def test_a_status_nobody_knows_says_nothing(mt):
    message = mt()
    assert report(message.sms_id, "TELEPORTED") is None
    message.refresh_from_db()
    assert message.state == "accepted"


def test_a_report_settles_the_one_message_whose_reply_was_lost(mt):
    lost = mt(state="unknown", sms_id="")
    assert report("sms-77") == lost.pk
    lost.refresh_from_db()
    assert (lost.state, lost.sms_id) == ("delivered", "sms-77")


def test_of_two_lost_replies_none_is_guessed(mt):
    lost = [mt(state="unknown", sms_id="") for _ in range(2)]
    assert report("sms-77") is None
    assert {Message.objects.get(pk=each.pk).state for each in lost} == {"unknown"}


def test_a_report_from_before_it_left_is_not_about_it(mt):
    mt(state="unknown", sms_id="")
    assert report("sms-77", finished_at=timezone.now() - timedelta(hours=2)) is None


def test_an_expected_answer_is_heard_and_its_values_kept(mt, sim):
    asked = mt(answer="waiting", expect=r"T=(?P<T>[\d.]+)", expect_until=timezone.now() + timedelta(minutes=2))
    Conversation.objects.create(giccid=sim.giccid, answer="waiting")
    hear(sim.giccid, "unrelated", sms_id="mo-1")
    hear(sim.giccid, "T=44.9 B=3.88", sms_id="mo-2")
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by.get().sms_id) == ("answered", "mo-2")
    assert (DeviceValue.objects.get().name, DeviceValue.objects.get().value) == ("T", "44.9")
    assert Conversation.objects.get().answer == "answered"


def test_a_thousand_at_once_from_one_sim(sim):
    for number in range(1000):
        hear(sim.giccid, f"T={number}", sms_id=f"mo-{number}")
    assert Message.objects.unread().filter(giccid=sim.giccid).count() == 1000
    assert Conversation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_message_pushed_by_several_at_once_is_kept_once(sim):
    def push(_):
        try:
            return hear(sim.giccid, sms_id="mo-1")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(push, range(12)))) == 1
    assert Message.objects.count() == 1
