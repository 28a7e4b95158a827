"""The heads of the list's columns: what sorts, which way, and where a click leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sims.columns import Column
from sims.filters import Filters
from sims.listing import Listing

# The side one wants to see first: the newest, the hungriest, the next to end.
FIRST = {"activated": "-activated", "usage": "-usage"}


@dataclass(frozen=True, slots=True)
class Head:
    """`sorted_as` is the word of `aria-sort`; an empty `url` cannot be sorted by here."""

    title: str
    css: str
    is_figure: bool
    url: str = ""
    sorted_as: str = ""


def heads_of(columns: Sequence[Column], listing: Listing, filters: Filters) -> list[Head]:
    return [_head(column, listing, filters) for column in columns]


def _head(column: Column, listing: Listing, filters: Filters) -> Head:
    current = listing.order.name
    is_current = bool(column.sort) and current.removeprefix("-") == column.sort
    first = FIRST.get(column.sort, column.sort)
    name = _turned(current) if is_current else first
    return Head(
        title=column.title,
        css=column.css,
        is_figure=column.is_figure,
        url=filters.url(sort=name) if column.sort and name in listing.sorts else "",
        sorted_as=("descending" if listing.order.descends else "ascending") if is_current else "",
    )


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"
