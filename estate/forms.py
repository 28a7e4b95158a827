from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from enterprise.models import SharePool

MAX_TEXT = 128
# A cursor may be made of names, and the carrier sets no bound to these.
MAX_CURSOR = 4000


class NamesForm(forms.Form):
    """A list by name: what to find in it, and the cursors of its pages."""

    q = forms.CharField(required=False, max_length=MAX_TEXT)
    after = forms.CharField(required=False, max_length=MAX_CURSOR, strip=False)
    before = forms.CharField(required=False, max_length=MAX_CURSOR, strip=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    @property
    def query(self) -> str:
        return str(self.cleaned_data.get("q") or "")

    def cursor(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    @property
    def messages(self) -> list[str]:
        if "q" in self.errors:
            return [f"A search takes at most {MAX_TEXT} characters, none of them invisible; all are shown."]
        return ["The address of this page is damaged, so the list starts at its beginning."] if self.errors else []


def _step(label: str) -> forms.IntegerField:
    whole = "A step is a whole number from 1 to 100."
    said = {"required": whole, "invalid": whole, "min_value": "A step is at least 1 %%."}
    return forms.IntegerField(
        label=label, min_value=1, max_value=100, error_messages={**said, "max_value": "A step is at most 100 %%."}
    )


class LevelsForm(forms.ModelForm):
    """The steps at which a pool is told."""

    warn_percent = _step("Warn at, %")
    critical_percent = _step("Critical at, %")

    class Meta:
        model = SharePool
        fields = ("warn_percent", "critical_percent")

    def clean(self) -> dict[str, Any]:
        clean = dict(super().clean() or {})
        warn, critical = clean.get("warn_percent"), clean.get("critical_percent")
        if warn and critical and warn >= critical:
            self.add_error("critical_percent", f"Critical comes after the warning, so it is more than {warn} %.")
        return clean
