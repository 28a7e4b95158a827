"""What people keep about one SIM: its tags, the thing it sits in, and the notes one can still change."""

from __future__ import annotations

from functools import cached_property

from sims.models import Note, Place, Sim, Tag
from sims.notes import changeable_notes
from sims.tags import tags_on
from users.models import User


class Kept:
    """Each part is one query at most, and none for what a fragment does not print."""

    def __init__(self, sim: Sim, user: User) -> None:
        self.sim, self.user, self.giccid = sim, user, sim.giccid

    @cached_property
    def tags(self) -> list[Tag]:
        return tags_on([self.sim.pk])[self.sim.pk]

    @cached_property
    def place(self) -> Place | None:
        return getattr(self.sim, "place", None)

    @cached_property
    def notes(self) -> list[Note]:
        return changeable_notes(self.sim, self.user)
