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


class Recognised(NamedTuple):
    """The places of answers that were noted as they are; digest and id of the SIMs to be expected on the others."""

    kept: set[int]
    expected: dict[int, int]


def recognise(
    cursor: psycopg.Cursor[Any], answers: list[Answer], run_id: int | None, last_run_id: int | None
) -> Recognised:
    """What of the answers our copy has: asked for in one round trip, a second where it was changed since the last run.

    An answer that is, record by record, what the last run saw and our copy still has is noted for this run, and
    nothing of it comes here and goes back. Of the others the SIMs are told that the last run saw there: a record with
    one of these digests, which cover ICCID and account, is a SIM of our copy, unchanged.
    """
    if last_run_id is None:
        return Recognised(set(), {})
    marked = {
        (answer.account_id, answer.page): place
        for place, answer in enumerate(answers)
        if run_id and answer.mark and answer.digests is None
    }
    same = set(marked.values())
    others = [answer for place, answer in enumerate(answers) if place not in same]
    with psycopg.Cursor(cursor.connection) as keeping:
        with cursor.connection.pipeline():
            _keep(keeping, [answers[place] for place in same], run_id, last_run_id)
            _expect(cursor, others, last_run_id)
        kept = {marked[account_id, page] for account_id, page in keeping.fetchall()}
    expected = _expected(cursor)
    if kept < same:
        _expect(cursor, [answers[place] for place in same - kept], last_run_id)
        expected |= _expected(cursor)
    return Recognised(kept, expected)


def _keep(cursor: psycopg.Cursor[Any], answers: list[Answer], run_id: int | None, last_run_id: int) -> None:
    cursor.execute(
        KEEP_PAGES,
        {
            "run": run_id,
            "last_run": last_run_id,
            "accounts": array_of(answer.account_id for answer in answers),
            "pages": array_of(answer.page for answer in answers),
            "asked": array_of(answer.asked_at.isoformat() for answer in answers),
            "marks": array_of(answer.mark for answer in answers),
        },
    )


def _expect(cursor: psycopg.Cursor[Any], answers: list[Answer], last_run_id: int) -> None:
    pages = [(answer.account_id, answer.page) for answer in answers if answer.page is not None]
    accounts, numbers = zip(*pages, strict=True) if pages else ((), ())
    cursor.execute(EXPECTED, [list(accounts), list(numbers), last_run_id], binary=True)


def _expected(cursor: psycopg.Cursor[Any]) -> dict[int, int]:
    digests, ids = cursor.fetchone() or ([], [])
    return dict(zip(digests or [], ids or [], strict=True))


class Compared(NamedTuple):
    """By ICCID, the SIMs that our copy has and their accounts; `same` are unchanged."""

    ids: Mapping[str, int] = {}
    accounts: Mapping[str, int | None] = {}
    same: frozenset[str] = frozenset()


def compare(cursor: psycopg.Cursor[Any], digests: dict[str, int]) -> Compared:
    """What our copy has of SIMs shown, by ICCID, with these digests."""
    texts = [",".join(digests), ",".join(map(str, digests.values()))]
    # Planned each time: a plan made while the fleet was small goes through all of it for each of many.
    cursor.execute(COMPARE, texts, binary=True, prepare=False)
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
