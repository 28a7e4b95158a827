"""The merges of a reading: one after the other, or two at once as long as our copy has none of the SIMs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection

from sims.copy import CopyResult, NotNew
from sims.models import SyncRun
from sims.sync.notes import Fetched, merge_new, merge_pages, note_parts
from sims.sync.plan import PagePlan
from toolkit.database import let_go

# As many as there are cores for them where the engine is on this machine, and the threads that ask need one.
MERGES_AT_ONCE = 2


@dataclass(slots=True)
class Merges:
    """Puts pages into the copy; all of them are there when the `merging` it came from is over.

    The order of two merges matters where both show a SIM, for then the later answer counts. So two go on at once only
    in a first fill, and a merge that meets a SIM of our copy is undone and done again alone.
    """

    run: SyncRun
    plan: PagePlan
    pool: ThreadPoolExecutor | None
    under_way: dict[Future[CopyResult | None], list[Fetched]] = field(default_factory=dict)
    refused: list[list[Fetched]] = field(default_factory=list)
    next: list[Fetched] = field(default_factory=list)

    @property
    def at_once(self) -> int:
        """How many may be under way."""
        return MERGES_AT_ONCE if self.pool else 1

    def merge(self, pages: list[Fetched]) -> None:
        """Merge the pages, or begin to, as soon as fewer merges are under way than there may be."""
        if self.pool is None:
            self._merge_alone(pages)
            return
        self.next = pages
        while len(self.under_way) >= self.at_once:
            self._settle_one()
        self.next = []
        self.under_way[self.pool.submit(_merged_beside, self.run, pages)] = pages

    def settle(self) -> None:
        """Wait for what is under way."""
        while self.under_way:
            self._settle_one()

    def _settle_one(self) -> None:
        future = next(iter(wait(self.under_way, return_when=FIRST_COMPLETED).done))
        pages = self.under_way.pop(future)
        result = future.result()
        if result is None:
            self.refused.append(pages)
            self.settle()
            self._merge_alone(self.refused.pop())
        else:
            note_parts(self.run, self.plan, pages, result, self._unmerged())
            let_go()

    def _merge_alone(self, pages: list[Fetched]) -> None:
        merge_pages(self.run, self.plan, pages, self._unmerged())
        let_go()

    def _unmerged(self) -> set[int]:
        """The accounts with pages that were read and are not in the copy yet."""
        waiting = [self.next, *self.refused, *self.under_way.values()]
        return {fetched.job.account_id for pages in waiting for fetched in pages}


@contextmanager
def merging(run: SyncRun, plan: PagePlan) -> Iterator[Merges]:
    """The merges of one reading."""
    if plan.last_run_id is not None or connection.in_atomic_block:  # which no other connection would see
        yield Merges(run, plan, None)
        return
    with ThreadPoolExecutor(MERGES_AT_ONCE, thread_name_prefix="merge") as pool:
        merges = Merges(run, plan, pool)
        yield merges
        merges.settle()


def _merged_beside(run: SyncRun, pages: list[Fetched]) -> CopyResult | None:
    """What became of the pages; None where they must be merged alone."""
    try:
        return merge_new(run, pages)
    except NotNew:
        return None
    finally:
        let_go()
