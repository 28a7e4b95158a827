from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from journal.models import Event
from sms import polling
from sms.models import Message
from tests.sms.sending import queue, send_all

pytestmark = pytest.mark.django_db


def asked(carrier) -> int:
    return carrier.get("/_sim/requests")["counts"].get("M2", 0)


def make_due(**fields) -> None:
    Message.objects.update(next_poll_at=timezone.now() - timedelta(hours=1), **fields)


@pytest.fixture
def sent(sim, carrier, client) -> Message:
    queue(sim=sim)
    send_all(client)
    return Message.objects.get()


def test_single_messages_are_asked_about_soon_many_late(mt):
    now = timezone.now()
    assert polling.first(mt(sent_at=now)) == (0, now + timedelta(seconds=5))
    assert polling.first(mt(sent_at=now, is_bulk=True)) == (0, now + timedelta(minutes=10))


def reported(mt, at):
    mt(state="delivered", reported_at=at, settled_at=at)


def test_while_reports_arrive_a_message_has_time_for_its_own(mt):
    now = timezone.now()
    reported(mt, now - timedelta(minutes=2))
    assert polling.first(mt(sent_at=now)) == (3, now + timedelta(minutes=2))
    assert polling.first(mt(sent_at=now, is_bulk=True)) == (0, now + timedelta(minutes=10))


@pytest.mark.parametrize("is_bulk", [False, True])
def test_while_reports_go_on_it_is_asked_about_only_at_the_end(mt, carrier, client, is_bulk):
    now = timezone.now()
    message = mt(sent_at=now - timedelta(minutes=15), is_bulk=is_bulk, polls=0 if is_bulk else 3)
    Message.objects.update(next_poll_at=now - timedelta(minutes=1))
    reported(mt, now)
    assert polling.work(client) is False
    message.refresh_from_db()
    assert message.next_poll_at == message.sent_at + timedelta(hours=24) + polling.GRACE
    assert asked(carrier) == 0


def test_what_left_after_the_last_report_is_asked_about(sent, carrier, client, mt):
    now = timezone.now()
    reported(mt, sent.sent_at - timedelta(seconds=1))
    carrier.post("/_sim/clock", {"advanceSeconds": 2})
    Message.objects.filter(pk=sent.pk).update(next_poll_at=now - timedelta(minutes=1), polls=3)
    polling.work(client)
    sent.refresh_from_db()
    assert (sent.state, asked(carrier)) == ("delivered", 1)


def test_reports_that_stopped_are_noticed(mt):
    now = timezone.now()
    mt(state="delivered", reported_at=now - timedelta(minutes=40), settled_at=now - timedelta(minutes=40))
    assert polling.last_report() == now - timedelta(minutes=40)
    mt(state="delivered", settled_at=now - timedelta(minutes=5))
    assert polling.last_report() is None


def test_delivered_is_found(sent, carrier, client):
    carrier.post("/_sim/clock", {"advanceSeconds": 2})
    make_due()
    assert polling.work(client) is False
    assert polling.work(client) is False
    sent.refresh_from_db()
    assert (sent.state, sent.next_poll_at, sent.reported_at) == ("delivered", None, None)
    assert asked(carrier) == 1


def test_each_time_of_the_plan_is_asked_once(sent, carrier, client):
    carrier.post("/_sim/knobs", {"sms_delay": 100_000})
    gaps = []
    queue(sim=sent.sim)
    send_all(client)
    sent = Message.objects.latest("id")
    Message.objects.exclude(pk=sent.pk).delete()
    while sent.next_poll_at:
        gaps.append(round((sent.next_poll_at - sent.sent_at).total_seconds()))
        make_due()
        polling.work(client)
        sent.refresh_from_db()
    assert gaps == [5, 15, 30, 120, 600, 3600, 21600, 86430]
    assert asked(carrier) == len(gaps)
    assert (sent.state, sent.reason) == ("expired", "no_report")
    assert Event.objects.get().kind == "sms.failed"


def test_a_failure_is_found_with_its_reason(sim, carrier, client):
    queue(sim=sim, giccid="8986011805021000010")
    send_all(client)
    carrier.post("/_sim/clock", {"advanceSeconds": 2})
    make_due()
    polling.work(client)
    assert (Message.objects.get().state, Message.objects.get().reason) == ("failed", "rejected")


def test_a_message_that_the_carrier_forgot_is_unknown_in_the_end(sent, carrier, client):
    carrier.post("/_sim/reset", {})
    make_due()
    polling.work(client)
    sent.refresh_from_db()
    assert (sent.state, sent.polls) == ("accepted", 1)
    make_due(polls=7)
    polling.work(client)
    sent.refresh_from_db()
    assert (sent.state, sent.reason, sent.next_poll_at) == ("unknown", "gone", None)


def test_a_carrier_in_trouble_is_asked_again_in_a_minute(sent, carrier, client):
    carrier.post("/_sim/fault", {"operation": "M2", "kind": "500", "times": None})
    make_due()
    assert polling.work(client) is False
    sent.refresh_from_db()
    assert (sent.state, sent.polls) == ("accepted", 0)
    assert timezone.now() < sent.next_poll_at < timezone.now() + timedelta(minutes=2)


def test_once_reports_arrive_what_is_due_waits_for_its_end(sent, carrier, client, mt):
    now = timezone.now()
    mt(state="delivered", reported_at=now, settled_at=now)
    Message.objects.filter(pk=sent.pk).update(next_poll_at=now - timedelta(hours=1))
    polling.work(client)
    sent.refresh_from_db()
    assert asked(carrier) == 0
    assert sent.next_poll_at == sent.sent_at + timedelta(hours=24) + polling.GRACE
