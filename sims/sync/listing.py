"""The list pages of a run: several under way at once, merged as they come, each a row when it is in the copy."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, write_copy
from sims.models import SetAside, SyncPage, SyncRun
from sims.sync.plan import Job, PagePlan, Part
from sims.sync.runs import last_complete
from sims.sync.slice import RunFailed, Slice
from smarthub import Client, RawPage
from smarthub.errors import CarrierError
from toolkit.carrier import PAGES_AT_ONCE
from toolkit.carrier_words import words_for
from toolkit.database import let_go, set_cursor

MERGE_RECORDS = 5000
# Asked for ahead, so that nobody waits while a merge is under way.
PAGES_IN_HAND = 64
MERGE_EVERY_S = 0.5
LONGEST_RAW = 20_000


@dataclass(slots=True)
class _Reading:
    run: SyncRun
    plan: PagePlan
    slice: Slice
    pending: dict[Future[RawPage], Job] = field(default_factory=dict)
    ready: list[tuple[Job, RawPage]] = field(default_factory=list)
    merged_at: float = field(default_factory=time.monotonic)
    failure: str = ""

    @property
    def merge_in_s(self) -> float:
        """The seconds until what is ready should be merged."""
        if sum(len(page.records) for _, page in self.ready) >= MERGE_RECORDS:
            return 0
        return max(0, self.merged_at + MERGE_EVERY_S - time.monotonic())


def read_pages(run: SyncRun, slice_: Slice) -> bool:
    """Read and merge list pages until all are in the copy (True) or the slice is over (False).

    Raises RunFailed, after merging what came, when a page failed after its retries.
    """
    reading = _Reading(run, load_plan(run), slice_)
    let_go()
    with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="page") as pool:
        while _ask(reading, pool):
            if reading.slice.is_over or reading.failure:
                _let_off(reading)
            done, _ = wait(reading.pending, timeout=reading.merge_in_s, return_when=FIRST_COMPLETED)
            for future in done:
                _take(reading, future)
            if not reading.merge_in_s:
                _merge(reading)
                slice_.renew()
    _merge(reading)
    if reading.failure:
        raise RunFailed(reading.failure)
    return reading.plan.is_complete


def load_plan(run: SyncRun) -> PagePlan:
    """The plan as the rows of parts and pages left it."""
    done: dict[int, set[int]] = {}
    rows = SyncPage.objects.filter(run=run, account__isnull=False)
    for account_id, page in rows.values_list("account_id", "page"):
        done.setdefault(account_id, set()).add(page)
    return PagePlan(
        [
            Part(
                part.account_id,
                part.account.name,
                expected=part.pages_expected,
                done=done.get(part.account_id, set()),
                is_at_end=part.is_done and part.total is None,
            )
            for part in run.parts.select_related("account").order_by("account__name")
        ],
        last_run_id=last.pk if (last := last_complete()) else None,
    )


def _ask(reading: _Reading, pool: ThreadPoolExecutor) -> bool:
    """Hand out pages to ask for; False when no answer is outstanding any more."""
    while len(reading.pending) < PAGES_IN_HAND and not reading.failure and not reading.slice.is_over:
        job = reading.plan.next_job()
        if job is None:
            break
        reading.pending[pool.submit(_fetch, reading.slice.client, job)] = job
    return bool(reading.pending)


def _let_off(reading: _Reading) -> None:
    """Take back the pages that nobody has begun to ask for."""
    for future in [future for future in reading.pending if future.cancel()]:
        job = reading.pending.pop(future)
        reading.plan.part(job.account_id).asked.discard(job.page)


def _fetch(client: Client, job: Job) -> RawPage:
    return client.list_sims_raw(account_name=job.account_name, page=job.page, size=settings.SMARTHUB_PAGE_SIZE)


def _take(reading: _Reading, future: Future[RawPage]) -> None:
    job = reading.pending.pop(future)
    try:
        page = future.result()
    except CarrierError as error:
        part = reading.plan.part(job.account_id)
        of = f" of {part.expected}" if part.expected else ""
        reading.failure = reading.failure or f"Page {job.page + 1}{of} of {job.account_name}: {words_for(error)}"
        return
    reading.plan.part(job.account_id).answered(job.page, records=len(page.records), size=page.size, total=page.total)
    reading.ready.append((job, page))


def _merge(reading: _Reading) -> None:
    """Put what is ready into the copy and note the pages, in one transaction; then hold no connection."""
    reading.merged_at = time.monotonic()
    if reading.ready:
        merge_pages(reading.run, reading.plan, reading.ready)
        reading.ready = []
        let_go()


def merge_pages(run: SyncRun, plan: PagePlan, pages: list[tuple[Job, RawPage]]) -> CopyResult:
    """Merge list pages and note them, their parts and their unreadable records, in one transaction."""
    answers = [
        Answer(page.records, page.reply.asked_at, account_id=job.account_id, page=job.page) for job, page in pages
    ]
    with transaction.atomic():
        cause = Cause(Event.Cause.RUN, run.pk)
        result = write_copy(answers, cause=cause, run_id=run.pk, last_run_id=plan.last_run_id)
        _note_pages(run, pages, result)
        _note_parts(run, plan, pages)
        note_set_aside(run, result, [(job.account_id, job.page) for job, _ in pages])
        note_run(run, result, attempts=[page.reply.attempts for _, page in pages])
    return result


NOTE_PAGES = """
INSERT INTO sims_syncpage (run_id, account_id, page, asked_at, sim_ids)
SELECT %s, account_id, page, asked_at, sim_ids::bigint[]
FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::text[]) AS n (account_id, page, asked_at, sim_ids)
ON CONFLICT DO NOTHING
"""


def _note_pages(run: SyncRun, pages: list[tuple[Job, RawPage]], result: CopyResult) -> None:
    with set_cursor() as cursor:
        cursor.execute(
            NOTE_PAGES,
            [
                run.pk,
                [job.account_id for job, _ in pages],
                [job.page for job, _ in pages],
                [page.reply.asked_at for _, page in pages],
                ["{" + ",".join(map(str, sim_ids)) + "}" for sim_ids in result.sim_ids],
            ],
        )


NOTE_PARTS = """
UPDATE sims_syncpart p SET
    total = n.total, page_size = n.page_size, pages_expected = n.expected, pages = n.pages, is_done = n.is_done,
    started_at = COALESCE(p.started_at, now())
FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::boolean[])
    AS n (account_id, total, page_size, expected, pages, is_done)
WHERE p.run_id = %s AND p.account_id = n.account_id
"""


def _note_parts(run: SyncRun, plan: PagePlan, pages: list[tuple[Job, RawPage]]) -> None:
    newest = {job.account_id: page for job, page in pages}
    parts = [plan.part(account_id) for account_id in newest]
    with set_cursor() as cursor:
        cursor.execute(
            NOTE_PARTS,
            [
                list(newest),
                [page.total for page in newest.values()],
                [page.size for page in newest.values()],
                [part.expected for part in parts],
                [len(part.done) for part in parts],
                [part.is_complete for part in parts],
                run.pk,
            ],
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
    pages_expected = COALESCE(listed.pages, r.pages_expected), sims_expected = COALESCE(listed.sims, r.sims_expected)
FROM (
    SELECT sum(pages_expected) AS pages, sum(total) AS sims FROM sims_syncpart WHERE run_id = %(run)s
) AS listed
WHERE r.id = %(run)s
"""


def note_run(run: SyncRun, result: CopyResult, *, attempts: list[int]) -> None:
    """Add what was done to the run's figures."""
    figures = {name: getattr(result, name) for name in ("read", "changed", "moved", "new")}
    more = {"run": run.pk, "pages": len(attempts), "requests": sum(attempts), "kept_aside": len(result.aside)}
    with set_cursor() as cursor:
        cursor.execute(NOTE_RUN, figures | more)
