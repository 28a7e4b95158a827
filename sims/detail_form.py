from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sims.story import GROUPS, Cursor, Group

LARGEST_ID = 2**63 - 1


class SimPageForm(forms.Form):
    """What a SIM's page is asked for: the entries of one `kind`, those behind the entry `older`."""

    older = forms.RegexField(r"^h?[0-9]{1,19}$", required=False)
    kind = forms.ChoiceField(required=False, choices=[(group.value, group.label) for group in GROUPS])

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def clean_older(self) -> Cursor | None:
        text = self.cleaned_data["older"]
        cursor = Cursor.parse(text) if text else None
        if cursor and not 0 < cursor.id <= LARGEST_ID:
            raise ValidationError("There is no such entry.")
        return cursor

    @property
    def older_than(self) -> Cursor | None:
        return self.cleaned_data.get("older")

    @property
    def group(self) -> Group | None:
        return next((group for group in GROUPS if group.value == self.cleaned_data.get("kind")), None)

    @property
    def messages(self) -> list[str]:
        said = []
        if "older" in self.errors:
            said.append("The address of these entries is damaged, so the newest stand here.")
        if "kind" in self.errors:
            said.append("There are no entries of that kind, so all kinds stand here.")
        return said
