"""What a run writes down: its pages with what they showed, its parts, its figures, the records it kept aside."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from psycopg import Cursor

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, note_pages, write_copy
from sims.models import PageSims, SetAside, SyncPage, SyncRun
from sims.sync.novelty import News
from sims.sync.plan import Job, PagePlan
from smarthub import RawPage
from toolkit.database import set_cursor

LONGEST_RAW = 20_000


class Fetched(NamedTuple):
    """A list page as it came, and its records ready for the copy."""

    job: Job
    page: RawPage
    answer: Answer


def merge_pages(run: SyncRun, plan: PagePlan, pages: list[Fetched], unmerged: Collection[int] = ()) -> CopyResult:
    """Merge list pages and note them, their parts and their unreadable records, in one transaction.

    A list is not at its end while its account is `unmerged`: it has pages that were read and are not in the copy.
    """
    with transaction.atomic():
        result = _write(run, pages, last_run_id=plan.last_run_id)
        with set_cursor() as cursor, set_cursor() as other:
            with cursor.connection.pipeline():
                _note_pages(cursor, run, pages, result)
                news = News(other, run.pk, plan, _unread(pages, result))
                _note_parts(cursor, run, plan, pages, unmerged)
                _note_run(cursor, run, result, attempts=_attempts(pages))
            if news.tell():
                _note_parts(cursor, run, plan, pages, unmerged)
    return result


def merge_new(run: SyncRun, pages: list[Fetched]) -> CopyResult:
    """As `merge_pages` while other merges are under way: without the plan, which is theirs too (`note_parts`).

    NotNew, with nothing written, where our copy has one of the SIMs.
    """
    with transaction.atomic():
        result = _write(run, pages, only_new=True)
        with set_cursor() as cursor, cursor.connection.pipeline():
            _note_pages(cursor, run, pages, result)
            _note_run(cursor, run, result, attempts=_attempts(pages))
    return result


def note_parts(
    run: SyncRun, plan: PagePlan, pages: list[Fetched], result: CopyResult, unmerged: Collection[int]
) -> None:
    """Note the parts of pages that were merged just now (`merge_new`)."""
    with transaction.atomic(), set_cursor() as cursor:
        News(cursor, run.pk, plan, _unread(pages, result)).tell()
        _note_parts(cursor, run, plan, pages, unmerged)


def _write(run: SyncRun, pages: list[Fetched], *, last_run_id: int | None = None, only_new: bool = False) -> CopyResult:
    result = write_copy(
        [fetched.answer for fetched in pages],
        cause=Cause(Event.Cause.RUN, run.pk),
        run_id=run.pk,
        last_run_id=last_run_id,
        only_new=only_new,
    )
    note_set_aside(run, result, [(job.account_id, job.page) for job, _, _ in pages])
    return result


def _attempts(pages: list[Fetched]) -> list[int]:
    return [fetched.page.reply.attempts for fetched in pages]


def _unread(pages: list[Fetched], result: CopyResult) -> dict[int, dict[int, bool]]:
    """By account and page: whether it held records, and none of them is a SIM of our copy."""
    unread: dict[int, dict[int, bool]] = defaultdict(dict)
    strangers = Counter(place.answer for place in result.shown.strangers)
    for place, (job, page, _) in enumerate(pages):
        is_strange = strangers[place] == len(page.records) > 0
        unread[job.account_id][job.page] = is_strange and not result.sim_ids[place]
    return unread


def _note_pages(cursor: Cursor[Any], run: SyncRun, pages: list[Fetched], result: CopyResult) -> None:
    note_pages(cursor, run.pk, [fetched.answer for fetched in pages], result.shown, result.sim_ids)


NOTE_PARTS = """
UPDATE sims_syncpart p SET
    total = n.total, page_size = n.page_size, pages_expected = n.expected, pages = n.pages, is_done = n.is_done,
    started_at = COALESCE(p.started_at, now())
FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::boolean[])
    AS n (account_id, total, page_size, expected, pages, is_done)
WHERE p.run_id = %s AND p.account_id = n.account_id
"""


def _note_parts(
    cursor: Cursor[Any],
    run: SyncRun,
    plan: PagePlan,
    pages: list[Fetched],
    unmerged: Collection[int],
) -> None:
    newest = {fetched.job.account_id: fetched.page for fetched in pages}
    parts = [plan.part(account_id) for account_id in newest]
    cursor.execute(
        NOTE_PARTS,
        [
            list(newest),
            [part.total for part in parts],
            [page.size for page in newest.values()],
            [part.expected for part in parts],
            [len(part.done) for part in parts],
            [part.is_complete and part.account_id not in unmerged for part in parts],
            run.pk,
        ],
    )


def note_nameless(run: SyncRun, pages: list[tuple[int, datetime, list[int]]]) -> None:
    """Note pages of no account: their numbers, when they were asked for, and the ids of the SIMs that they showed."""
    shown = PageSims.objects.bulk_create(PageSims(sim_ids=sorted(sim_ids)) for _, _, sim_ids in pages)
    SyncPage.objects.bulk_create(
        SyncPage(run=run, page=number, asked_at=asked_at, shown=sims)
        for (number, asked_at, _), sims in zip(pages, shown, strict=True)
    )


def note_set_aside(run: SyncRun, result: CopyResult, places: list[tuple[int | None, int]]) -> None:
    """Keep the records that could not be read, by name and place."""
    SetAside.objects.bulk_create(
        SetAside(
            run=run,
            account_id=places[aside.place.answer][0],
            page=places[aside.place.answer][1],
            place=aside.place.record,
            giccid=aside.error.giccid or "",
            field=aside.error.field,
            reason=aside.error.reason,
            raw=aside.raw.decode("utf-8", "replace").replace("\0", "")[:LONGEST_RAW],
        )
        for aside in result.aside
    )


NOTE_RUN = """
UPDATE sims_syncrun r SET
    pages = r.pages + %(pages)s, read = r.read + %(read)s, changed = r.changed + %(changed)s,
    moved = r.moved + %(moved)s, new = r.new + %(new)s, kept_aside = r.kept_aside + %(kept_aside)s,
    requests = r.requests + %(requests)s, repeats = r.repeats + %(requests)s - %(pages)s,
    pages_expected = GREATEST(COALESCE(listed.pages, r.pages_expected), r.pages + %(pages)s),
    sims_expected = GREATEST(COALESCE(listed.sims, r.sims_expected), r.read + %(read)s)
FROM (
    SELECT sum(pages_expected) AS pages, sum(total) AS sims FROM sims_syncpart WHERE run_id = %(run)s
) AS listed
WHERE r.id = %(run)s
"""


def note_run(run: SyncRun, result: CopyResult, *, attempts: list[int]) -> None:
    """Add what was done to the run's figures."""
    with set_cursor() as cursor:
        _note_run(cursor, run, result, attempts=attempts)


def _note_run(cursor: Cursor[Any], run: SyncRun, result: CopyResult, *, attempts: list[int]) -> None:
    figures = {name: getattr(result, name) for name in ("read", "changed", "moved", "new")}
    more = {"run": run.pk, "pages": len(attempts), "requests": sum(attempts), "kept_aside": len(result.aside)}
    cursor.execute(NOTE_RUN, figures | more)
