"""What stands on a page of the list: its SIMs in order, how many there are, and what other filters would give."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod

from sims import order as orders
from sims.counts import CAP, Facets, Filter, capped_facets, facets
from sims.criteria import Criteria, matching, soonest_found
from sims.forms import DAMAGED_CURSOR, SimListForm
from sims.lookup import Hits, find_sims
from sims.models import Sim
from sims.order import ICCID, ORDERS, Order, Place, Source, is_indexed, page_in_order, place_of
from sims.rows import SimRow, rows_of
from toolkit.keyset import Page, page_of_list

# The groups that are not exact, as the fields of `Criteria`.
FIELDS = {
    "tag": "tags", "po": "pos", "usage": "usage", "activated": "activated", "plan_end": "plan_end",
    "no_device": "no_device", "changed": "changed_since", "set": "sets",
}  # fmt: skip
MOST_TO_DROP = 4
NO_FILTER = Criteria()
BEST_FIRST = Order("", "", "", "how well they match")


@dataclass(slots=True)
class Listing:
    """`hits` is None without a search; `order` is what the page stands in, whatever was asked for.

    `fleet` is the number of all SIMs, None where counting this filter has not told it.
    `sorts` are the orders on offer: above `CAP` hits of a filter without an index for it, only ICCID order.
    """

    page: Page[SimRow]
    facets: Facets
    order: Order = ICCID
    sorts: frozenset[str] = frozenset()
    hits: Hits | None = None
    strange: list[str] = field(default_factory=list)
    fleet: int | None = None

    @classmethod
    def empty(cls) -> Listing:
        """For telling an address apart from what it finds."""
        return cls(Page([]), Facets())

    @property
    def total(self) -> int:
        return self.facets.total

    @property
    def is_capped(self) -> bool:
        return self.facets.is_capped or (self.hits is not None and self.hits.is_capped)


def list_sims(form: SimListForm) -> Listing:
    """The page that a list form asks for; what it cannot ask for matches nothing."""
    hits = find_sims(form.search, accounts=form.scope) if form.search else None
    asked = form.criteria(None if hits is None else hits.sim_ids)
    counted = _counted(asked)
    listing = Listing(Page([]), counted, hits=hits)
    if form.is_impossible:
        counted.total = 0
    if asked.is_exact:
        listing.fleet = counted.whole
        listing.strange = _strange(asked.exact, counted)
    elif not counted.total:
        counted.without |= _without_others(form, asked)
    listing.sorts = _sorts(asked, counted)
    listing.order = _order(form, listing)
    if counted.total:
        listing.page = _page(form, asked, listing)
    return listing


def _counted(asked: Criteria) -> Facets:
    if asked.is_exact:
        return facets(asked.exact)
    others = replace(asked, exact=Filter(scope=asked.exact.scope))
    return capped_facets(asked.exact, soonest_found(others), both=lambda: matching(asked))


def _without_others(form: SimListForm, asked: Criteria) -> dict[str, int]:
    """What dropping a filter that is not exact gives; a query for each of the first few."""
    if asked.sim_ids is not None:
        return {}
    names = [name for name in FIELDS if form.cleaned_data.get(name)][:MOST_TO_DROP]
    return {name: _total(replace(asked, **{FIELDS[name]: getattr(NO_FILTER, FIELDS[name])})) for name in names}


def _total(asked: Criteria) -> int:
    return facets(asked.exact).total if asked.is_exact else matching(asked).order_by().values("pk")[: CAP + 1].count()


def _sorts(asked: Criteria, counted: Facets) -> frozenset[str]:
    few = counted.total <= CAP and not counted.is_capped
    return frozenset(
        name
        for name, order in ORDERS.items()
        if few or order.is_unique or (asked.is_exact and is_indexed(order, asked.exact))
    )


def _order(form: SimListForm, listing: Listing) -> Order:
    """The order asked for; when there is none such, or it is not on offer, the page says so."""
    usual = BEST_FIRST if listing.hits is not None else ICCID
    if not form.order:
        return usual
    if form.order not in ORDERS:
        listing.strange.append("There is no such order, so the usual one stands here.")
        return usual
    if form.order not in listing.sorts and listing.total:
        words = ORDERS[form.order].words
        listing.strange.append(f"More than {CAP:,} SIMs match, too many to sort by {words}: they stand by ICCID.")
        return usual
    return ORDERS[form.order]


def _page(form: SimListForm, asked: Criteria, listing: Listing) -> Page[SimRow]:
    if listing.hits is not None and listing.order == BEST_FIRST:
        return _page_of_hits(form, asked, listing)
    after, before = _places(form, listing)
    return page_in_order(_source(asked, listing), listing.order, size=form.page_size, after=after, before=before)


def _places(form: SimListForm, listing: Listing) -> tuple[Place | None, Place | None]:
    written = {name: form.cursor(name) for name in ("after", "before")}
    places = {name: place_of(cursor, listing.order) if cursor else None for name, cursor in written.items()}
    if any(cursor and not places[name] for name, cursor in written.items()):
        listing.strange.append(DAMAGED_CURSOR)
        return None, None
    return places["after"], places["before"]


def _is_walked(asked: Filter, listing: Listing) -> bool:
    """Whether ICCID order is had by walking an index of ICCIDs, not by merging cells."""
    groups = (asked.within, asked.statuses, asked.packages)
    is_simple = sum(map(len, groups)) <= 1 or asked.missing is True
    return is_simple or _cells(listing.facets, asked) > orders.MAX_CELLS


def _cells(counted: Facets, asked: Filter) -> int:
    """No fewer than the cells that match."""
    groups = (
        (asked.accounts, counted.accounts),
        (asked.statuses, counted.statuses),
        (asked.packages, counted.packages),
    )
    return prod(len(chosen) or sum(map(bool, counts.values())) for chosen, counts in groups)


def _source(asked: Criteria, listing: Listing) -> Source:
    exact, order = asked.exact, listing.order
    if not asked.is_exact and order.is_unique and listing.is_capped:
        return orders.picked(matching(asked), order)
    if not asked.is_exact or not is_indexed(order, exact):
        return orders.hits(matching(asked), order, CAP + 1)
    if order.is_unique:
        return orders.walked(exact) if _is_walked(exact, listing) else orders.cells(exact)
    if order.column != "activated_at":
        return orders.of_account(exact.accounts[0]) if exact.accounts else orders.accounts(exact.scope)
    if not exact and exact.scope is None:
        return orders.WHOLE
    return orders.cells(exact) if _cells(listing.facets, exact) <= orders.MAX_CELLS else orders.walked(exact)


def _page_of_hits(form: SimListForm, asked: Criteria, listing: Listing) -> Page[SimRow]:
    """Best first, so the order is the search's; at most `lookup.MAX_HITS`, all in hand; cursors are row ids."""
    ids = listing.hits.sim_ids if listing.hits else []
    if asked != Criteria(sim_ids=asked.sim_ids, account_ids=asked.account_ids):
        left = set(matching(asked).values_list("pk", flat=True))
        ids = [pk for pk in ids if pk in left]
    keys, cursors = [str(pk) for pk in ids], {name: form.cursor(name) for name in ("after", "before")}
    if any(cursor and cursor not in keys for cursor in cursors.values()):
        listing.strange.append(DAMAGED_CURSOR)
    page = page_of_list(keys, size=form.page_size, **cursors)
    return Page(rows_of([int(pk) for pk in page.rows]), after=page.after, before=page.before)


def _strange(asked: Filter, counted: Facets) -> list[str]:
    """Values of the filter that no SIM has ever had."""
    known = {*counted.statuses, *Sim.Status.values}
    said = [f"No SIM has the status “{status}”." for status in asked.statuses if status not in known]
    return said + [
        f"No SIM has the package “{package}”."
        for package in asked.packages
        if package and package not in counted.packages
    ]
