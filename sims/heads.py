"""The heads of the list's columns: what sorts, which way, and where a click leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from sims.columns import Column
from sims.filters import Filters
from sims.listing import Listing
from toolkit.templatetags import look

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


def printed(heads: Sequence[Head]) -> SafeString:
    return mark_safe("\n".join(map(_th, heads)))  # noqa: S308 - the addresses are escaped, the rest is ours


def _th(head: Head) -> str:
    classes = f"{head.css}{' sp-num' if head.is_figure else ''}{' is-sorted' if head.sorted_as else ''}"
    arrow = look.icon("arrow-down" if head.sorted_as == "descending" else "arrow-up", "s")
    words = f"{escape(head.title)}{arrow if head.sorted_as else ''}"
    if head.url:
        words = f'<a class="sp-plain" href="{escape(head.url)}">{words}</a>'
    sorted_as = f' aria-sort="{head.sorted_as}"' if head.sorted_as else ""
    return f'<th scope="col" class="{classes}"{sorted_as}>{words}</th>'


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"
