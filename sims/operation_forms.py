from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from sims.change_forms import LARGEST_ID, LONGEST_REASON, TOO_LONG
from sims.models import Operation, Verb
from users.models import User

MOST_PEOPLE = 200
MAX_SEARCH = 200


class ResolveForm(forms.Form):
    """What a person found out: whether it happened, and how they know."""

    outcome = forms.ChoiceField(
        label="What happened",
        choices=[("done", "It happened"), ("failed", "It did not happen")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it happened.", "invalid_choice": "It is done or failed."},
    )
    reason = forms.CharField(
        label="How you know",
        max_length=LONGEST_REASON,
        help_text="Stands in the journal and in the audit.",
        error_messages={"required": "Say how you know.", "max_length": TOO_LONG},
    )


class OperationListForm(forms.Form):
    """The filters of the list; what cannot be read is named, and the list stands without it."""

    state = forms.MultipleChoiceField(required=False, choices=Operation.State.choices)
    action = forms.MultipleChoiceField(required=False, choices=Verb.choices)
    user = forms.CharField(required=False, max_length=150)
    q = forms.CharField(required=False, max_length=MAX_SEARCH)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    after = forms.RegexField(r"^[!]?[0-9]{1,19}$", required=False)
    before = forms.RegexField(r"^[!]?[0-9]{1,19}$", required=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def get(self, name: str) -> Any:
        return self.cleaned_data.get(name)

    @property
    def filters(self) -> dict[str, Any]:
        """Those in force, by name."""
        names = ("state", "action", "user", "q", "since", "until")
        return {name: value for name in names if (value := self.get(name))}

    @property
    def messages(self) -> list[str]:
        said = [WRONG[name] for name in WRONG if name in self.errors]
        return list(dict.fromkeys(said))


WRONG = {
    "state": "There is no such state, so operations of every state stand here.",
    "action": "There is no such action, so operations of every action stand here.",
    "user": "Nobody has so long a name, so everybody's operations stand here.",
    "q": "That is too long for an identifier, so operations of every SIM stand here.",
    "since": "The first day is no date (2026-11-22), so the list begins with the oldest.",
    "until": "The last day is no date (2026-11-22), so the list ends with the newest.",
    "after": "The address of this page is damaged, so the first page stands here.",
    "before": "The address of this page is damaged, so the first page stands here.",
}


def people() -> list[tuple[str, str]]:
    """Everybody who can have asked: username and name; one query."""
    users = User.objects.order_by("username")[:MOST_PEOPLE]
    return [(user.username, user.display_name) for user in users]


def cursor_of(text: str) -> tuple[bool, int]:
    """!412 lies among what needs a person first, 412 among the rest."""
    return text.startswith("!"), min(int(text.removeprefix("!")), LARGEST_ID)
