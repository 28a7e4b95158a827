"""The orders a list can stand in, and pages of them by keyset: never OFFSET, never a sort of the whole fleet.

A SIM's place is (column, id); those without a value come last, in either direction. One direction is the other's
index read backwards. Rows come out of one of four sources: the whole fleet, the cells (or accounts) that match an
exact filter, each in order and merged, the few hits of any other filter, or its many, in ICCID order only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sims import counts
from sims.counts import Filter
from sims.models import SimQuerySet
from sims.rows import SimRow, rows_at
from toolkit.database import named_sql
from toolkit.keyset import Page

PARTS = "~"
MAX_CELLS = 2_000


@dataclass(frozen=True, slots=True)
class Order:
    """`name` stands in the address; `read` turns a cursor's text into a value of the column."""

    name: str
    title: str
    column: str
    words: str
    read: Callable[[str], Any] = str
    is_unique: bool = False
    descends: bool = False


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or number.adjusted() > 18:
        raise ValueError(text)
    return number


_COLUMNS = (
    ("iccid", "ICCID", "giccid", ("ICCID", "ICCID, last first"), str),
    ("activated", "Activated", "activated_at", ("activation, oldest first", "activation, newest first"), _moment),
    ("plan_end", "Plan ends", "package_ends_at", ("plan end, next first", "plan end, latest first"), _moment),
    ("usage", "Data, this cycle", "data_usage_mb", ("data used, least first", "data used, most first"), _number),
)
ORDERS = {
    f"{'-' if descends else ''}{name}": Order(
        name=f"{'-' if descends else ''}{name}",
        title=title,
        column=column,
        words=words[descends],
        read=read,
        is_unique=name == "iccid",
        descends=descends,
    )
    for name, title, column, words, read in _COLUMNS
    for descends in (False, True)
}
ICCID = ORDERS["iccid"]


def is_indexed(order: Order, asked: Filter) -> bool:
    """Whether the whole answer to an exact filter has this order by an index, however long it is."""
    groups = (asked.accounts, asked.statuses, asked.packages)
    if order.is_unique:
        return True
    if asked.missing is not None or any(len(group) > 1 for group in groups):
        return False
    return order.column == "activated_at" or not (asked.statuses or asked.packages)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the value of its last row (None: it has none) and that row's id."""

    value: Any
    sim_id: int = 0

    def written(self, order: Order) -> str:
        """As a cursor; in ICCID order it is the ICCID, which is a place in both directions."""
        if order.is_unique:
            return str(self.value)
        text = "" if self.value is None else getattr(self.value, "isoformat", self.value.__str__)()
        return PARTS.join((order.name, str(self.sim_id), text))


def place_of(cursor: str, order: Order) -> Place | None:
    """None when it is of another order, or no cursor at all."""
    if order.is_unique:
        return Place(cursor) if cursor.isalnum() else None
    name, _, rest = cursor.partition(PARTS)
    sim_id, _, text = rest.partition(PARTS)
    if name != order.name or not sim_id.isascii() or not sim_id.isdigit() or len(sim_id) > 18:
        return None
    try:
        return Place(order.read(text) if text else None, int(sim_id))
    except (ValueError, InvalidOperation, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a page's rows come from: SQL put before it, its FROM with `{arm}` for a page of one part, and values."""

    head: str = ""
    each: str = "{arm}"
    where: str = "TRUE"
    table: str = "sims_sim"
    values: dict[str, Any] | None = None


WHOLE = Source()

_MISSING = {None: "TRUE", True: "s.missing_since IS NOT NULL", False: "s.missing_since IS NULL"}

_EACH_ACCOUNT = """SELECT part.* FROM (SELECT id FROM enterprise_account) AS cell
CROSS JOIN LATERAL ({arm} s.account_id = cell.id {end}) AS part
UNION ALL ({arm} s.account_id IS NULL {end})"""

_EACH_OF_SCOPE = """SELECT part.* FROM unnest(%(scope)s::bigint[]) AS cell (id)
CROSS JOIN LATERAL ({arm} s.account_id = cell.id {end}) AS part"""

_EACH_CELL = """SELECT part.* FROM cells AS cell
CROSS JOIN LATERAL ({arm} s.account_id = cell.account_id AND s.status = cell.status AND s.package = cell.package {end})
AS part WHERE cell.account_id <> 0
UNION ALL SELECT part.* FROM cells AS cell
CROSS JOIN LATERAL ({arm} s.account_id IS NULL AND s.status = cell.status AND s.package = cell.package {end})
AS part WHERE cell.account_id = 0"""


def accounts(scope: Sequence[int] | None = None) -> Source:
    """The whole fleet account by account, or these accounts of it."""
    if scope is None:
        return Source(each=_EACH_ACCOUNT)
    return Source(each=_EACH_OF_SCOPE, values={"scope": list(scope)})


def of_account(account_id: int) -> Source:
    """One account, or the SIMs of none."""
    if account_id == counts.NO_ACCOUNT:
        return Source(where="s.account_id IS NULL")
    return Source(where="s.account_id = %(account)s", values={"account": account_id})


def cells(asked: Filter) -> Source:
    """The cells of `SimCount` that match; each is in order by an index."""
    return Source(
        head=f"WITH cells AS MATERIALIZED ({counts.CELLS})",
        each=_EACH_CELL,
        where=_MISSING[asked.missing],
        values=counts.values_of(asked),
    )


def walked(asked: Filter) -> Source:
    """The whole fleet in order, or one value's SIMs by its index; of what else is asked for, those that match."""
    where = [_MISSING[asked.missing]]
    within = list(asked.within)
    if within == [counts.NO_ACCOUNT]:
        where.append("s.account_id IS NULL")
    elif within:
        column = "s.account_id" if len(within) == 1 else "COALESCE(s.account_id, 0)"
        where.append(_among(column, "%(accounts)s::bigint[]", len(within)))
    if asked.statuses:
        where.append(_among("s.status", "%(statuses)s::text[]", len(asked.statuses)))
    if asked.packages:
        where.append(_among("s.package", "%(packages)s::text[]", len(asked.packages)))
    return Source(where=" AND ".join(where), values=counts.values_of(asked) | {"accounts": within})


def _among(column: str, chosen: str, how_many: int) -> str:
    """An index that begins with the column has the order only where it is compared by `=`."""
    return f"{column} = ({chosen})[1]" if how_many == 1 else f"{column} = ANY({chosen})"


def hits(rows: SimQuerySet, order: Order, limit: int) -> Source:
    """The answer to any filter, `limit` rows at most; sorted in memory."""
    text, values = named_sql(rows.order_by().values_list("id", order.column)[:limit])
    return Source(head=f"WITH hits AS MATERIALIZED ({text})", table="hits", values=values)


def picked(rows: SimQuerySet, order: Order) -> Source:
    """The same, however long it is: an index that has the order is walked, and those that match are picked out."""
    text, values = named_sql(rows.order_by().values_list("id", order.column))
    return Source(table=f"({text})", values=values)


def page_in_order(
    source: Source, order: Order, *, size: int, after: Place | None, before: Place | None
) -> Page[SimRow]:
    """The SIMs behind `after` or in front of `before`; one query."""
    is_backward = before is not None and after is None
    places, by, values = _query(source, order, after or before, is_backward)
    found = rows_at(places, {**values, **(source.values or {}), "limit": size + 1}, by=by, head=source.head)
    has_more, shown = len(found) > size, found[:size]
    if is_backward:
        shown.reverse()
    edges = _edges(shown, order) if shown else (after or before or Place(None),) * 2
    return Page(
        rows=shown,
        after=edges[1].written(order) if has_more or is_backward else "",
        before=edges[0].written(order) if (has_more if is_backward else after) else "",
    )


def _edges(shown: Sequence[SimRow], order: Order) -> tuple[Place, Place]:
    first, last = (Place(getattr(row, order.column), row.pk) for row in (shown[0], shown[-1]))
    return first, last


def _query(source: Source, order: Order, place: Place | None, is_backward: bool) -> tuple[str, str, dict[str, Any]]:
    """One arm for the SIMs with a value, one for those without, whichever lie behind the place; and their order."""
    descends = order.descends != is_backward
    way = "DESC" if descends else "ASC"
    beyond = "<" if descends else ">"
    arms = [
        _arm(source, order, number, condition, way)
        for number, condition in enumerate(_conditions(order, place, beyond, is_backward))
    ]
    by = f"place.arm, place.value {way}, place.id {way}"
    sql = f"SELECT arm, id, value FROM ({' UNION ALL '.join(arms)}) AS place ORDER BY {by} LIMIT %(limit)s"
    return sql, by, {"value": place.value, "sim_id": place.sim_id} if place else {}


def _conditions(order: Order, place: Place | None, beyond: str, is_backward: bool) -> list[str]:
    if order.is_unique:
        return [f"s.{order.column} {beyond} %(value)s" if place else "TRUE"]
    valued, none = f"s.{order.column} IS NOT NULL", f"s.{order.column} IS NULL"
    if place is None:
        return [valued, none]
    if place.value is None:
        rest = f"{none} AND s.id {beyond} %(sim_id)s"
        return [rest, valued] if is_backward else [rest]
    rest = f"(s.{order.column}, s.id) {beyond} (%(value)s, %(sim_id)s)"
    return [rest] if is_backward else [rest, none]


def _arm(source: Source, order: Order, number: int, condition: str, way: str) -> str:
    by = f"s.{order.column} {way}" + ("" if order.is_unique else f", s.id {way}")
    start = (
        f"SELECT {number} AS arm, s.id, s.{order.column} AS value FROM {source.table} AS s "
        f"WHERE {condition} AND {source.where}"
    )
    end = f"ORDER BY {by} LIMIT %(limit)s"
    if source.each == "{arm}":
        return f"({start} {end})"
    return f"({source.each.format(arm=f'{start} AND', end=end)})"
