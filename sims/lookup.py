"""Find SIMs by any identifier of any of their devices: whole, its beginning, its last characters, or any part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from django.db import connection

from sims.identifiers import Wanted, wanted
from sims.inside import MIN_INSIDE, inside
from sims.models import SimIdentifier
from toolkit.database import array_of

MAX_HITS = 10_000

# Prefixes are ranges: a prepared LIKE can go generic and scan the table.
COLUMNS = "sim_id, kind, position, value"
WHOLE = f"SELECT 0, {COLUMNS} FROM sims_simidentifier WHERE value = %s LIMIT %s"
WITHOUT_CHECK = f"SELECT 0, {COLUMNS} FROM sims_simidentifier WHERE value = %s AND kind = %s LIMIT %s"
BEGINNING = f"SELECT 1, {COLUMNS} FROM sims_simidentifier WHERE value > %s AND value < %s ORDER BY value LIMIT %s"
ENDING = f"""SELECT 2, {COLUMNS} FROM sims_simidentifier
WHERE reverse(value) > %s AND reverse(value) < %s ORDER BY reverse(value) LIMIT %s"""

AMONG = "SELECT id FROM sims_sim WHERE id = ANY(%s::bigint[]) AND account_id = ANY(%s::bigint[])"


class Match(IntEnum):
    WHOLE = 0
    BEGINNING = 1
    ENDING = 2
    INSIDE = 3


class Hit(NamedTuple):
    """One number of a SIM that matches; they sort best first."""

    match: int
    sim_id: int
    kind: int
    position: int
    value: str


@dataclass(frozen=True, slots=True)
class Hits:
    """SIM ids, best first; `is_capped` when there are more than were asked for."""

    sim_ids: list[int]
    is_capped: bool = False
    best: Match | None = None


def find_sims(text: str, *, limit: int = MAX_HITS, accounts: Collection[int] | None = None) -> Hits:
    """The SIMs that `text` may mean: whole identifiers first, then beginnings, then endings of 4 and more.

    With `accounts`, of the first `limit` those in these accounts.

    Where none of these hits, any part of 6 characters and more does. Blanks, dashes, a leading + or 00, padding and
    a check digit too many do not matter. Any input has an answer.
    """
    asked = wanted(text)
    found = find_numbers(asked, limit=limit + 1)
    rows = of_accounts(found, accounts)
    if not rows:
        found = _inside(asked, limit + 1)
        rows = of_accounts(found, accounts)
    return _hits(rows, limit, is_cut=_is_cut(found, limit))


def find_numbers(asked: Wanted, *, limit: int) -> list[Hit]:
    """The numbers that are, begin or end as asked for, best first; at most `limit` of each sort."""
    if not asked:
        return []
    branches, values = _branches(asked, limit)
    return _rows(" UNION ALL ".join(f"({branch})" for branch in branches), values)


def of_accounts(hits: list[Hit], accounts: Collection[int] | None) -> list[Hit]:
    """Those of SIMs in these accounts; None is all accounts, and no query."""
    if accounts is None or not hits:
        return hits
    with connection.cursor() as cursor:
        cursor.execute(AMONG, [array_of({hit.sim_id for hit in hits}), array_of(accounts)])
        mine = {pk for (pk,) in cursor.fetchall()}
    return [hit for hit in hits if hit.sim_id in mine]


def _inside(asked: Wanted, limit: int) -> list[Hit]:
    parts = [whole for whole in asked.whole if len(whole) >= MIN_INSIDE]
    return _rows(*inside(parts[-1], limit)) if parts else []


def _rows(statement: str, values: list[str | int]) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return sorted(map(Hit._make, cursor.fetchall()), key=lambda hit: (hit.match, hit.value))


def _branches(asked: Wanted, limit: int) -> tuple[list[str], list[str | int]]:
    branches: list[str] = []
    values: list[str | int] = []
    for whole in asked.whole:
        branches += [WHOLE, BEGINNING]
        values += [whole, limit, whole, end_of(whole), limit]
    for ending in asked.endings:
        backwards = ending[::-1]
        branches.append(ENDING)
        values += [backwards, end_of(backwards), limit]
    if asked.without_check:
        branches.append(WITHOUT_CHECK)
        values += [asked.without_check, SimIdentifier.Kind.ICCID, limit]
    return branches, values


def end_of(prefix: str) -> str:
    """The first text behind all that begin with `prefix`; identifiers are ASCII, compared by code."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _is_cut(rows: list[Hit], limit: int) -> bool:
    return max(Counter(row.match for row in rows).values(), default=0) > limit


def _hits(rows: list[Hit], limit: int, *, is_cut: bool) -> Hits:
    sim_ids = list(dict.fromkeys(row.sim_id for row in rows))
    return Hits(
        sim_ids=sim_ids[:limit],
        is_capped=len(sim_ids) > limit or is_cut,
        best=Match(rows[0].match) if rows else None,
    )
