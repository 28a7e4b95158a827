"""What a person decides on an entry that was ambiguous or damaged."""

from __future__ import annotations

from django.db import transaction

from sims.models import SimIdentifier, WorkingSet, WorkingSetItem

Verdict = WorkingSetItem.Verdict


@transaction.atomic
def take(*, kept: WorkingSet, place: int, sim_id: int) -> WorkingSetItem | None:
    """Let the entry at `place` mean one of its candidates; None when it is no candidate of it (any more).

    A SIM that another entry has already found makes this one its repeat. Writes the item.
    """
    WorkingSet.objects.select_for_update().defer("text").get(pk=kept.pk)
    item = kept.items.filter(place=place, verdict__in=(Verdict.AMBIGUOUS, Verdict.DAMAGED)).first()
    if item is None or sim_id not in item.candidates:
        return None
    before = kept.items.filter(verdict=Verdict.FOUND, sim=sim_id).first()
    changed: dict[str, object] = {"sim_id": sim_id, "verdict": Verdict.FOUND, "how": "picked by hand", "hits": 1}
    if item.verdict == Verdict.DAMAGED:
        changed |= {"how": "mended"}
    if before:
        changed |= {"verdict": Verdict.REPEATED, "how": "", "repeats_line": before.line}
    kept.items.filter(place=place).update(**changed, kind=item.kind or SimIdentifier.Kind.ICCID)
    return kept.items.select_related("sim").get(place=place)
