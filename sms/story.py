"""What of the messages stands in the journal: who, when and why, never a text."""

from __future__ import annotations

from datetime import datetime

from journal.models import Event
from journal.record import Cause, NewEvent, record
from sms.models import Message

RECEIVED, FAILED, UNKNOWN = "sms.received", "sms.failed", "sms.unknown"
KINDS = (RECEIVED, FAILED, UNKNOWN)
KIND_OF = {Message.State.FAILED: FAILED, Message.State.EXPIRED: FAILED, Message.State.UNKNOWN: UNKNOWN}


def write(message: Message, kind: str, *, at: datetime, cause: Cause) -> None:
    """One event of the message's SIM, in the caller's transaction."""
    data = {"message": message.pk, "state": message.state}
    if message.reason:
        data["reason"] = message.reason
    event = NewEvent(
        kind=kind,
        subject_kind="sim" if message.sim_id else "sms",
        subject_key=message.giccid,
        happened_at=at,
        sim_id=message.sim_id,
        account_id=message.account_id,
        data=data,
    )
    record([event], cause=cause)


def pushed(push_id: int | None) -> Cause:
    return Cause(Event.Cause.PUSH, push_id)


def by_person(message: Message) -> Cause:
    """Whoever sent it, or the batch it is of."""
    if message.batch_item_id:
        return Cause(Event.Cause.BATCH_ITEM, message.batch_item_id)
    return Cause(Event.Cause.PERSON, message.user_id)
