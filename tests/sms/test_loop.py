from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from journal.models import Event
from sms import intake, loop, outcomes, tending
from sms.models import EarlyReport, Message, SendLoop
from tests.sms.sending import at_the_carrier, dying, queue, send_all
from toolkit import carrier as toolkit_carrier

pytestmark = pytest.mark.django_db

NO_REPLY = {"operation": "M1", "kind": "timeout_after"}


def fault(carrier, kind, **more):
    carrier.post("/_sim/fault", {"operation": "M1", "kind": kind, **more})


def test_what_waits_is_sent_once(sim, carrier, client):
    queue(3, sim=sim)
    assert send_all(client) is False
    assert send_all(client) is False
    assert at_the_carrier(carrier) == 3
    sent = Message.objects.all()
    assert {message.state for message in sent} == {"accepted"}
    assert len({message.sms_id for message in sent}) == 3
    assert all(message.sent_at and message.answered_at and message.next_poll_at for message in sent)
    assert not SendLoop.objects.exists()


def test_messages_to_many_have_a_lane_of_their_own(sim, carrier, client):
    queue(2, sim=sim, is_bulk=True)
    send_all(client)
    assert at_the_carrier(carrier) == 0
    send_all(client, many=True)
    assert at_the_carrier(carrier) == 2


@pytest.mark.django_db(transaction=True)
def test_many_leave_by_several_at_once_and_each_once(sim, carrier, client):
    queue(40, sim=sim, is_bulk=True)
    assert loop.work(SendLoop.Lane.MANY, client) is False
    assert at_the_carrier(carrier) == 40
    assert Message.objects.filter(state="accepted").values("sms_id").distinct().count() == 40


def test_octets_leave_as_hex(sim, carrier, client):
    queue(sim=sim, content="0AFF", encoding="hex")
    send_all(client)
    assert Message.objects.get().state == "accepted"


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "badjson", "empty", "502", "500"])
def test_a_lost_reply_is_unknown_and_exactly_one_request(sim, carrier, client, kind):
    fault(carrier, kind)
    queue(sim=sim)
    for _ in range(3):
        send_all(client)
        tending.tend()
    assert at_the_carrier(carrier) == 1
    message = Message.objects.get()
    assert (message.state, message.reason, message.next_poll_at) == ("unknown", "no_reply", None)
    assert [event.kind for event in Event.objects.all()] == ["sms.unknown"]


@pytest.mark.parametrize(
    ("giccid", "reason"),
    [
        ("8986011805021000007", "illegal_status"),
        ("8986011805021000006", "sms_not_supported"),
        ("8986011805029999999", "missing"),
    ],
)
def test_a_refusal_is_a_failure_with_the_carriers_word(sim, carrier, client, giccid, reason):
    queue(sim=sim, giccid=giccid)
    send_all(client)
    message = Message.objects.get()
    assert (message.state, message.reason) == ("failed", reason)
    assert message.settled_at


def test_what_could_not_leave_waits_and_in_the_end_fails(sim, client, monkeypatch):
    monkeypatch.setattr(client._transport, "base_url", "http://127.0.0.1:9/v1")
    queue(2, sim=sim)
    assert send_all(client) is False
    first, second = Message.objects.order_by("id")
    assert (first.state, first.tries, second.tries) == ("queued", 1, 0)
    assert first.not_before > timezone.now()
    for _ in range(len(outcomes.TRY_AGAIN_AFTER_S)):
        Message.objects.filter(pk=first.pk).update(not_before=None)
        send_all(client)
    first.refresh_from_db()
    assert (first.state, first.reason) == ("failed", "not_reached")


def test_a_carrier_that_asks_for_fewer_requests_is_left_alone(sim, carrier, client):
    fault(carrier, "429", times=None)
    queue(3, sim=sim)
    send_all(client)
    assert Message.objects.filter(state="queued").count() == 3
    assert Message.objects.filter(tries=1).count() == 1


def test_a_report_that_was_quicker_than_the_reply_is_matched(sim, carrier, client, monkeypatch):
    message = queue(sim=sim)[0]
    send = client.send_sms

    def report_first(*arguments, **named):
        answer = send(*arguments, **named)
        facts = {"giccid": sim.giccid, "finished_at": timezone.now(), "fail_reason": None, "push_id": 1}
        assert intake.receive_report(sms_id=answer.value.sms_id, status="DELIVERED", **facts) is None
        return answer

    monkeypatch.setattr(client, "send_sms", report_first)
    send_all(client)
    message.refresh_from_db()
    assert (message.state, message.next_poll_at) == ("delivered", None)
    assert not EarlyReport.objects.exists()


def test_a_kept_report_settles_a_lost_reply(sim, carrier, client, monkeypatch):
    def report_and_lose(*arguments, **named):
        facts = {"giccid": sim.giccid, "finished_at": timezone.now(), "fail_reason": None, "push_id": 1}
        intake.receive_report(sms_id="sms-1", status="DELIVERED", **facts)
        raise ConnectionResetError

    queue(sim=sim)
    monkeypatch.setattr(client, "send_sms", report_and_lose)
    send_all(client)
    message = Message.objects.get()
    assert (message.state, message.sms_id) == ("delivered", "sms-1")


def test_a_number_that_the_carrier_gives_twice_belongs_to_the_newer(sim, carrier, client, mt):
    queue(sim=sim)
    send_all(client)
    newer = Message.objects.get()
    older = mt(state="delivered", sms_id="once")
    Message.objects.filter(pk=newer.pk).update(sms_id="")
    carrier.post("/_sim/reset", {})
    Message.objects.filter(pk=older.pk).update(sms_id=newer.sms_id)
    queue(sim=sim)
    send_all(client)
    older.refresh_from_db()
    assert older.sms_id == ""
    assert Message.objects.latest("id").sms_id == newer.sms_id


# A worker that dies at each step: nothing reaches the carrier twice, and what may have left is unknown.
def _expire_leases():
    SendLoop.objects.update(lease_until=Now() - timedelta(hours=1))


@pytest.mark.parametrize(
    ("place", "name", "sent", "state"),
    [
        ("_take", "", 0, "queued"),
        ("_hand_over", "", 0, "unknown"),
        ("_go_on", "", 1, "unknown"),
    ],
)
def test_a_worker_killed_at_any_step(sim, carrier, client, monkeypatch, place, name, sent, state):
    queue(sim=sim)
    with dying(monkeypatch, loop._Sender, place):
        send_all(client)
    assert at_the_carrier(carrier) == sent
    tending.tend()
    _expire_leases()
    tending.tend()
    assert Message.objects.get().state == state
    send_all(client)
    tending.tend()
    assert at_the_carrier(carrier) == (1 if state == "queued" else sent)


def test_a_worker_killed_while_it_writes_what_came_of_it(sim, carrier, client, monkeypatch):
    queue(2, sim=sim)
    with dying(monkeypatch, outcomes.conversations, "tell"):
        send_all(client)
    _expire_leases()
    tending.tend()
    assert sorted(Message.objects.values_list("state", flat=True)) == ["queued", "unknown"]
    send_all(client)
    assert at_the_carrier(carrier) == 2


def test_a_living_loop_is_left_alone(sim):
    living = SendLoop.objects.create(lane="prompt", lease_until=timezone.now() + timedelta(seconds=30))
    queue(sim=sim, state="sending", loop=living)
    tending.tend()
    assert Message.objects.get().state == "sending"


def test_a_slow_reply_takes_an_unknown_message_back(sim, carrier, client, monkeypatch):
    message = queue(sim=sim)[0]
    send = client.send_sms

    def slow(*arguments, **named):
        answer = send(*arguments, **named)
        _expire_leases()
        loop.sweep()
        message.refresh_from_db()
        assert message.state == "unknown"
        return answer

    monkeypatch.setattr(client, "send_sms", slow)
    send_all(client)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("accepted", "")


def test_a_single_message_has_the_time_that_an_answer_may_take(sim, carrier, settings, monkeypatch):
    settings.SMARTHUB_BASE_URL, settings.SMARTHUB_API_KEY = carrier.base_url, carrier.key
    monkeypatch.setattr(toolkit_carrier, "CLICK_LIMIT_S", 0.2)
    fresh = toolkit_carrier.changing_carrier.__wrapped__
    monkeypatch.setattr(tending, "changing_carrier", fresh)
    carrier.post("/_sim/knobs", {"latency": 0.5})
    queue(sim=sim)
    tending.send_prompt(then=lambda: None)
    assert (Message.objects.get().state, at_the_carrier(carrier)) == ("accepted", 1)


def test_without_a_carrier_the_message_fails_and_says_so(sim, settings):
    settings.SMARTHUB_BASE_URL = settings.SMARTHUB_API_KEY = None
    queue(sim=sim)
    tending.changing_carrier.cache_clear()
    tending.send_prompt(then=lambda: None)
    assert (Message.objects.get().state, Message.objects.get().reason) == ("failed", "no_carrier")
