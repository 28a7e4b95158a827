"""Find what many pasted entries mean, all at once: a few statements however many there are, btree indexes only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import psycopg

from sims.identifiers import CHECKED_ICCID, MIN_ENDING, Wanted, wanted
from sims.lookup import Match, end_of
from sims.models import SimIdentifier
from toolkit.database import set_cursor

# So many SIMs may share a number, or begin or end with it, before we stop counting.
MAX_COUNTED = 250
CANDIDATES = 5
_ICCID = SimIdentifier.Kind.ICCID
Ask = Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]

# How the statements ask on behalf of who may see all SIMs, and of who may see those of some accounts. For the latter a
# text that so many share that not all were looked at stays ambiguous, however few of them are theirs.
OF_ALL = {"sims": "", "mine": "TRUE", "is_cut": "FALSE"}
OF_SOME = {
    "sims": "JOIN sims_sim AS s ON s.id = i.sim_id",
    "mine": "s.account_id = ANY(%(accounts)s::bigint[])",
    "is_cut": "count(*) >= %(limit)s",
}

WHOLE = """
SELECT a.value, i.sim_id, i.kind, i.position, a.wish
FROM unnest(%(values)s::text[], %(forms)s::text[], %(kinds)s::int[], %(wishes)s::int[]) AS a (value, form, kind, wish)
CROSS JOIN LATERAL (
    SELECT n.sim_id, n.kind, n.position FROM sims_simidentifier n
    WHERE n.value = a.form AND (a.kind = 0 OR n.kind = a.kind) LIMIT %(limit)s
) AS i {sims} WHERE {mine}
"""

CHECKED = """
SELECT a.value, i.sim_id, i.kind, i.position, 2
FROM unnest(%(values)s::text[], %(ends)s::text[]) AS a (value, value_end)
CROSS JOIN LATERAL (
    SELECT n.sim_id, n.kind, n.position FROM sims_simidentifier n
    WHERE n.value > a.value AND n.value < a.value_end AND n.kind = %(kind)s AND length(n.value) = %(length)s LIMIT 10
) AS i {sims} WHERE {mine}
"""

PARTLY = """
SELECT a.value, count(DISTINCT i.sim_id) FILTER (WHERE {mine}), {is_cut},
    COALESCE(min(i.match) FILTER (WHERE {mine}), min(i.match)),
    (array_agg(i.sim_id ORDER BY i.match, i.number, i.sim_id) FILTER (WHERE {mine}))[:%(candidates)s * 4],
    (array_agg(i.kind ORDER BY i.match, i.kind, i.position) FILTER (WHERE {mine}))[1],
    (array_agg(i.position ORDER BY i.match, i.kind, i.position) FILTER (WHERE {mine}))[1]
FROM unnest(%(values)s::text[], %(ends)s::text[], %(backwards)s::text[], %(backwards_ends)s::text[])
    AS a (value, value_end, backwards, backwards_end)
CROSS JOIN LATERAL (
    (SELECT 1 AS match, n.value AS number, n.sim_id, n.kind, n.position FROM sims_simidentifier n
    WHERE n.value > a.value AND n.value < a.value_end ORDER BY n.value LIMIT %(limit)s)
    UNION ALL
    (SELECT 2, n.value, n.sim_id, n.kind, n.position FROM sims_simidentifier n
    WHERE reverse(n.value) > a.backwards AND reverse(n.value) < a.backwards_end
    ORDER BY reverse(n.value) LIMIT %(limit)s)
) AS i {sims}
GROUP BY a.value
"""


@dataclass(slots=True)
class Meaning:
    """The SIMs that one text may mean; `kind` and `position` tell by which of the first one's numbers.

    `check_digit` is -1 where one was dropped to find it and +1 where the SIM's own has one more.
    """

    sim_ids: list[int] = field(default_factory=list)
    match: Match = Match.WHOLE
    kind: int | None = None
    position: int = 0
    check_digit: int = 0
    hits: int = 0


def resolve(
    values: Iterable[str], *, whole_only: frozenset[str] = frozenset(), accounts: Collection[int] | None = None
) -> dict[str, Meaning]:
    """What each of `values` (letters and digits only) means; what means nothing is left out.

    With `accounts` only their SIMs are meant.
    """
    asked = {value: wanted(value) for value in values}
    with set_cursor() as cursor:
        ask = _asking(cursor, accounts)
        found = _whole(ask, asked)
        rest = [value for value in asked if value not in found and value not in whole_only]
        found |= _checked(ask, [value for value in rest if len(value) == CHECKED_ICCID - 1 and value.isdigit()])
        found |= _partly(ask, [value for value in rest if value not in found and len(value) >= MIN_ENDING])
    return found


def _asking(cursor: psycopg.Cursor[Any], accounts: Collection[int] | None) -> Ask:
    def ask(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        text = statement.format(**(OF_ALL if accounts is None else OF_SOME))
        return cursor.execute(text.encode(), {**values, "accounts": list(accounts or ())}).fetchall()

    return ask


def _whole(ask: Ask, asked: dict[str, Wanted]) -> dict[str, Meaning]:
    wishes = [(value, form, 0, 0) for value, want in asked.items() for form in want.whole]
    wishes += [(value, want.without_check, int(_ICCID), 1) for value, want in asked.items() if want.without_check]
    if not wishes:
        return {}
    # In the index's order: neighbours are on one page.
    wishes.sort(key=itemgetter(1))
    names = ("values", "forms", "kinds", "wishes")
    columns: dict[str, Any] = {
        name: list(column) for name, column in zip(names, zip(*wishes, strict=True), strict=True)
    }
    return _meanings(ask(WHOLE, {**columns, "limit": MAX_COUNTED + 1}))


def _checked(ask: Ask, values: list[str]) -> dict[str, Meaning]:
    """ICCIDs of 19 digits whose SIM's own has a check digit behind them."""
    if not values:
        return {}
    ends = [end_of(value) for value in values]
    return _meanings(ask(CHECKED, {"values": values, "ends": ends, "kind": int(_ICCID), "length": CHECKED_ICCID}))


def _meanings(rows: list[tuple[Any, ...]]) -> dict[str, Meaning]:
    """Exact spellings before what needed its check digit dropped or added."""
    found: dict[str, Meaning] = {}
    for value, sim_id, kind, position, wish in sorted(rows, key=lambda row: (row[0], row[4], row[2], row[3], row[1])):
        check_digit = (0, -1, 1)[wish]
        meaning = found.setdefault(value, Meaning(kind=kind, position=position, check_digit=check_digit))
        if meaning.check_digit == check_digit and sim_id not in meaning.sim_ids:
            meaning.sim_ids.append(sim_id)
            meaning.hits += 1
    for meaning in found.values():
        del meaning.sim_ids[CANDIDATES:]
    return found


def _partly(ask: Ask, values: list[str]) -> dict[str, Meaning]:
    """What begins or ends with the values."""
    if not values:
        return {}
    values = sorted(values)
    backwards = [value[::-1] for value in values]
    asked = {
        "values": values,
        "ends": [end_of(value) for value in values],
        "backwards": backwards,
        "backwards_ends": [end_of(value) for value in backwards],
        "limit": MAX_COUNTED + 1,
        "candidates": CANDIDATES,
    }
    return {
        value: Meaning(
            list(dict.fromkeys(sim_ids or ()))[:CANDIDATES],
            Match(match),
            kind,
            position,
            hits=max(hits, MAX_COUNTED + 1) if is_cut else hits,
        )
        for value, hits, is_cut, match, sim_ids, kind, position in ask(PARTLY, asked)
        if hits or is_cut
    }
