"""What people keep about one SIM: its tags, the thing it sits in, and the notes one can still change."""

from __future__ import annotations

from dataclasses import dataclass

from sims.models import Note, Place, Sim, Tag
from sims.notes import changeable_notes, place_of
from sims.tags import tags_on
from users.models import User


@dataclass(frozen=True, slots=True)
class Kept:
    giccid: str
    tags: list[Tag]
    place: Place | None
    notes: list[Note]


def kept_on(sim: Sim, user: User) -> Kept:
    """Three queries."""
    return Kept(sim.giccid, tags_on([sim.pk])[sim.pk], place_of(sim), changeable_notes(sim, user))
