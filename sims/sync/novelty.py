"""Whether list pages showed anything that their list had not shown before: what else would tell where a list ends that
says nothing of it, or nothing true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from psycopg import Cursor

from sims.shown import ON_PAGE
from sims.sync.plan import MOST_IDLE, PagePlan, Part
from toolkit.database import array_of, set_cursor

# As a subquery, so that each SIM is looked up by itself, and the first one that is new is the last; + 0, lest all pages
# of the list be gone through for each.
HAVE_NEW = f"""
SELECT n.account_id, EXISTS (
    SELECT FROM sims_syncpage o JOIN sims_pagesims h ON h.id = o.shown_id
    CROSS JOIN LATERAL unnest(h.sim_ids) AS shown (id)
    WHERE o.run_id = %(run)s AND o.account_id = n.account_id AND o.page = ANY(n.pages::int[]) AND (
        SELECT p.page FROM sims_syncpage p
        WHERE {ON_PAGE.format(sim_id="shown.id")} AND p.run_id + 0 = %(run)s AND p.account_id + 0 = n.account_id
            AND p.page < n.first
        LIMIT 1
    ) IS NULL
)
FROM unnest(%(accounts)s::bigint[], %(pages)s::text[], %(first)s::int[]) AS n (account_id, pages, first)
"""


HAS_NEW = f"""
SELECT EXISTS (
    SELECT FROM unnest(%(ids)s::bigint[]) AS shown (id)
    WHERE (
        SELECT p.page FROM sims_syncpage p
        WHERE {ON_PAGE.format(sim_id="shown.id")} AND p.run_id + 0 = %(run)s AND p.page <> ALL(%(pages)s::int[]) LIMIT 1
    ) IS NULL
)
"""


def shows_new(run_id: int, pages: Iterable[int], sim_ids: Iterable[list[int]]) -> bool:
    """Whether one of these SIMs is on no page of the run but these; of a run that reads one list only."""
    with set_cursor() as cursor:
        shown = {"run": run_id, "pages": array_of(pages), "ids": array_of(chain.from_iterable(sim_ids))}
        return bool((cursor.execute(HAS_NEW, shown).fetchone() or [False])[0])


class News:
    """Which of the lists showed something new on their pages, asked for among other statements of a pipeline, so that
    no merge waits for the answer alone.

    `pages` are those that were merged just now, by account; each with whether it held records and none of them is a SIM
    of our copy. Such a page counts as new. Nothing is asked about lists that are far from any end.
    """

    def __init__(
        self, cursor: Cursor[Any], run_id: int, plan: PagePlan, pages: Mapping[int, Mapping[int, bool]]
    ) -> None:
        self.plan, self.cursor = plan, cursor
        self.asked = {
            account_id: numbers for account_id, numbers in pages.items() if _matters(plan.part(account_id), numbers)
        }
        if self.asked:
            cursor.execute(
                HAVE_NEW,
                {
                    "run": run_id,
                    "accounts": list(self.asked),
                    "pages": [array_of(numbers) for numbers in self.asked.values()],
                    "first": list(map(min, self.asked.values())),
                },
            )

    def tell(self) -> bool:
        """Tell the parts of the plan; whether one of them is at its end by that."""
        if not self.asked:
            return False
        ended = False
        for account_id, has_new in self.cursor.fetchall():
            numbers, part = self.asked[account_id], self.plan.part(account_id)
            was_done = part.is_done
            part.merged(numbers, has_new=has_new or any(numbers.values()))
            ended |= part.is_done and not was_done
        return ended


def _matters(part: Part, numbers: Iterable[int]) -> bool:
    return len(part.done) >= MOST_IDLE or max(numbers) >= (part.expected or 0)
