"""Expected answers: which message a device answers, what it said, and who stayed silent."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from sms import conversations
from sms.models import Conversation, DeviceValue, Message
from sms.patterns import match

A = Message.Answer


def hear(mo: Message) -> Message | None:
    """See whether a message from a device is an answer that one to it waits for; the oldest such takes it."""
    for asked in _waiting(mo):
        found = match(asked.expect, mo.content)
        if found is not None:
            _answered(asked, mo, found)
            return asked
    return None


def _waiting(mo: Message) -> list[Message]:
    """Those without an answer that left before it; a push may be late, so one just called silent counts too."""
    unanswered = Q(answer=A.WAITING) | Q(answer=A.SILENT, expect_until__gte=mo.at)
    asked = Message.objects.filter(unanswered, giccid=mo.giccid, direction=Message.Direction.MT)
    return list(asked.select_for_update(of=("self",)).order_by("id")[:20]) if mo.giccid else []


def _answered(asked: Message, mo: Message, found: dict[str, str]) -> None:
    conversations.set_answer(asked, Conversation.Answer.ANSWERED)
    Message.objects.filter(pk=mo.pk).update(answers=asked)
    for name, value in found.items():
        _keep(mo, name, value)


def _keep(mo: Message, name: str, value: str) -> None:
    newer = DeviceValue.objects.filter(giccid=mo.giccid, name=name, said_at__gt=mo.at)
    if not newer.exists():
        DeviceValue.objects.update_or_create(
            giccid=mo.giccid, name=name, defaults={"value": value, "message": mo, "said_at": mo.at}
        )


def expire() -> int:
    """Those that waited long enough are silent; how many."""
    late = list(Message.objects.filter(answer=A.WAITING, expect_until__lt=timezone.now())[:500])
    for message in late:
        conversations.set_answer(message, Conversation.Answer.SILENT)
        conversations.tell(message)
    return len(late)
