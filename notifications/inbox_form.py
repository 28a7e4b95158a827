"""What the inbox is asked for: filters as GET parameters, and which pushes are to be handled anew."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from notifications.feed_form import LONGEST, SPANS, WHEN, Chip, Choice, Pick, Values
from notifications.inbox import InboxFilter, Place
from notifications.models import Push
from notifications.pushes.kinds import KINDS

MOST_TICKED = 500
GROUPS = ("q", "kind", "state", "when", "since", "until")


class InboxForm(forms.Form):
    """The filters of the inbox; a group that cannot be read matches nothing, and says so."""

    q = forms.CharField(required=False, max_length=LONGEST)
    kind = Values(required=False)
    state = forms.MultipleChoiceField(required=False, choices=Push.State.choices)
    when = forms.ChoiceField(required=False, choices=WHEN)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    after = forms.CharField(required=False, max_length=LONGEST)
    before = forms.CharField(required=False, max_length=LONGEST)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id=False)
        self.fields["state"].error_messages["invalid_choice"] = "There is no state “%(value)s”."
        self.fields["when"].error_messages["invalid_choice"] = "“%(value)s” is no span of time."
        self.fields["kind"].error_messages["invalid_choice"] = "That is no kind of push."
        for name in ("since", "until"):
            self.fields[name].error_messages["invalid"] = "A day is written as 2026-11-22."
        self.full_clean()

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"].strip()
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
    def asked(self) -> InboxFilter:
        if self.errors:
            return InboxFilter(is_impossible=True)
        clean = self.cleaned_data
        return InboxFilter(
            text=clean["q"],
            kinds=tuple(clean["kind"]),
            states=tuple(clean["state"]),
            since=self._since(),
            until=_midnight(clean["until"] + timedelta(days=1)) if clean["until"] else None,
        )

    @property
    def older_than(self) -> Place | None:
        return Place.parse(self.cleaned_data.get("after", ""))

    @property
    def newer_than(self) -> Place | None:
        return Place.parse(self.cleaned_data.get("before", ""))

    @property
    def query(self) -> str:
        """The filters alone, as an address has them."""
        return self.link("", drop=())[1:]

    def link(self, address: str, *, drop: tuple[str, ...] = (), **more: str) -> str:
        """The page under the same filters but some, at another place."""
        data: Any = self.data
        pairs = [(name, value) for name in GROUPS if name not in drop for value in data.getlist(name) if value]
        pairs += list(more.items())
        return f"{address}?{urlencode(pairs)}" if pairs else address

    def picks(self) -> list[Pick]:
        """The menus of the page, in order."""
        data: Any = self.data
        chosen = {name: set(data.getlist(name)) - {""} for name in ("kind", "state", "when")}
        kinds = [(slug, slug) for slug in [*KINDS, *sorted(chosen["kind"] - set(KINDS))]]
        return [
            Pick("kind", "Kind", _choices(kinds, chosen["kind"])),
            Pick("state", "State", _choices(list(Push.State.choices), chosen["state"])),
            Pick("when", "When", _choices(WHEN, chosen["when"]), is_single=True),
        ]

    def chips(self, address: str) -> list[Chip]:
        """One for each group in force, with the address without it."""
        found = [
            (pick.title, ", ".join(each.label for each in pick.choices if each.is_chosen), (pick.name,))
            for pick in self.picks()
        ]
        days = [self.data.get(name, "") for name in ("since", "until")]
        between = f"{days[0] or 'the first'} to {days[1] or 'today'}" if any(days) else ""
        found += [("Days", between, ("since", "until")), ("Search", self.data.get("q", "").strip()[:60], ("q",))]  # type: ignore[list-item]
        return [Chip(group, words, self.link(address, drop=names)) for group, words, names in found if words]

    def _since(self) -> datetime | None:
        clean = self.cleaned_data
        if clean["since"]:
            return _midnight(clean["since"])
        return timezone.now() - SPANS[clean["when"]] if clean["when"] else None


class ReplayForm(forms.Form):
    """Which pushes to handle anew: those ticked, or everything that a list of filters shows."""

    push = Values(required=False)
    everything = forms.BooleanField(required=False)
    query = forms.CharField(required=False, max_length=2000)

    def clean_push(self) -> list[Place]:
        places = [Place.parse(text) for text in self.cleaned_data["push"]]
        if len(places) > MOST_TICKED or None in places:
            raise ValidationError("These are not pushes that could be chosen.")
        return [place for place in places if place is not None]

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or {}
        if not self.errors and not clean["push"] and not clean["everything"]:
            raise ValidationError("No push was chosen, so nothing was replayed.")
        return clean

    @property
    def message(self) -> str:
        return next((str(words) for errors in self.errors.values() for words in errors), "")


def _choices(pairs: list[tuple[str, str]], chosen: set[str]) -> list[Choice]:
    return [Choice(value, label, value in chosen) for value, label in pairs]


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
