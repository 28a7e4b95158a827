"""What `/sms/` is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator

from enterprise.models import Account
from sms.models import Message, Template
from users.models import User

CAP = 10_000
ROWS = (50, 100, 200)
LONGEST = 200
LARGEST = 2**62
STRANGERS = [("known", "In our copy"), ("unknown", "Not in our copy")]


class MessageListForm(forms.Form):
    """The filters of the list. One that cannot be read says so, and nothing is listed then."""

    q = forms.CharField(
        label="Search in text or ICCID",
        required=False,
        max_length=LONGEST,
        error_messages={"max_length": "A search has at most %(limit_value)d characters."},
    )
    direction = forms.MultipleChoiceField(label="Direction", required=False, choices=Message.Direction.choices)
    state = forms.MultipleChoiceField(label="State", required=False, choices=Message.State.choices)
    account = forms.TypedMultipleChoiceField(label="Account", required=False, coerce=int)
    template = forms.TypedMultipleChoiceField(label="Template", required=False, coerce=int)
    sender = forms.TypedMultipleChoiceField(label="Sender", required=False, coerce=int)
    sim = forms.ChoiceField(label="SIM", required=False, choices=[("", "All"), *STRANGERS])
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
        self._offer("account", [(str(each.pk), each.name) for each in accounts])
        self._offer("template", [(str(each.pk), each.name) for each in templates])
        self._offer("sender", [(str(each.pk), each.display_name) for each in senders])
        self.is_valid()

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

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
