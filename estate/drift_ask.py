"""Asking for a comparison of our copy with the carrier."""

from __future__ import annotations

from collections.abc import Mapping
from random import SystemRandom
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.db.models.functions import Now

from estate.models import DriftCheck
from sims import counts
from sims.models import Sim
from users import audit
from users.models import User

USUAL, MOST = 1000, 10_000
WHOLE, SAMPLE = "all", "sample"


class DriftForm(forms.Form):
    """A sample of so many SIMs, or all of them."""

    scope = forms.ChoiceField(choices=[(SAMPLE, "A sample"), (WHOLE, "The whole fleet")], required=False)
    size = forms.IntegerField(
        label="SIMs", required=False, min_value=1, max_value=MOST,
        error_messages={
            "invalid": "A sample is a whole number of SIMs.",
            "min_value": "A sample has at least one SIM.",
            "max_value": "A sample has at most 10,000 SIMs; compare the whole fleet instead.",
        },
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="drift_%s")

    @property
    def sample(self) -> int | None:
        if self.cleaned_data.get("scope") == WHOLE:
            return None
        return self.cleaned_data.get("size") or USUAL


def ask(user: User, *, sample: int | None) -> DriftCheck:
    """A new comparison, or the whole one that is open already."""
    chosen = [] if sample is None else _chosen(sample)
    expected = len(chosen) if sample is not None else counts.total()
    try:
        with transaction.atomic():
            check = DriftCheck.objects.create(
                sample=sample, sim_ids=chosen, expected=expected, requested_by=user, username=user.username
            )
            audit.record(user, "drift.start", str(check), sample=sample, sims=expected)
            return check
    except IntegrityError:
        return DriftCheck.objects.get(sample=None, state__in=DriftCheck.OPEN)


def _chosen(size: int) -> list[int]:
    """Ids of SIMs by chance, in order; the ids of a fleet are dense, so a few draws are enough."""
    ends = Sim.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return []
    ids = range(ends["first"], ends["last"] + 1)
    if len(ids) <= size * 2:
        found = list(Sim.objects.order_by("pk").values_list("pk", flat=True))
        return sorted(SystemRandom().sample(found, min(size, len(found))))
    drawn = SystemRandom().sample(ids, min(len(ids), size * 2))
    found = list(Sim.objects.filter(pk__in=drawn).values_list("pk", flat=True))
    return sorted(SystemRandom().sample(found, min(size, len(found))))


def cancel(check: DriftCheck, user: User) -> bool:
    """End it where it stands; what was compared is kept."""
    with transaction.atomic():
        row = DriftCheck.objects.filter(pk=check.pk, state__in=DriftCheck.OPEN)
        is_ended = bool(row.update(state=DriftCheck.State.CANCELLED, finished_at=Now()))
        if is_ended:
            audit.record(user, "drift.cancel", str(check))
        return is_ended
