"""The conversations beside the one that is open: newest first, under a tab and a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from sms import texts
from sms.models import Conversation, Message
from sms.scope import within
from toolkit.states import State, state_of
from users.models import User

SHOWN = 30
CAP = 1000
LONGEST = 60
ALL, UNREAD, UNKNOWN, SILENT = "", "unread", "unknown", "silent"
TABS = ((ALL, "All"), (UNREAD, "Unread"), (UNKNOWN, "Unknown"), (SILENT, "Silent"))


@dataclass(frozen=True, slots=True)
class Row:
    giccid: str
    url: str
    at: datetime
    text: str
    is_mo: bool
    look: State | None
    unread: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Tab:
    value: str
    label: str
    count: int | None
    is_current: bool

    @property
    def words(self) -> str:
        if self.count is None:
            return self.label
        return f"{self.label} {f'{CAP:,}+' if self.count >= CAP else self.count}"


@dataclass(frozen=True, slots=True)
class Side:
    rows: list[Row]
    tabs: list[Tab]
    tab: str
    search: str
    strangers: int


def side(user: User, *, giccid: str = "", tab: str = ALL, search: str = "") -> Side:
    """Seven queries, however many conversations there are."""
    tab = tab if tab in dict(TABS) else ALL
    found = within(_under(tab, search), user).order_by("-last_at", "-giccid").select_related("last_message")
    conversations = list(found[:SHOWN])
    unread = _unread(conversations)
    rows = [_row(each, unread.get(each.giccid, 0), giccid) for each in conversations]
    counts = _counts(user)
    tabs = [Tab(value, label, counts.get(value), value == tab) for value, label in TABS]
    strangers = Message.objects.filter(sim__isnull=True, direction=Message.Direction.MO)
    return Side(rows, tabs, tab, search, within(strangers, user)[:CAP].count())


def _under(tab: str, search: str) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(giccid__gt="")
    if tab == UNREAD:
        rows = rows.filter(giccid__in=Message.objects.unread().values("giccid"))
    elif tab == UNKNOWN:
        rows = rows.filter(giccid__in=_doubtful().values("giccid"))
    elif tab == SILENT:
        rows = rows.filter(answer=Conversation.Answer.SILENT)
    if digits := "".join(search.split()):
        texts_of = Message.objects.filter(content__icontains=search.strip()).order_by("-id").values("giccid")[:CAP]
        by_digits = Q(giccid__contains=digits) if digits.isalnum() and len(digits) >= 4 else Q()
        rows = rows.filter(by_digits | Q(giccid__in=texts_of)) if by_digits else rows.filter(giccid__in=texts_of)
    return rows


def _doubtful() -> QuerySet[Message]:
    return Message.objects.filter(state=Message.State.UNKNOWN)


def _counts(user: User) -> dict[str, int]:
    silent = Conversation.objects.filter(answer=Conversation.Answer.SILENT)
    return {
        UNREAD: within(Message.objects.unread(), user)[:CAP].count(),
        UNKNOWN: within(_doubtful(), user)[:CAP].count(),
        SILENT: within(silent, user)[:CAP].count(),
    }


def _unread(conversations: Sequence[Conversation]) -> dict[str, int]:
    giccids = [each.giccid for each in conversations]
    counted = Message.objects.unread().filter(giccid__in=giccids).order_by().values_list("giccid")
    return dict(counted.annotate(Count("id")))


def _row(conversation: Conversation, unread: int, current: str) -> Row:
    message = conversation.last_message
    text = texts.shown(message.content).replace("\n", " ") if message else ""
    return Row(
        giccid=conversation.giccid,
        url=reverse("sms:conversation", args=[conversation.giccid]),
        at=conversation.last_at,
        text=text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…",
        is_mo=bool(message and message.is_mo),
        look=state_of("message", message.state) if message and not message.is_mo else None,
        unread=unread,
        is_open=conversation.giccid == current,
    )
