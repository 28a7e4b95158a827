"""How many SIMs of a selection each verb would touch, by their status alone; the dry run looks closer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from batches.kinds import KINDS, Kind
from sims.models import SimQuerySet
from toolkit.figures import count, plural


@dataclass(frozen=True, slots=True)
class Touched:
    """A verb beside a selection: "Activate 37…", and why none where it is none."""

    kind: Kind
    number: int
    total: int

    @property
    def value(self) -> str:
        return self.kind.value

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def words(self) -> str:
        """34 of 37 SIMs, by their status."""
        if self.number == self.total:
            return f"all {plural(self.total, 'SIM', 'SIMs')}" if self.total > 1 else "the SIM"
        return f"{count(self.number)} of {plural(self.total, 'SIM', 'SIMs')}" if self.number else self.why_none

    @property
    def why_none(self) -> str:
        return f"None of {plural(self.total, 'SIM', 'SIMs')}: not from their status."


def statuses_of(sims: SimQuerySet) -> dict[str, int]:
    """How many SIMs have which status; one query through all of them."""
    return dict(sims.values_list("status").annotate(n=Count("pk")).order_by("status"))


def touched_by(statuses: Mapping[str, int]) -> list[Touched]:
    total = sum(statuses.values())
    return [Touched(kind, _legal(kind, statuses), total) for kind in KINDS.values()]


def _legal(kind: Kind, statuses: Mapping[str, int]) -> int:
    legality = kind.legality
    return sum(n for status, n in statuses.items() if legality.get(status) == "")
