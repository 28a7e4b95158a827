from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from sims.models import Export

NOT_A_KIND = "A file is CSV or XLSX."


class ExportForm(forms.Form):
    """Which kind of file; nothing yet, when the page that asks is opened."""

    format = forms.CharField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def clean_format(self) -> str:
        kind = str(self.cleaned_data["format"]).lower()
        if kind and kind not in Export.Format.values:
            raise ValidationError(NOT_A_KIND)
        return kind

    @property
    def kind(self) -> str:
        return str(self.cleaned_data.get("format", ""))

    @property
    def messages(self) -> list[str]:
        return [NOT_A_KIND] if self.errors else []


class ExportListForm(forms.Form):
    """Which page of the exports: those older than `after`, or newer than `before`."""

    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def cursor(self, name: str) -> int | str:
        return self.cleaned_data.get(name) or ""

    @property
    def messages(self) -> list[str]:
        return ["The address of these exports is damaged, so the newest stand here."] if self.errors else []
