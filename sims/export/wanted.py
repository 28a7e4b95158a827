"""What is asked for: which SIMs, which columns, which kind of file, and whether it can be sent at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict

from sims.export.columns import Cells, cells_of
from sims.export.files import MAX_SHEET_ROWS
from sims.models import Export, Sim, SimQuerySet
from sims.scope import sims_of
from sims.selection import Selection
from toolkit.figures import count, plural
from users.models import User

# More than this is made in the background.
AT_ONCE = {Export.Format.CSV: 50_000, Export.Format.XLSX: 10_000}
# What the address says beside the filters: how the list is shown, not which SIMs are in it.
NOT_FILTERS = ("format", "after", "before", "rows", "go", "sort", "view", "column")


@dataclass
class Wanted:
    """A file of the SIMs under a list's query string, or of those ticked among them."""

    user: User
    query: str
    columns: list[str]
    giccids: tuple[str, ...] = ()

    @classmethod
    def of(cls, user: User, query: QueryDict, *, columns: list[str], giccids: list[str]) -> Wanted:
        asked = query.copy()
        for name in NOT_FILTERS:
            asked.pop(name, None)
        return cls(user, asked.urlencode(), columns, tuple(giccids))

    @cached_property
    def selection(self) -> Selection:
        return Selection.from_query(QueryDict(self.query), self.user)

    @property
    def cells(self) -> list[Cells]:
        return cells_of(self.columns)

    def sims(self) -> SimQuerySet:
        if self.giccids:
            return sims_of(Sim.objects.filter(giccid__in=self.giccids), self.user)
        return self.selection.queryset()

    @cached_property
    def total(self) -> int:
        """How many, counted no further than one more than a sheet holds where that means going through the SIMs."""
        if self.giccids:
            return self.sims().count()
        return self.selection.count(None if self._is_counted else MAX_SHEET_ROWS + 1)

    @property
    def _is_counted(self) -> bool:
        return not self.errors and self.selection.criteria.is_exact

    @property
    def is_more(self) -> bool:
        """Whether there may be more than `total`."""
        return not self.giccids and not self._is_counted and self.total > MAX_SHEET_ROWS

    @property
    def total_words(self) -> str:
        return f"{count(MAX_SHEET_ROWS)}+" if self.is_more else count(self.total)

    @property
    def words(self) -> str:
        """Which SIMs, as a person would say it."""
        return f"{plural(len(self.giccids), 'SIM', 'SIMs')} ticked" if self.giccids else self.selection.words()

    @property
    def errors(self) -> list[str]:
        return [] if self.giccids else self.selection.errors

    def is_too_big(self, kind: str) -> bool:
        return kind == Export.Format.XLSX and self.total > MAX_SHEET_ROWS

    def is_at_once(self, kind: str) -> bool:
        return self.total <= AT_ONCE[Export.Format(kind)]

    def why_not(self, kind: str) -> str:
        if not self.is_too_big(kind):
            return ""
        return f"A sheet holds {count(MAX_SHEET_ROWS)} SIMs at most, and these are {self.total_words}: take CSV."
