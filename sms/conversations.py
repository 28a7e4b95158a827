"""The row of a conversation, kept beside its messages."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from sms.models import Conversation, Message
from toolkit.live import ring

TOUCH = """
INSERT INTO sms_conversation (giccid, sim_id, account_id, last_message_id, last_at, answer)
SELECT giccid, sim_id, account_id, id, at, ''
FROM (SELECT DISTINCT ON (giccid) * FROM sms_message WHERE id = ANY(%s) AND giccid > ''
      ORDER BY giccid, at DESC, id DESC) AS newest
ORDER BY giccid
ON CONFLICT (giccid) DO UPDATE SET
    sim_id = coalesce(EXCLUDED.sim_id, sms_conversation.sim_id),
    account_id = coalesce(EXCLUDED.account_id, sms_conversation.account_id),
    last_message_id = EXCLUDED.last_message_id, last_at = EXCLUDED.last_at
WHERE sms_conversation.last_at <= EXCLUDED.last_at OR sms_conversation.last_message_id IS NULL
"""


def touch(messages: Iterable[Message]) -> None:
    """These messages stand in their conversations; the newest leads them. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCH, [[message.pk for message in messages]])


def forget(message: Message) -> None:
    """A message is about to be taken back: the one before leads its conversation again."""
    before = Message.objects.with_sim(message.giccid).exclude(pk=message.pk).order_by("-at", "-id").first()
    mine = Conversation.objects.filter(giccid=message.giccid, last_message=message)
    if before is None:
        mine.delete()
    else:
        mine.update(last_message=before, last_at=before.at)


def set_answer(message: Message, answer: Conversation.Answer) -> None:
    """How the expectation of this message stands, on it and on its conversation unless a later one expects."""
    Message.objects.filter(pk=message.pk).update(answer=answer)
    message.answer = answer
    Conversation.objects.filter(giccid=message.giccid).update(answer=answer, answer_at=message.at)


def tell(*messages: Message) -> None:
    """Let open pages that show one of these messages look again, once the transaction is committed."""
    giccids = dict.fromkeys(message.giccid for message in messages if message.giccid)
    topics = [name for giccid in giccids for name in (f"sms:{giccid}", f"sim:{giccid}")]
    ring("sms", *topics, *(["unread"] if any(message.is_mo for message in messages) else []))


def give_up(message: Message) -> None:
    """Nothing is expected of a message that the device will not have; an unknown one may still be answered."""
    if message.answer == Message.Answer.WAITING and message.is_final:
        set_answer(message, Conversation.Answer.NONE)
