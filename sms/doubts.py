"""What a person can do about a message whose outcome is not known, or not known yet."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from journal.models import Event
from journal.record import Cause
from sims.models import Sim
from smarthub.errors import CarrierError, NotFound
from sms import conversations, early, messages, outcomes, polling, story
from sms.messages import Expected, Refused
from sms.models import Conversation, Message
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import BY_HAND, words_for
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken
from toolkit.live import ring
from users import audit
from users.models import User

S = Message.State
NO_NUMBER = (
    "It has no message number, so the carrier cannot be asked about it, and no report that could be about it has come."
)
REPEATABLE = (S.UNKNOWN, S.FAILED, S.EXPIRED)


class Looked(NamedTuple):
    """What looking has found: whether it is settled now, and words for a person."""

    is_settled: bool
    words: str


def look(message: Message) -> Looked:
    """Look for a report that was kept, or read the message at the carrier (five seconds at most)."""
    return _ask(message) if message.sms_id else _look_for_report(message)


def _look_for_report(message: Message) -> Looked:
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if locked.state == S.UNKNOWN and early.look_for(locked):
            return Looked(True, "A delivery report was found that can only be about it.")
    return Looked(False, NO_NUMBER)


def _ask(message: Message) -> Looked:
    let_go()
    try:
        told = carrier(Lane.CLICK).sms_status(message.sms_id).value
    except NotFound:
        return Looked(False, "The carrier does not know this message (any more).")
    except (CarrierError, NoToken, NoCarrier) as error:
        return Looked(False, words_for(error, later=BY_HAND))
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if polling.found(locked, told):
            return Looked(True, "The carrier told what became of it.")
    return Looked(False, "The carrier has it and says that it is not delivered yet.")


def send_again(message: Message, *, sim: Sim, user: User) -> Message:
    """Send the same once more, as a new message that names the one before. Raises Refused."""
    if message.state not in REPEATABLE or message.is_mo:
        raise Refused("This message is not one to send again: its outcome is known or on its way.")
    expected = Expected(message.expect, message.expect_within_s)
    return messages.send(
        sim=sim,
        content=message.content,
        encoding=message.encoding,
        user=user,
        template=message.template,
        expected=expected,
        again_of=message,
    )


def close(message: Message, *, user: User) -> bool:
    """A person says that it was not sent; False where it is not in doubt any more."""
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if locked.state != S.UNKNOWN:
            return False
        locked.state, locked.reason = S.FAILED, outcomes.CLOSED
        locked.finished_at = locked.settled_at = timezone.now()
        locked.save(update_fields=["state", "reason", "finished_at", "settled_at"])
        if locked.answer == Message.Answer.WAITING:
            conversations.set_answer(locked, Conversation.Answer.NONE)
        audit.record(user, "sms.close", locked.giccid, message=locked.pk)
        story.write(locked, story.FAILED, at=timezone.now(), cause=Cause(Event.Cause.PERSON, user.pk))
        conversations.tell(locked)
    return True


def mark_read(giccid: str, user: User) -> int:
    """What came from this SIM has been seen; how many were new."""
    unread = Message.objects.unread().filter(giccid=giccid)
    seen = unread.update(read_at=timezone.now(), read_by=user)
    if seen:
        ring("unread", "sms")
    return seen
