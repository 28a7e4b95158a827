"""The list of all messages: its filters, its chips and its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from enterprise.models import Account
from sms import texts, words
from sms.addresses import conversation_url
from sms.filter_form import CAP, MessageListForm
from sms.models import Message
from sms.scope import accounts_of, within
from sms.templating import templates_for
from sms.thread import who
from toolkit.keyset import Page, page_of
from toolkit.states import State, state_of
from users.models import User

PLACES = ("after", "before")
COLUMNS = (
    ("direction", "direction"), ("state", "state"), ("account_id", "account"),
    ("template_id", "template"), ("user_id", "sender"),
)  # fmt: skip
LONGEST_SHOWN = 90


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    giccid: str
    url: str
    is_mo: bool
    state: str
    look: State
    words: str
    text: str
    who: str
    template: str
    account: str
    at: datetime
    is_unread: bool


@dataclass(frozen=True, slots=True)
class Chip:
    group: str
    words: str
    drop_url: str


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool
    count: int | None = None


def form_for(query: QueryDict, user: User) -> MessageListForm:
    """Three queries: what one may filter by."""
    accounts = Account.objects.order_by("name")
    seen = accounts_of(user)
    senders = User.objects.order_by("username")
    return MessageListForm(
        query,
        accounts=list(accounts if seen is None else accounts.filter(pk__in=seen)),
        templates=list(templates_for(user)),
        senders=list(senders),
    )


def matching(form: MessageListForm, user: User) -> QuerySet[Message]:
    """The messages under the filters, in no order; none where a filter cannot be read."""
    if form.errors:
        return Message.objects.none()
    clean = form.cleaned_data
    rows: QuerySet[Message] = within(Message.objects.all(), user)
    for field, name in COLUMNS:
        rows = rows.filter(_one_of(field, clean[name])) if clean[name] else rows
    if clean["sim"]:
        rows = rows.filter(sim__isnull=clean["sim"] == "unknown")
    if clean["giccid"]:
        rows = rows.filter(giccid=clean["giccid"])
    since, until = form.span
    rows = rows.filter(created_at__gte=since) if since else rows
    rows = rows.filter(created_at__lt=until) if until else rows
    return _searched(rows, clean["q"])


def _one_of(field: str, values: list[Any]) -> Q:
    known = Q(**{f"{field}__in": [value for value in values if value is not None]})
    return known | Q(**{f"{field}__isnull": True}) if None in values else known


def _searched(rows: QuerySet[Message], text: str) -> QuerySet[Message]:
    digits = "".join(text.split())
    if not digits:
        return rows
    in_text = Q(content__icontains=text)
    return rows.filter(in_text | Q(giccid=digits)) if digits.isalnum() and len(digits) > 9 else rows.filter(in_text)


def page(form: MessageListForm, rows: QuerySet[Message]) -> Page[Message]:
    """Newest first; one query."""
    clean = form.cleaned_data
    shown = rows.select_related("template", "user", "account")
    after, before = clean.get("after") or "", clean.get("before") or ""
    return page_of(shown, key="id", size=form.size, after=after, before=before, newest_first=True)


def total(rows: QuerySet[Message]) -> int:
    """Counted no further than one more than is told."""
    return rows.order_by()[: CAP + 1].count()


def row(message: Message) -> Row:
    text = texts.shown(message.content).replace("\n", " ")
    return Row(
        id=message.pk,
        giccid=message.giccid,
        url=conversation_url(message.giccid),
        is_mo=message.is_mo,
        state=message.state,
        look=state_of("message", message.state),
        words=words.state_words(message),
        text=text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…",
        who=who(message),
        template=message.template.name if message.template else "",
        account=message.account.name if message.account else "",
        at=message.at,
        is_unread=message.is_mo and message.read_at is None,
    )


def url_of(query: QueryDict, **changes: str) -> str:
    """The list with these parameters changed ("" drops one) and from its first page."""
    pairs = [(name, value) for name, value in _pairs(query) if name not in (*PLACES, *changes)]
    pairs += [(name, value) for name, value in changes.items() if value]
    return f"{reverse('sms:list')}{f'?{urlencode(pairs)}' if pairs else ''}"


def _pairs(query: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name, values in query.lists() for value in values if value]


def chips(form: MessageListForm, query: QueryDict) -> list[Chip]:
    found = []
    for name in form.GROUPS:
        chosen = [label for value, label in form.choices_of(name) if value in form.chosen(name)]
        if chosen:
            found.append(Chip(str(form.fields[name].label), ", ".join(chosen), url_of(query, **{name: ""})))
    for name, title in (("q", "Search"), ("giccid", "ICCID"), ("since", "From"), ("until", "To")):
        if text := query.get(name):
            found.append(Chip(title, text[:60], url_of(query, **{name: ""})))
    return found


def groups(form: MessageListForm) -> list[tuple[str, str, list[Choice]]]:
    """Title, name and values of each group of filters that has any."""
    found = []
    for name in form.GROUPS:
        chosen = form.chosen(name)
        choices = [Choice(value, label, value in chosen) for value, label in form.choices_of(name)]
        if choices:
            found.append((str(form.fields[name].label), name, choices))
    return found
