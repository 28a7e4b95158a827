"""What our copy has of SIMs, asked for by ICCID."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from sims.copy.answers import Digests
from toolkit.database import BIGINT, wire_array

# ICCIDs as one text, because psycopg takes longer to write an array of them than PostgreSQL to split one.
# What an earlier write of the same transaction has left to be merged goes, as in `empty_room`.
COMPARE = """
WITH emptied AS (DELETE FROM copy_incoming)
SELECT array_agg(s.id ORDER BY r.place), array_agg(s.account_id ORDER BY r.place),
    array_agg(s.digest IS NOT DISTINCT FROM r.digest ORDER BY r.place)
FROM unnest(string_to_array(%s, ','), %s::bigint[]) WITH ORDINALITY AS r (giccid, digest, place)
LEFT JOIN sims_sim s ON s.giccid = r.giccid
"""

TOUCH = """
UPDATE sims_sim s SET read_at = r.asked_at
FROM (
    SELECT locked.id, t.asked_at
    FROM (SELECT id FROM sims_sim WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE) AS locked
    JOIN unnest(%(ids)s::bigint[], %(asked)s::timestamptz[]) AS t (id, asked_at) USING (id)
) AS r
WHERE s.id = r.id AND (s.read_at < r.asked_at OR s.read_at > %(trusted_until)s)
"""


class Compared(NamedTuple):
    """By ICCID, the SIMs that our copy has and their accounts; `same` are unchanged."""

    ids: Mapping[str, int] = {}
    accounts: Mapping[str, int | None] = {}
    same: frozenset[str] = frozenset()


def compare(cursor: psycopg.Cursor[Any], digests: dict[str, Digests]) -> Compared:
    """What our copy has of SIMs shown, by ICCID, with these digests."""
    # Planned each time: a plan made while the fleet was small goes through all of it for each of many.
    values = [",".join(digests), wire_array(BIGINT, len(digests), b"".join(digests.values()))]
    cursor.execute(COMPARE, values, binary=True, prepare=False)
    ids, accounts, same = cursor.fetchone() or ([], [], [])
    known = [found for found in zip(digests, ids, accounts, same, strict=True) if found[1] is not None]
    return Compared(
        {giccid: sim_id for giccid, sim_id, _, _ in known},
        {giccid: account_id for giccid, _, account_id, _ in known},
        frozenset(giccid for giccid, _, _, is_same in known if is_same),
    )


def known_accounts(cursor: psycopg.Cursor[Any], giccids: list[str]) -> dict[str, int | None]:
    """The accounts, as our copy has them, of SIMs asked for by name."""
    if not giccids:
        return {}
    cursor.execute("SELECT giccid, account_id FROM sims_sim WHERE giccid = ANY(%s)", [giccids])
    return dict(cursor.fetchall())


def touch(cursor: psycopg.Cursor[Any], asked: dict[int, datetime], *, trusted_until: datetime) -> None:
    """Move `read_at` of unchanged SIMs that were asked for by name, forward; back where it is past `trusted_until`."""
    if asked:
        cursor.execute(TOUCH, {"ids": list(asked), "asked": list(asked.values()), "trusted_until": trusted_until})
