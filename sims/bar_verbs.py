"""The verbs of the selection bar, each with how many SIMs it would touch by their status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sims.changes.legality import legal_from
from sims.counts import Facets
from sims.models import Verb

SHOWN = (Verb.ACTIVATE, Verb.SUSPEND, Verb.RETIRE)


@dataclass(frozen=True, slots=True)
class BarVerb:
    """`number` is of everything that matches, None where that is not counted; the page counts the ticked ones."""

    value: str
    label: str
    statuses: tuple[str, ...]
    number: int | None

    @property
    def is_final(self) -> bool:
        return self.value == Verb.RETIRE


def bar_verbs(counted: Facets, asked: Sequence[str] = ()) -> list[BarVerb]:
    """For a list; `asked` are the statuses it is filtered by."""
    if counted.is_capped or counted.is_partial:
        return verbs_of(None)
    return verbs_of({status: n for status, n in counted.statuses.items() if not asked or status in asked})


def verbs_of(statuses: Mapping[str, int] | None) -> list[BarVerb]:
    """For SIMs of these statuses."""
    return [BarVerb(verb.value, str(verb.label), legal_from(verb), _number(verb, statuses)) for verb in SHOWN]


def _number(verb: Verb, statuses: Mapping[str, int] | None) -> int | None:
    if statuses is None:
        return None
    return sum(n for status, n in statuses.items() if status in legal_from(verb))
