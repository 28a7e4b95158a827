"""What the carrier pushes about messages. Called by the push handlers; every call may come twice and in any order."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from sims.identifiers import normalise
from sims.models import Sim, SimIdentifier
from sms import answers, conversations, delivery, early, story
from sms.counting import count_received
from sms.models import Message
from sms.texts import keepable


def receive_mo(
    *,
    giccid: str | None,
    sms_id: str | None,
    from_giccid: str | None,
    from_msisdn: str | None,
    content: str | None,
    encoding: str | None,
    received_at: datetime | None,
    push_id: int | None,
) -> int | None:
    """Keep a message from a device; its id, the same for a repeat of the same `sms_id`.

    One of a SIM that our copy does not hold is kept without a SIM and shown apart.
    """
    key, number = keepable(sms_id or ""), keepable(from_msisdn or "")
    with transaction.atomic():
        sim = _sim(giccid or from_giccid or "", number)
        at, counted = _not_ahead(received_at), count_received(keepable(content or ""), encoding)
        if known := _known(key, counted["content"], received_at):
            return known
        message = Message(
            direction=Message.Direction.MO,
            state=Message.State.RECEIVED,
            giccid=sim.giccid if sim else keepable(giccid or from_giccid or ""),
            sim=sim,
            account_id=sim.account_id if sim else None,
            sms_id=key,
            from_msisdn=number,
            at=at,
            push_id=push_id,
            **counted,
        )
        message.save(force_insert=True)
        _enter(message)
    return message.pk


def receive_report(
    *,
    sms_id: str | None,
    giccid: str | None,
    status: str | None,
    finished_at: datetime | None,
    fail_reason: str | None,
    push_id: int | None,
) -> int | None:
    """Settle the message that a delivery report speaks of; its id, None where no message of ours is known to be it.

    Such a report is kept: our own reply with its number may still be under way, or was lost.
    """
    key = keepable(sms_id or "")
    state = delivery.state_for(status, fail_reason)
    if not key or state is None:
        return None
    report = early.Report(key, giccid or "", status or "", finished_at, keepable(fail_reason or ""), push_id)
    with transaction.atomic():
        delivery.lock(key)
        message = early.message_of(report)
        if message is None:
            early.keep(report)
            return None
        early.settle(message, report)
    return message.pk


def _known(sms_id: str, content: str, received_at: datetime | None) -> int | None:
    """The message that this is a repeat of.

    A carrier that begins to count anew (a simulated one that was restarted) gives a number a second time: another text,
    or another time, is another message, which takes the number over.
    """
    if not sms_id:
        return None
    delivery.lock(f"mo {sms_id}")
    known = Message.objects.filter(direction=Message.Direction.MO, sms_id=sms_id).first()
    if known is None:
        return None
    is_same_time = received_at is None or received_at == known.at or received_at > known.created_at
    if known.content == content and is_same_time:
        return known.pk
    Message.objects.filter(pk=known.pk).update(sms_id="")
    return None


def _sim(giccid: str, msisdn: str) -> Sim | None:
    """By ICCID; by phone number where the push names no ICCID and one SIM alone has the number."""
    if giccid:
        return Sim.objects.filter(giccid=giccid).first()
    number = normalise(SimIdentifier.Kind.MSISDN, msisdn)
    if not number:
        return None
    owners = SimIdentifier.objects.filter(kind=SimIdentifier.Kind.MSISDN, value=number)
    found = list(Sim.objects.filter(pk__in=owners.values("sim_id"))[:2])
    return found[0] if len(found) == 1 else None


def _not_ahead(at: datetime | None) -> datetime:
    """A clock of theirs that is ahead of ours must not put a message above all that follow."""
    now = timezone.now()
    return min(at, now) if at else now


def _enter(message: Message) -> None:
    conversations.touch([message])
    story.write(message, story.RECEIVED, at=message.at, cause=story.pushed(message.push_id))
    answers.hear(message)
    conversations.tell(message)
