"""What `/events/` is asked for: filters as GET parameters, and what each is called in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from journal.feed import FeedFilter
from journal.feed_page import Cursor
from journal.kinds import known_kinds, label_of
from journal.models import Event
from sims.lookup import Hits, find_sims

MOST_SIMS = 200
LONGEST = 200
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
WHEN = [("hour", "Last hour"), ("day", "Last 24 hours"), ("week", "Last 7 days"), ("month", "Last 30 days")]
NAMES = {"kind": "Kind", "severity": "Severity", "account": "Account", "q": "SIM", "when": "When"}


class Values(forms.MultipleChoiceField):
    """Any texts of a group; blank ones are none."""

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(text for text in super().to_python(value) if text))

    def valid_value(self, value: str) -> bool:
        return len(value) <= LONGEST and value.isprintable()


class FeedForm(forms.Form):
    """The filters of the feed. `accounts` are those the viewer may see."""

    q = forms.CharField(required=False, max_length=LONGEST)
    kind = Values(required=False)
    severity = forms.MultipleChoiceField(required=False, choices=Event.Severity.choices)
    account = Values(required=False)
    when = forms.ChoiceField(required=False, choices=WHEN)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    after = forms.CharField(required=False, max_length=LONGEST)
    before = forms.CharField(required=False, max_length=LONGEST)

    def __init__(self, data: QueryDict, *, accounts: Mapping[int, str]) -> None:
        super().__init__(data, auto_id=False)
        self.accounts = accounts
        self.hits: Hits | None = None
        self.fields["severity"].error_messages["invalid_choice"] = "There is no severity “%(value)s”."
        self.fields["when"].error_messages["invalid_choice"] = "“%(value)s” is no span of time."
        for name in ("kind", "account"):
            self.fields[name].error_messages["invalid_choice"] = f"That is no {name}."
        for name in ("since", "until"):
            self.fields[name].error_messages["invalid"] = "A day is written as 2026-11-22."
        self.full_clean()

    def clean_account(self) -> list[int]:
        ids = {name: pk for pk, name in self.accounts.items()} | {str(pk): pk for pk in self.accounts}
        texts = self.cleaned_data["account"]
        if strange := [text for text in texts if text not in ids]:
            raise ValidationError(f"There is no account “{strange[0][:60]}”.")
        return list(dict.fromkeys(ids[text] for text in texts))

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"].strip()
        if text:
            self.hits = find_sims(text, limit=MOST_SIMS)
        return text

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        since, until = clean.get("since"), clean.get("until")
        if since and until and until < since:
            raise ValidationError("The last day is before the first.")
        return clean

    @property
    def messages(self) -> list[str]:
        return [str(words) for errors in self.errors.values() for words in errors]

    @property
    def asked(self) -> FeedFilter:
        """The filter; a group that could not be read matches nothing."""
        if self.errors:
            return FeedFilter(sims=frozenset())
        clean = self.cleaned_data
        return FeedFilter(
            kinds=frozenset(clean["kind"]),
            severities=frozenset(clean["severity"]),
            accounts=frozenset(clean["account"]),
            sims=frozenset(self.hits.sim_ids) if self.hits else None,
            since=self._since(),
            until=_midnight(clean["until"] + timedelta(days=1)) if clean["until"] else None,
        )

    @property
    def older_than(self) -> Cursor | None:
        return Cursor.parse(self.cleaned_data.get("after", ""))

    @property
    def newer_than(self) -> Cursor | None:
        return Cursor.parse(self.cleaned_data.get("before", ""))

    @property
    def is_live(self) -> bool:
        """Whether what happens next belongs on the page."""
        return not (self.errors or self.older_than or self.newer_than or self.cleaned_data.get("until"))

    @property
    def stream_query(self) -> str:
        """The filter as the stream reads it."""
        asked = self.asked
        pairs: list[tuple[str, str | int]] = [("kind", kind) for kind in sorted(asked.kinds)]
        pairs += [("severity", severity) for severity in sorted(asked.severities)]
        pairs += [("account", account) for account in sorted(asked.accounts)]
        pairs += [("sim", sim) for sim in sorted(asked.sims if asked.sims is not None else ())]
        # No event has this SIM: a search that found none finds none later either.
        return urlencode(pairs if asked.sims is None or asked.sims else [*pairs, ("sim", 0)])

    def _since(self) -> datetime | None:
        clean = self.cleaned_data
        if clean["since"]:
            return _midnight(clean["since"])
        return timezone.now() - SPANS[clean["when"]] if clean["when"] else None


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Pick:
    """A group of choices in its menu, and what is chosen in it in a word or two."""

    name: str
    title: str
    choices: list[Choice]
    is_single: bool = False

    @property
    def words(self) -> str:
        chosen = [choice.label for choice in self.choices if choice.is_chosen]
        if not chosen:
            return "Any time" if self.is_single else "All"
        return chosen[0] if len(chosen) == 1 else str(len(chosen))


def picks_of(form: FeedForm) -> list[Pick]:
    """The menus of the page, in order."""
    chosen = {name: set(form.data.getlist(name)) for name in ("kind", "severity", "account", "when")}  # type: ignore[attr-defined]
    kinds = [(kind, label_of(kind)) for kind in [*known_kinds(), *sorted(chosen["kind"] - set(known_kinds()) - {""})]]
    accounts = [(str(pk), name) for pk, name in form.accounts.items()]
    ids = {str(pk) for pk in form.cleaned_data.get("account", ())}
    return [
        Pick("kind", "Kind", _choices(kinds, chosen["kind"])),
        Pick("severity", "Severity", _choices(list(Event.Severity.choices), chosen["severity"])),
        Pick("account", "Account", _choices(accounts, ids)),
        Pick("when", "When", _choices(WHEN, chosen["when"]), is_single=True),
    ]


def _choices(pairs: list[tuple[str, str]], chosen: set[str]) -> list[Choice]:
    return [Choice(value, label, value in chosen) for value, label in pairs]


@dataclass(frozen=True, slots=True)
class Chip:
    group: str
    words: str
    drop_url: str


def chips_of(form: FeedForm, address: str) -> list[Chip]:
    """One chip for each group in force, and the address without it."""
    chips = [
        Chip(pick.title, ", ".join(choice.label for choice in pick.choices if choice.is_chosen), pick.name)
        for pick in picks_of(form)
    ]
    days = [form.data.get(name, "") for name in ("since", "until")]
    chips.append(Chip("Days", f"{days[0] or 'the first'} to {days[1] or 'today'}" if any(days) else "", "days"))
    chips.append(Chip("SIM", form.data.get("q", "").strip()[:60], "q"))
    return [Chip(chip.group, chip.words, _without(form, address, chip.drop_url)) for chip in chips if chip.words]


def _without(form: FeedForm, address: str, group: str) -> str:
    return link(form, address, drop=("since", "until") if group == "days" else (group,))


def link(form: FeedForm, address: str, *, drop: tuple[str, ...] = (), **more: str) -> str:
    """The page with the same filters but some, at another place."""
    kept = ("q", "kind", "severity", "account", "when", "since", "until")
    held: list[tuple[str, Any]] = [
        (name, value)
        for name in kept
        if name not in drop
        for value in form.data.getlist(name)  # type: ignore[attr-defined]
        if value
    ]
    pairs = held + list(more.items())
    return f"{address}?{urlencode(pairs)}" if pairs else address
