"""A set of SIMs chosen by the list's query string: what list, export, verify, tagging and batches work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict

from sims import counts
from sims.criteria import Criteria, matching
from sims.filters import words_of
from sims.forms import SimListForm
from sims.lookup import find_sims
from sims.models import Sim, SimQuerySet
from sims.scope import account_names_of
from users.models import User


@dataclass
class Selection:
    """The SIMs under some filters that this person may see, asked anew each time.

    A filter that cannot be read chooses none and says so.
    Free text counts as the list counts it: the first `lookup.MAX_HITS` SIMs that it may mean.
    """

    form: SimListForm
    query_string: str

    @classmethod
    def from_query(cls, query: QueryDict, user: User) -> Selection:
        return cls(SimListForm(query, accounts=account_names_of(user), user=user), query.urlencode())

    @property
    def errors(self) -> list[str]:
        """What could not be read, for people; the selection is empty then."""
        return self.form.messages if self.form.is_impossible else []

    @cached_property
    def criteria(self) -> Criteria:
        if not self.form.search:
            return self.form.criteria()
        return self.form.criteria(find_sims(self.form.search, accounts=self.form.scope).sim_ids)

    def queryset(self) -> SimQuerySet:
        """In no order."""
        return Sim.objects.none() if self.errors else matching(self.criteria)

    def ids_in_chunks(self, size: int) -> Iterator[list[int]]:
        """By id, each SIM at most once however long it takes and whatever changes meanwhile."""
        last = 0
        rows = self.queryset().order_by("pk").values_list("pk", flat=True)
        while chunk := list(rows.filter(pk__gt=last)[:size]):
            yield chunk
            last = chunk[-1]

    def count(self, cap: int | None = None) -> int:
        """How many; at most `cap`. Exact filters are never counted by going through the SIMs."""
        if self.errors:
            return 0
        if self.criteria.is_exact:
            total = counts.facets(self.criteria.exact).total
            return total if cap is None else min(cap, total)
        rows = self.queryset().values("pk")
        return (rows if cap is None else rows[:cap]).count()

    def words(self) -> str:
        """The filters in words: Status Suspended, Account halden-dach; "all SIMs" without any."""
        told = [f"{title} {', '.join(values)}" for title, values in words_of(self.form).items() if values]
        return "; ".join(told) or "all SIMs"
