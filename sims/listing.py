"""What stands on a page of the list: its SIMs, how many there are, and what other filters would give."""

from __future__ import annotations

from dataclasses import dataclass, field

from sims.counts import Facets, Filter, facets
from sims.criteria import exactly
from sims.forms import SimListForm
from sims.lookup import Hits, find_sims
from sims.models import Sim
from toolkit.keyset import Page, page_of, page_of_list


@dataclass(slots=True)
class Listing:
    """`hits` is None without a search; `is_capped` says that `facets.total` is only what the search went through."""

    page: Page[Sim]
    facets: Facets
    hits: Hits | None = None
    strange: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.facets.total

    @property
    def is_capped(self) -> bool:
        return self.hits is not None and self.hits.is_capped


def list_sims(form: SimListForm) -> Listing:
    """The page that a list form asks for; what it cannot ask for matches nothing."""
    hits = find_sims(form.search) if form.search else None
    counted = facets(form.asked, sim_ids=None if hits is None else hits.sim_ids)
    strange = _strange(form.asked, counted) if hits is None else []
    if form.is_impossible:
        counted.total = 0
    page: Page[Sim] = Page([])
    if counted.total and hits is None:
        page = page_of(
            exactly(form.asked).for_list(),
            key="giccid",
            size=form.page_size,
            after=form.cursor("after"),
            before=form.cursor("before"),
        )
    elif counted.total and hits is not None:
        page = _page_of_hits(form, hits)
    return Listing(page=page, facets=counted, hits=hits, strange=strange)


def _page_of_hits(form: SimListForm, hits: Hits) -> Page[Sim]:
    """Best first, so the order is the search's; at most `lookup.MAX_HITS`, all in hand."""
    giccids = dict(exactly(form.asked).filter(pk__in=hits.sim_ids).values_list("pk", "giccid"))
    order = [giccids[pk] for pk in hits.sim_ids if pk in giccids]
    page = page_of_list(order, size=form.page_size, after=form.cursor("after"), before=form.cursor("before"))
    found = {sim.giccid: sim for sim in Sim.objects.for_list().filter(giccid__in=page.rows)}
    return Page([found[giccid] for giccid in page.rows if giccid in found], after=page.after, before=page.before)


def _strange(asked: Filter, counted: Facets) -> list[str]:
    """Values of the filter that no SIM has ever had."""
    known = {*counted.statuses, *Sim.Status.values}
    said = [f"No SIM has the status “{status}”." for status in asked.statuses if status not in known]
    return said + [
        f"No SIM has the package “{package}”."
        for package in asked.packages
        if package and package not in counted.packages
    ]
