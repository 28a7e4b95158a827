"""What a person has ticked on the list: some SIMs by ICCID, or everything that its filters match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict

from sims.models import Sim, SimQuerySet
from sims.scope import sims_of
from sims.selection import Selection
from smarthub.operations import GICCID_PATTERN
from users.models import User

MOST_TICKED = 1000


@dataclass
class Chosen:
    """The selection bar's form: `sim` (several), or `everything` with the list's `query`."""

    giccids: list[str]
    is_everything: bool
    query: str
    user: User

    @classmethod
    def from_post(cls, post: QueryDict, user: User) -> Chosen:
        ticked = [text for text in post.getlist("sim") if re.fullmatch(GICCID_PATTERN, text)]
        return cls(list(dict.fromkeys(ticked)), bool(post.get("everything")), post.get("query", ""), user)

    @cached_property
    def selection(self) -> Selection:
        return Selection.from_query(QueryDict(self.query), self.user)

    @cached_property
    def sims(self) -> SimQuerySet:
        """The ticked ones that this person may see, in no order."""
        return sims_of(Sim.objects.filter(giccid__in=self.giccids), self.user)

    @property
    def errors(self) -> list[str]:
        if self.is_everything:
            return self.selection.errors
        if not self.giccids:
            return ["No SIM was ticked, so nothing was changed."]
        if len(self.giccids) > MOST_TICKED:
            return [f"At most {MOST_TICKED:,} SIMs can be ticked one by one; choose everything that matches instead."]
        return []
