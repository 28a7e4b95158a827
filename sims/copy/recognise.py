"""Which records our copy has already: first by the digests that are to be expected, then by ICCID."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from sims.copy.answers import Answer
from toolkit.database import array_of

# The pages that are as the last run saw them, whose SIMs are in our copy as they showed them, noted for this run too.
# Materialised, lest the SIMs of all pages of the last run be looked up for a few of them.
KEEP_PAGES = """
WITH as_before AS MATERIALIZED (
    SELECT p.account_id, p.page, n.asked_at, p.sim_ids, p.mark, p.digest_sum
    FROM unnest(%(accounts)s::bigint[], %(pages)s::int[], %(asked)s::timestamptz[], %(marks)s::bigint[])
        AS n (account_id, page, asked_at, mark)
    JOIN sims_syncpage p
        ON p.run_id = %(last_run)s AND p.account_id = n.account_id AND p.page = n.page AND p.mark = n.mark
)
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, sim_ids, mark, digest_sum)
SELECT %(run)s, account_id, page, asked_at, sim_ids, mark, digest_sum
FROM as_before
WHERE digest_sum = (
    SELECT bit_xor(s.digest) FROM unnest(sim_ids) AS shown (id) JOIN sims_sim s ON s.id = shown.id
)
ON CONFLICT DO NOTHING
RETURNING account_id, page
"""

EXPECTED = """
SELECT array_agg(s.digest), array_agg(s.id)
FROM unnest(%s::bigint[], %s::int[]) AS n (account_id, page)
JOIN sims_syncpage p ON p.run_id = %s AND p.account_id = n.account_id AND p.page = n.page
CROSS JOIN LATERAL unnest(p.sim_ids) AS shown (id)
JOIN sims_sim s ON s.id = shown.id
WHERE s.digest IS NOT NULL
"""

# Texts joined, because psycopg takes longer to write an array of them than PostgreSQL to split one.
COMPARE = """
SELECT array_agg(s.id ORDER BY r.place), array_agg(s.account_id ORDER BY r.place),
    array_agg(s.digest IS NOT DISTINCT FROM r.digest ORDER BY r.place)
FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')::bigint[])
    WITH ORDINALITY AS r (giccid, digest, place)
LEFT JOIN sims_sim s ON s.giccid = r.giccid
"""

TOUCH = """
UPDATE sims_sim s SET read_at = r.asked_at
FROM (
    SELECT locked.id, t.asked_at
    FROM (SELECT id FROM sims_sim WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE) AS locked
    JOIN unnest(%(ids)s::bigint[], %(asked)s::timestamptz[]) AS t (id, asked_at) USING (id)
) AS r
WHERE s.id = r.id AND (s.read_at < r.asked_at OR s.read_at > %(now)s)
"""


def keep_pages(cursor: psycopg.Cursor[Any], answers: list[Answer], run_id: int, last_run_id: int) -> set[int]:
    """Note the answers that are, record by record, what the last run saw and our copy still has; their places.

    Nothing of them comes here and goes back: what PostgreSQL knows of such a page it can write down itself.
    """
    marked = {(answer.account_id, answer.page): place for place, answer in enumerate(answers) if answer.mark}
    if not marked:
        return set()
    these = [answers[place] for place in marked.values()]
    cursor.execute(
        KEEP_PAGES,
        {
            "run": run_id,
            "last_run": last_run_id,
            "accounts": array_of(answer.account_id for answer in these),
            "pages": array_of(answer.page for answer in these),
            "asked": array_of(answer.asked_at.isoformat() for answer in these),
            "marks": array_of(answer.mark for answer in these),
        },
    )
    return {marked[account_id, page] for account_id, page in cursor.fetchall()}


def recognise(cursor: psycopg.Cursor[Any], answers: list[Answer], last_run_id: int) -> dict[int, int]:
    """Digest and id, as they are now, of the SIMs that the last run saw on these pages.

    A record with one of these digests is a SIM of our copy, unchanged; the digest covers its ICCID and account.
    """
    pages = [(answer.account_id, answer.page) for answer in answers if answer.page is not None]
    if not pages:
        return {}
    cursor.execute(EXPECTED, [*map(list, zip(*pages, strict=True)), last_run_id], binary=True)
    digests, ids = cursor.fetchone() or ([], [])
    return dict(zip(digests or [], ids or [], strict=True))


class Compared(NamedTuple):
    """By ICCID, the SIMs that our copy has and their accounts; `same` are unchanged."""

    ids: Mapping[str, int] = {}
    accounts: Mapping[str, int | None] = {}
    same: frozenset[str] = frozenset()


def compare(cursor: psycopg.Cursor[Any], digests: dict[str, int]) -> Compared:
    """What our copy has of SIMs shown, by ICCID, with these digests."""
    if not digests:
        return Compared()
    cursor.execute(COMPARE, [",".join(digests), ",".join(map(str, digests.values()))], binary=True)
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


def touch(cursor: psycopg.Cursor[Any], asked: dict[int, datetime], *, now: datetime) -> None:
    """Move `read_at` of unchanged SIMs that were asked for by name: id and when."""
    if asked:
        cursor.execute(TOUCH, {"ids": list(asked), "asked": list(asked.values()), "now": now})
