"""A conversation as its page prints it: bubbles under their days, pages by key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db.models import Q
from django.utils import timezone

from sms import texts, words
from sms.models import Message, MessageQuerySet
from toolkit.figures import span
from toolkit.states import State, state_of

SIZE = 50
YEAR = timedelta(days=300)
# The place of a message in its conversation: microseconds since 1970, and its id.
CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
S = Message.State


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as it is shown; the text cannot turn the page's writing direction."""

    id: int
    is_mo: bool
    state: str
    text: str
    is_hex: bool
    as_text: str
    at: datetime
    sent_at: datetime | None
    who: str
    template: str
    look: State
    words: str
    answer_words: str
    may_repeat: bool
    is_doubtful: bool
    has_number: bool
    may_look: bool
    again_of: int | None


@dataclass(frozen=True, slots=True)
class Day:
    at: datetime
    bubbles: list[Bubble]

    @property
    def style(self) -> str:
        return "heading" if abs(timezone.now() - self.at) < YEAR else "long"


@dataclass(frozen=True, slots=True)
class Thread:
    """A page of a conversation, oldest first; the cursors lead to what is earlier and later."""

    days: list[Day]
    earlier: str = ""
    later: str = ""


def thread(giccid: str, *, before: str = "", after: str = "", size: int = SIZE) -> Thread:
    """The newest messages with a SIM, or those beside a cursor; two queries however long the conversation is."""
    rows = Message.objects.with_sim(giccid).select_related("template", "user", "answers")
    if place := _place(before):
        found = list(_cut(rows, place, "lt").order_by("-at", "-id")[: size + 1])
        return _page(found[:size][::-1], has_earlier=len(found) > size, has_later=True)
    if place := _place(after):
        found = list(_cut(rows, place, "gt").order_by("at", "id")[: size + 1])
        return _page(found[:size], has_earlier=True, has_later=len(found) > size)
    found = list(rows.order_by("-at", "-id")[: size + 1])
    return _page(found[:size][::-1], has_earlier=len(found) > size, has_later=False)


def _place(cursor: str) -> tuple[datetime, int] | None:
    found = CURSOR.fullmatch(cursor)
    if found is None:
        return None
    return EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def cursor_of(message: Message) -> str:
    return f"{(message.at - EPOCH) // timedelta(microseconds=1)}-{message.pk}"


def _cut(rows: MessageQuerySet, place: tuple[datetime, int], side: str) -> MessageQuerySet:
    at, pk = place
    return rows.filter(**{f"at__{side}e": at}).filter(Q(**{f"at__{side}": at}) | Q(**{f"id__{side}": pk}))


def _page(messages: list[Message], *, has_earlier: bool, has_later: bool) -> Thread:
    if not messages:
        return Thread([])
    earlier = cursor_of(messages[0]) if has_earlier else ""
    later = cursor_of(messages[-1]) if has_later else ""
    return Thread(days_of(messages), earlier, later)


def days_of(messages: Sequence[Message]) -> list[Day]:
    bubbles = [bubble(message) for message in messages]
    groups = [(day, list(found)) for day, found in groupby(bubbles, key=lambda each: each.at.date())]
    return [Day(found[0].at, found) for _, found in groups]


def bubble(message: Message) -> Bubble:
    is_unsent = message.state in (S.FAILED, S.EXPIRED)
    return Bubble(
        id=message.pk,
        is_mo=message.is_mo,
        state=message.state,
        text=texts.shown(message.content),
        is_hex=message.encoding == "hex",
        as_text=_as_text(message),
        at=message.at,
        sent_at=message.sent_at,
        who=who(message),
        template=message.template.name if message.template else "",
        look=state_of("message", message.state),
        words=words.state_words(message),
        answer_words=_answer_words(message),
        may_repeat=is_unsent and not message.is_mo,
        is_doubtful=message.state == S.UNKNOWN,
        has_number=bool(message.sms_id),
        may_look=message.state == S.ACCEPTED and bool(message.sms_id),
        again_of=message.again_of_id,
    )


def who(message: Message) -> str:
    if message.is_mo:
        return "Device"
    return message.user.display_name if message.user else message.username or "Somebody who is gone"


def _as_text(message: Message) -> str:
    """Octets that are plain letters read better as such, too."""
    if message.encoding != "hex":
        return ""
    try:
        plain = bytes.fromhex(message.content).decode("ascii")
    except ValueError:
        return ""
    return plain if plain.isprintable() else ""


def _answer_words(message: Message) -> str:
    if message.is_mo:
        asked = message.answers
        if asked is None or asked.sent_at is None:
            return ""
        first = texts.shown(asked.content).split(maxsplit=1)[0][:20] if asked.content.strip() else "message"
        return f"answers {first} after {span(message.at - asked.sent_at)}"
    if message.answer == Message.Answer.WAITING:
        return "waits for its answer"
    if message.answer == Message.Answer.SILENT:
        return f"no answer within {span(timedelta(seconds=message.expect_within_s or 0))}"
    return ""
