"""Asking for a message: the intent, committed before anything leaves."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from sims.models import Sim
from sms import conversations, guards, legality
from sms.counting import Count, count
from sms.models import Conversation, Message, Template
from sms.tasks import send_soon
from users import audit
from users.models import User


class Refused(Exception):
    """A message that is not taken; `str()` says why, to a person. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that is waited for: a pattern, and for how many seconds."""

    pattern: str = ""
    within_s: int | None = None


NOTHING_EXPECTED = Expected()


def send(
    *,
    sim: Sim,
    content: str,
    encoding: str,
    user: User,
    template: Template | None = None,
    expected: Expected = NOTHING_EXPECTED,
    again_of: Message | None = None,
) -> Message:
    """Queue a message to a SIM, with its audit row, and wake who sends it. Raises Refused."""
    counted = count(content, encoding)
    if why := counted.error or legality.sentence(sim):
        raise Refused(why)
    with transaction.atomic():
        guards.lock(user, sim)
        if why := guards.why_not(user, sim):
            raise Refused(why)
        message = _row(sim, counted, user, expected)
        message.template, message.again_of = template, again_of
        message.save(force_insert=True)
        _enter(message, user)
    return message


def _row(sim: Sim, counted: Count, user: User, expected: Expected) -> Message:
    return Message(
        direction=Message.Direction.MT,
        state=Message.State.QUEUED,
        giccid=sim.giccid,
        sim=sim,
        account_id=sim.account_id,
        content=counted.content,
        encoding=counted.encoding,
        alphabet=counted.alphabet,
        parts=counted.parts,
        user=user,
        username=user.username,
        expect=expected.pattern,
        expect_within_s=expected.within_s if expected.pattern else None,
        answer=Message.Answer.WAITING if expected.pattern else Message.Answer.NONE,
    )


def _enter(message: Message, user: User) -> None:
    message.refresh_from_db(fields=["at", "created_at"])
    conversations.touch([message])
    if message.answer:
        conversations.set_answer(message, Conversation.Answer.WAITING)
    again = {"again_of": message.again_of_id} if message.again_of_id else {}
    detail = {"message": message.pk, "encoding": message.encoding, "parts": message.parts}
    audit.record(user, "sms.send", message.giccid, **detail, **again)
    conversations.tell(message)
    send_soon(message.pk)
