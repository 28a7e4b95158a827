from __future__ import annotations

import re

from django import forms
from django.http import QueryDict

from batches.models import Batch, BatchItem, BatchItemQuerySet
from batches.report import AT_CARRIER
from sims.identifiers import compact

MOST_PLACE = 2**31 - 1
DAMAGED = "The address of these items is damaged, so all of them stand here."
Verdict, State = BatchItem.Verdict, BatchItem.State


class ItemsForm(forms.Form):
    """Which items of a batch: those of a verdict or of a state, of an ICCID, from a place on."""

    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    state = forms.ChoiceField(choices=State.choices, required=False)
    q = forms.CharField(required=False, max_length=64)
    after = forms.IntegerField(min_value=0, max_value=MOST_PLACE, required=False)
    before = forms.IntegerField(min_value=1, max_value=MOST_PLACE, required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id=False)
        self.full_clean()

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def cursor(self, name: str) -> int | str:
        found: int | None = self.cleaned_data.get(name)
        return found if found is not None else ""

    @property
    def messages(self) -> list[str]:
        return [DAMAGED] if self.errors else []

    def items(self, batch: Batch) -> BatchItemQuerySet:
        """In no order. A state means what became of those that the plan is about."""
        rows = BatchItem.objects.filter(batch=batch)
        verdict, state = self.value("verdict"), self.value("state")
        if verdict == Verdict.STALE:
            rows = rows.filter(is_stale=True)
        elif verdict:
            rows = rows.filter(verdict=verdict)
        if state:
            rows = rows.filter(state__in=AT_CARRIER if state == State.ACCEPTED else [state])
        if state == State.SKIPPED and not verdict:
            rows = rows.filter(verdict=Verdict.WILL_CHANGE)
        return self._searched(rows)

    def _searched(self, rows: BatchItemQuerySet) -> BatchItemQuerySet:
        text = compact(self.value("q"))
        if not text:
            return rows
        if not re.fullmatch(r"[0-9A-Z]+", text):
            return rows.none()
        return rows.ending_in(text)
