"""Find SIMs by any identifier of any of their devices: whole, its beginning, or its last characters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from django.db import connection

from sims.identifiers import Wanted, wanted
from sims.models import SimIdentifier

MAX_HITS = 10_000

# Prefixes are ranges: a prepared LIKE can go generic and scan the table.
WHOLE = "SELECT sim_id, 0, value FROM sims_simidentifier WHERE value = %s LIMIT %s"
WITHOUT_CHECK = "SELECT sim_id, 0, value FROM sims_simidentifier WHERE value = %s AND kind = %s LIMIT %s"
BEGINNING = "SELECT sim_id, 1, value FROM sims_simidentifier WHERE value > %s AND value < %s ORDER BY value LIMIT %s"
ENDING = """SELECT sim_id, 2, value FROM sims_simidentifier
WHERE reverse(value) > %s AND reverse(value) < %s ORDER BY reverse(value) LIMIT %s"""


class Match(IntEnum):
    WHOLE = 0
    BEGINNING = 1
    ENDING = 2


@dataclass(frozen=True, slots=True)
class Hits:
    """SIM ids, best first; `is_capped` when there are more than were asked for."""

    sim_ids: list[int]
    is_capped: bool = False
    best: Match | None = None


def find_sims(text: str, *, limit: int = MAX_HITS) -> Hits:
    """The SIMs that `text` may mean: whole identifiers first, then beginnings, then endings of 4 and more.

    Blanks, dashes, a leading + or 00, padding and a check digit too many do not matter. Any input has an answer.
    """
    asked = wanted(text)
    if not asked:
        return Hits([])
    branches, values = _branches(asked, limit + 1)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"({branch})" for branch in branches), values)
        rows = sorted(cursor.fetchall(), key=lambda row: (row[1], row[2]))
    return _hits(rows, limit)


def _branches(asked: Wanted, limit: int) -> tuple[list[str], list[str | int]]:
    branches: list[str] = []
    values: list[str | int] = []
    for whole in asked.whole:
        branches += [WHOLE, BEGINNING]
        values += [whole, limit, whole, _end_of(whole), limit]
    for ending in asked.endings:
        backwards = ending[::-1]
        branches.append(ENDING)
        values += [backwards, _end_of(backwards), limit]
    if asked.without_check:
        branches.append(WITHOUT_CHECK)
        values += [asked.without_check, SimIdentifier.Kind.ICCID, limit]
    return branches, values


def _end_of(prefix: str) -> str:
    """The first text behind all that begin with `prefix`; identifiers are ASCII, compared by code."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _hits(rows: list[tuple[int, int, str]], limit: int) -> Hits:
    sim_ids = list(dict.fromkeys(row[0] for row in rows))
    filled = max((sum(row[1] == match for row in rows) for match in Match), default=0) > limit
    return Hits(
        sim_ids=sim_ids[:limit],
        is_capped=len(sim_ids) > limit or filled,
        best=Match(rows[0][1]) if rows else None,
    )
