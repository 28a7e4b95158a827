"""A SIM that the carrier lists under two accounts keeps the one it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg

from sims.copy.answers import Row
from sims.copy.rows import COLUMNS
from sims.shown import ON_PAGE
from toolkit.database import array_of

ACCOUNT, DIGEST = COLUMNS.index("account_id"), COLUMNS.index("digest")


class Kept(NamedTuple):
    """The account that a SIM keeps, and the digest our copy has."""

    account_id: int
    digest: int | None


# Each SIM is looked up by itself, and only where it seems to have moved; + 0, lest that go through all pages of a list.
SHOWN = f"""(
    SELECT p.page FROM sims_syncpage p
    WHERE {ON_PAGE.format(sim_id="s.id")} AND p.run_id + 0 = %(run)s AND p.account_id + 0 = {{account}} LIMIT 1
) IS NOT NULL"""

KEPT = f"""
SELECT s.id, s.account_id, s.digest
FROM unnest(%(ids)s::bigint[], %(accounts)s::bigint[]) AS n (id, account_id)
JOIN sims_sim s ON s.id = n.id AND s.account_id <> n.account_id
WHERE (%(is_first)s OR {SHOWN.format(account="n.account_id")}) AND {SHOWN.format(account="s.account_id")}
"""


def kept_accounts(
    cursor: psycopg.Cursor[Any], listed: Mapping[int, int], *, run_id: int | None, last_run_id: int | None
) -> dict[int, Kept]:
    """Of SIMs and the accounts they are listed under, those that are listed under their own as well.

    The last complete run tells it, so that a true move is told at once, but for a SIM that was in two lists: there a
    run later. Until there was one, the list that this run has read first stands.
    """
    run = last_run_id or run_id
    if not listed or run is None:
        return {}
    accounts = {"ids": array_of(listed), "accounts": array_of(listed.values())}
    cursor.execute(KEPT, {**accounts, "run": run, "is_first": last_run_id is None})
    return {sim_id: Kept(account_id, digest) for sim_id, account_id, digest in cursor.fetchall()}


def row_in(row: Row, account_id: int, digest: int) -> Row:
    """The row as that of a SIM of another account."""
    cells = list(row)
    cells[ACCOUNT], cells[DIGEST] = str(account_id), str(digest)
    return tuple(cells)
