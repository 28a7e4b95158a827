"""The conversations beside the one that is open: newest first, under a tab and a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet

from sms import texts
from sms.addresses import conversation_url
from sms.models import Conversation, Message
from sms.scope import within
from sms.thread import EPOCH
from toolkit.states import State, state_of
from users.models import User

SHOWN = 30
# The place of a conversation among all: microseconds since 1970 of its last message, and its ICCID.
CURSOR = re.compile(r"([0-9]{1,17})-(.{1,64})", re.DOTALL)
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
    older_than: str = ""
    older: str = ""

    @property
    def query(self) -> str:
        """What it was asked for, to ask again."""
        return _query(tab=self.tab, find=self.search, older=self.older_than)

    @property
    def newest_query(self) -> str:
        return _query(tab=self.tab, find=self.search)

    @property
    def older_query(self) -> str:
        return _query(tab=self.tab, find=self.search, older=self.older)


def _query(**values: str) -> str:
    return urlencode({name: value for name, value in values.items() if value})


def side(user: User, *, giccid: str = "", tab: str = ALL, search: str = "", older_than: str = "") -> Side:
    """Some conversations, newest first, `older_than` a cursor; seven queries however many there are."""
    tab = tab if tab in dict(TABS) else ALL
    place = CURSOR.fullmatch(older_than)
    found = _behind(within(_under(tab, search), user), place).order_by("-last_at", "-giccid")
    conversations = list(found.select_related("last_message")[: SHOWN + 1])
    older = cursor_of(conversations[SHOWN - 1]) if len(conversations) > SHOWN else ""
    conversations = conversations[:SHOWN]
    unread = _unread(conversations)
    rows = [_row(each, unread.get(each.giccid, 0), giccid) for each in conversations]
    counts = _counts(user)
    tabs = [Tab(value, label, counts.get(value), value == tab) for value, label in TABS]
    strangers = Message.objects.filter(sim__isnull=True, direction=Message.Direction.MO)
    count = within(strangers, user)[:CAP].count()
    return Side(rows, tabs, tab, search, count, older_than if place else "", older)


def cursor_of(conversation: Conversation) -> str:
    return f"{(conversation.last_at - EPOCH) // timedelta(microseconds=1)}-{conversation.giccid}"


def _behind(rows: QuerySet[Conversation], place: re.Match[str] | None) -> QuerySet[Conversation]:
    if place is None:
        return rows
    at = EPOCH + timedelta(microseconds=int(place[1]))
    return rows.filter(last_at__lte=at).filter(Q(last_at__lt=at) | Q(giccid__lt=place[2]))


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
        url=conversation_url(conversation.giccid),
        at=conversation.last_at,
        text=text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…",
        is_mo=bool(message and message.is_mo),
        look=state_of("message", message.state) if message and not message.is_mo else None,
        unread=unread,
        is_open=conversation.giccid == current,
    )
