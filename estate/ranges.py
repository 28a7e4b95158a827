"""The days that a page is about: from and to as a person asks for them, the last thirty where nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from enterprise.days import DAY, day_of

USUAL = 30
# As long as the history is kept.
LONGEST = 400
SPANS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (400, "400 days"))


@dataclass(frozen=True, slots=True)
class Days:
    """From `first` to `last`, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + number * DAY for number in range(self.length))

    def place(self, day: date) -> float:
        """Where a day stands across a plot, from 0 to 1."""
        return (day - self.first).days / max(self.length - 1, 1)

    @property
    def before(self) -> Days:
        """As many days just before, to compare with."""
        return Days(self.first - timedelta(days=self.length), self.first - DAY)

    @property
    def words(self) -> str:
        return f"{self.first:%-d %b} to {self.last:%-d %b %Y}"

    def labels(self, most: int = 4) -> list[tuple[float, str]]:
        """A few days by name, for under a plot."""
        step = max(1, -(-self.length // most))
        return [(self.place(day), f"{day:%-d %b}") for number, day in enumerate(self) if number % step == 0]


class DaysForm(forms.Form):
    """`from` and `to`, or `days` back from today; what cannot be read is told, and the usual days stand."""

    days = forms.IntegerField(required=False, min_value=1, max_value=LONGEST)
    to = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="days_%s")
        # `from` is a word of Python, so it cannot be declared above.
        since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
        self.fields = {"from": since, **self.fields}
        self.full_clean()

    def clean(self) -> dict[str, Any]:
        clean = dict(self.cleaned_data)
        first, last = clean.get("from"), clean.get("to")
        if first and last and first > last:
            self.add_error("to", "The last day is before the first.")
        elif first and ((last or self.today) - first).days >= LONGEST:
            self.add_error("from", f"At most {LONGEST} days at once.")
        return clean

    @property
    def today(self) -> date:
        return day_of(timezone.now())

    @property
    def range(self) -> Days:
        clean = {} if self.errors else self.cleaned_data
        last = min(clean.get("to") or self.today, self.today)
        length = clean.get("days") or USUAL
        first = clean.get("from") or last - (length - 1) * DAY
        return Days(min(first, last), last)

    @property
    def messages(self) -> list[str]:
        """What to say on top, in our words."""
        names = {"from": "From", "to": "To", "days": "Days"}
        return [f"{names[name]}: {text}" for name in names for text in self.errors.get(name, [])]

    @property
    def usage_csv(self) -> str:
        """The address of the usage of these days as a file."""
        return f"?csv=usage&from={self.range.first}&to={self.range.last}"

    def spans(self) -> list[tuple[int, str, bool]]:
        """The spans to choose from, and whether each is the one that is shown."""
        shown = self.range
        return [(days, words, shown.last == self.today and shown.length == days) for days, words in SPANS]
