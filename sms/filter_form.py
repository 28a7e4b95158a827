"""What `/sms/` is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.http import QueryDict

from enterprise.models import Account
from sims.forms import NONE, shorten
from sms.models import Message, Template
from users.models import User

CAP = 10_000
ROWS = (50, 100, 200)
LONGEST = 200
LARGEST = 2**62
STRANGERS = [("known", "In our copy"), ("unknown", "Not in our copy")]


class Named(forms.TypedMultipleChoiceField):
    """Rows by id or by exact name, several of them; `NONE` is none where that can be asked for."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid_choice": "There is no %(label)s “%(value)s”."}

    def __init__(self, *, label: str, has_none: bool = False) -> None:
        super().__init__(label=label, required=False, coerce=lambda text: None if text == NONE else int(text))
        self.has_none = has_none
        self.values: dict[str, list[str]] = {}

    def offer(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """What there is: id, name, and the label of the page."""
        choices: list[tuple[str, str]] = []
        values: dict[str, list[str]] = {}
        for pk, name, label in rows:
            choices.append((str(pk), label))
            values.setdefault(name, []).append(str(pk))
        values |= {value: [value] for value, _ in choices}
        if self.has_none and choices:
            choices.append((NONE, f"No {str(self.label).lower()}"))
            values |= {NONE: [NONE], "0": [NONE]}
        self.choices, self.values = choices, values

    def to_python(self, value: Any) -> list[str]:
        texts = [text for text in value or [] if text]
        if strange := [text for text in texts if text not in self.values]:
            named = {"label": str(self.label).lower(), "value": shorten(strange[0])}
            raise ValidationError(self.error_messages["invalid_choice"], params=named)
        return list(dict.fromkeys(each for text in texts for each in self.values[text]))


class MessageListForm(forms.Form):
    """The filters of the list. One that cannot be read says so, and nothing is listed then."""

    q = forms.CharField(
        label="Search in text or ICCID",
        required=False,
        max_length=LONGEST,
        error_messages={"max_length": "A search has at most %(limit_value)d characters."},
    )
    direction = forms.MultipleChoiceField(
        label="Direction",
        required=False,
        choices=Message.Direction.choices,
        error_messages={"invalid_choice": "There is no direction “%(value)s”."},
    )
    state = forms.MultipleChoiceField(
        label="State",
        required=False,
        choices=Message.State.choices,
        error_messages={"invalid_choice": "There is no state “%(value)s”."},
    )
    account = Named(label="Account", has_none=True)
    template = Named(label="Template")
    sender = Named(label="Sender")
    sim = forms.ChoiceField(
        label="SIM",
        required=False,
        choices=[("", "All"), *STRANGERS],
        error_messages={"invalid_choice": "There is no choice “%(value)s”: known or unknown."},
    )
    giccid = forms.CharField(required=False, max_length=32, validators=[ProhibitNullCharactersValidator()])
    since = forms.DateField(label="From", required=False, error_messages={"invalid": "A day is written 2026-11-22."})
    until = forms.DateField(label="To", required=False, error_messages={"invalid": "A day is written 2026-11-22."})
    after = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    rows = forms.ChoiceField(required=False, choices=[(n, n) for n in ROWS])

    GROUPS = ("direction", "state", "account", "template", "sender", "sim")

    def __init__(
        self, data: Mapping[str, Any], *, accounts: list[Account], templates: list[Template], senders: list[User]
    ) -> None:
        super().__init__(data, auto_id=False)
        self._named("account").offer((each.pk, each.name, each.name) for each in accounts)
        self._named("template").offer((each.pk, each.name, each.name) for each in templates)
        self._named("sender").offer((each.pk, each.username, each.display_name) for each in senders)
        self.is_valid()

    def _named(self, name: str) -> Named:
        return cast(Named, self.fields[name])

    def chosen(self, name: str) -> list[str]:
        """The values of a group that are chosen, as its choices write them."""
        values = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
        field = self.fields[name]
        known = field.values if isinstance(field, Named) else {}
        return [each for value in values for each in known.get(value, [value])]

    def choices_of(self, name: str) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self.fields[name].choices if value != ""]  # type: ignore[attr-defined]

    @property
    def messages(self) -> list[str]:
        return [str(error) for errors in self.errors.values() for error in errors]

    @property
    def size(self) -> int:
        return int(self.cleaned_data.get("rows") or ROWS[0])

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """The days in the billing time zone, as a half-open range."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        return _midnight(since), _midnight(until + timedelta(days=1)) if until else None


def _midnight(day: Any) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, time.min, ZoneInfo(settings.BILLING_TIME_ZONE)).astimezone(UTC)
