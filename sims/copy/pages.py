"""The pages of a run: which SIMs they show as our copy has them, told by those of the last run, and their rows.

PostgreSQL does it by set, and of what is as it was nothing comes here and goes back.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import psycopg

from sims.copy.answers import Answer, Digests, Place, sum_of
from sims.copy.room import make_room
from toolkit.database import BIGINT, INT, array_of, set_cursor, wire_array

# One by one, for PostgreSQL may take the pages of a run for a few and go through all of them.
LAST = """
SELECT * FROM sims_syncpage AS last
WHERE last.run_id = %(last_run)s AND last.account_id = n.account_id AND last.page = n.page LIMIT 1
"""

# The pages that are as the last run saw them, whose SIMs are in our copy as they showed them, noted for this run too.
# Materialised, lest the SIMs of all pages of the last run be looked up for a few of them.
KEEP_PAGES = f"""
WITH as_before AS MATERIALIZED (
    SELECT p.account_id, p.page, n.asked_at, p.shown_id, p.mark, p.digest_sum
    FROM unnest(%(accounts)s::bigint[], %(pages)s::int[], %(asked)s::timestamptz[], %(marks)s::bigint[])
        AS n (account_id, page, asked_at, mark)
    CROSS JOIN LATERAL ({LAST}) AS p WHERE p.mark = n.mark
)
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, shown_id, mark, digest_sum)
SELECT %(run)s, account_id, page, asked_at, shown_id, mark, digest_sum
FROM as_before JOIN sims_pagesims g ON g.id = shown_id
WHERE digest_sum = (SELECT bit_xor(s.digest) FROM sims_sim s WHERE s.id = ANY(g.sim_ids))
ON CONFLICT DO NOTHING
RETURNING account_id, page
"""

# A digest covers ICCID and account: a record with that of a SIM of our copy is that SIM, unchanged.
TELL_PAGES = f"""
WITH listed AS MATERIALIZED (
    SELECT n.*, p.shown_id FROM unnest(
        %(answers)s::int[], %(accounts)s::bigint[], %(pages)s::int[], %(asked)s::timestamptz[], %(marks)s::bigint[]
    ) AS n (answer, account_id, page, asked_at, mark)
    LEFT JOIN LATERAL ({LAST}) AS p ON true
),
expected AS MATERIALIZED (
    SELECT s.digest, s.id
    FROM listed n JOIN sims_pagesims g ON g.id = n.shown_id JOIN sims_sim s ON s.id = ANY(g.sim_ids)
),
shown AS MATERIALIZED (
    SELECT * FROM unnest(%(of_answers)s::int[], %(digests)s::bigint[]) WITH ORDINALITY AS r (answer, digest, place)
),
told AS MATERIALIZED (SELECT r.answer, r.place, e.id FROM shown r LEFT JOIN expected e USING (digest)),
kept AS (
    INSERT INTO copy_shown
    SELECT answer, n.account_id, n.page, n.asked_at, n.mark, COALESCE(r.records, 0), r.digest_sum, t.sim_ids, n.shown_id
    FROM listed n
    LEFT JOIN (SELECT answer, count(*) AS records, bit_xor(digest) AS digest_sum FROM shown GROUP BY answer) AS r
        USING (answer)
    LEFT JOIN (
        SELECT answer, array_agg(DISTINCT id) AS sim_ids FROM told WHERE id IS NOT NULL GROUP BY answer
    ) AS t USING (answer)
)
SELECT place FROM told WHERE id IS NULL ORDER BY place
"""

NOTE_PAGES = """
WITH noted AS MATERIALIZED (
    SELECT nextval('sims_pagesims_id_seq') AS shown_id, n.*
    FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[])
        AS n (account_id, page, asked_at, sim_ids, mark, digest_sum)
),
made AS (INSERT INTO sims_pagesims (id, sim_ids) SELECT shown_id, sim_ids::bigint[] FROM noted)
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, shown_id, mark, digest_sum)
SELECT %s, account_id, page, asked_at, shown_id, mark, digest_sum FROM noted
ON CONFLICT DO NOTHING
"""

# A page that shows the SIMs that it showed in the last run, though not as they were, shares the row of these.
NOTE_TOLD_PAGES = """
WITH c AS (DELETE FROM copy_shown RETURNING *),
every AS MATERIALIZED (
    SELECT c.*, ARRAY(SELECT DISTINCT unnest(c.sim_ids || more.sim_ids) ORDER BY 1) AS all_ids
    FROM c
    LEFT JOIN (
        SELECT answer, array_agg(id) AS sim_ids FROM unnest(%s::int[], %s::bigint[]) AS n (answer, id) GROUP BY answer
    ) AS more USING (answer)
),
noted AS MATERIALIZED (
    SELECT every.*, COALESCE(g.id, nextval('sims_pagesims_id_seq')) AS shown_id, g.id IS NULL AS is_other
    FROM every LEFT JOIN sims_pagesims g ON g.id = last_id AND g.sim_ids = all_ids
),
made AS (INSERT INTO sims_pagesims (id, sim_ids) SELECT shown_id, all_ids FROM noted WHERE is_other)
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, shown_id, mark, digest_sum)
SELECT %s, account_id, page, asked_at, shown_id, CASE WHEN cardinality(all_ids) = records THEN mark END, digest_sum
FROM noted
ON CONFLICT DO NOTHING
"""


class Shown(NamedTuple):
    """What of answers was recognised: `kept` are those that have their row already, being as they were, `told` those
    that were held against the last run's. `strangers` are the records that are left, in order."""

    kept: frozenset[int]
    told: frozenset[int]
    strangers: list[Place]


def recognise(
    cursor: psycopg.Cursor[Any],
    answers: Sequence[Answer],
    digests: Sequence[Digests],
    *,
    run_id: int | None,
    last_run_id: int | None,
) -> Shown:
    """What our copy has of the answers: asked for in one round trip, a second where it was changed since the last run.

    Pages that were told have no row before `note_pages`, in the same transaction.
    """
    every = frozenset(range(len(answers)))
    if last_run_id is None:
        return Shown(frozenset(), frozenset(), _places(answers, every))
    paged = frozenset(place for place in every if answers[place].page is not None)
    same = frozenset(place for place in paged if run_id and answers[place].is_as_before)
    with set_cursor() as keeping:
        with cursor.connection.pipeline():
            make_room(cursor)
            _keep(keeping, [answers[place] for place in same], run_id, last_run_id)
            telling = _Telling(cursor, answers, digests, sorted(paged - same), last_run_id)
        found = set(keeping.fetchall()) if same else set()
    kept = frozenset(place for place in same if (answers[place].account_id, answers[place].page) in found)
    strangers = telling.strangers() + _places(answers, every - paged)
    if kept < same:
        strangers += _Telling(cursor, answers, digests, sorted(same - kept), last_run_id).strangers()
    return Shown(kept, paged - kept, sorted(strangers))


def _places(answers: Sequence[Answer], chosen: Iterable[int]) -> list[Place]:
    return [Place(answer, record) for answer in sorted(chosen) for record in range(len(answers[answer].records))]


def _keep(cursor: psycopg.Cursor[Any], answers: list[Answer], run_id: int | None, last_run_id: int) -> None:
    if answers:
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


class _Telling:
    """The question which records of the `chosen` answers are none of the SIMs that the last run saw on their pages."""

    def __init__(
        self,
        cursor: psycopg.Cursor[Any],
        answers: Sequence[Answer],
        digests: Sequence[Digests],
        chosen: list[int],
        last_run_id: int,
    ) -> None:
        self.cursor, self.chosen = cursor, chosen
        counts = [len(answers[place].records) for place in chosen]
        self.ends = list(accumulate(counts))
        if chosen:
            pages = [answers[place] for place in chosen]
            of_answers = [struct.pack(">ii", 4, place) * count for place, count in zip(chosen, counts, strict=True)]
            # Until the transaction ends: PostgreSQL cannot know how many SIMs a page has, and would sort all of them.
            cursor.execute("SET LOCAL enable_mergejoin = off")
            # Planned each time, for it is of a handful of records or of all that a merge takes.
            cursor.execute(
                TELL_PAGES,
                {
                    "answers": array_of(chosen),
                    "accounts": array_of(answer.account_id for answer in pages),
                    "pages": array_of(answer.page for answer in pages),
                    "asked": array_of(answer.asked_at.isoformat() for answer in pages),
                    "marks": array_of("NULL" if answer.mark is None else answer.mark for answer in pages),
                    "last_run": last_run_id,
                    "of_answers": wire_array(INT, self.ends[-1], b"".join(of_answers)),
                    "digests": wire_array(BIGINT, self.ends[-1], b"".join(digests[place] for place in chosen)),
                },
                prepare=False,
            )

    def strangers(self) -> list[Place]:
        if not self.chosen:
            return []
        return [self._place(number - 1) for (number,) in self.cursor.fetchall()]

    def _place(self, number: int) -> Place:
        index = bisect_right(self.ends, number)
        return Place(self.chosen[index], number - (self.ends[index - 1] if index else 0))


def note_pages(
    cursor: psycopg.Cursor[Any], run_id: int, answers: Sequence[Answer], shown: Shown, sim_ids: Sequence[list[int]]
) -> None:
    """Give the pages of a run their rows, but for those that have them already. `sim_ids` are, of each, the SIMs that
    its strangers turned out to be."""
    if shown.told:
        more = [(place, sim_id) for place in shown.told for sim_id in sim_ids[place]]
        places, ids = zip(*more, strict=True) if more else ((), ())
        cursor.execute(NOTE_TOLD_PAGES, [array_of(places), array_of(ids), run_id])
    others = sorted(set(range(len(answers))) - shown.told - shown.kept)
    if others:
        pages = [answers[place] for place in others]
        cursor.execute(
            NOTE_PAGES,
            [
                [answer.account_id for answer in pages],
                [answer.page for answer in pages],
                [answer.asked_at for answer in pages],
                [array_of(sorted(sim_ids[place])) for place in others],
                [_mark(answers[place], sim_ids[place]) for place in others],
                [None if answer.digests is None else sum_of(answer.digests) for answer in pages],
                run_id,
            ],
        )


def _mark(answer: Answer, sim_ids: list[int]) -> int | None:
    """A page with a record that is no SIM of our copy has none: that record is to be told of in each run."""
    return answer.mark if len(sim_ids) == len(answer.records) else None
