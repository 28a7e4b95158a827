"""The list pages of a run: several under way at once, merged as they come, each a row when it is in the copy."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Now

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, write_copy
from sims.models import SetAside, SyncPage, SyncPart, SyncRun
from sims.sync.plan import Job, PagePlan, Part
from sims.sync.slice import RunFailed, Slice
from smarthub import Client, RawPage
from smarthub.errors import CarrierError
from toolkit.carrier import PAGES_AT_ONCE
from toolkit.carrier_words import words_for
from toolkit.database import let_go

MERGE_RECORDS = 2000
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
        ]
    )


def _ask(reading: _Reading, pool: ThreadPoolExecutor) -> bool:
    """Keep twice as many requests in hand as can be under way, so that merging holds nobody up."""
    while len(reading.pending) < 2 * PAGES_AT_ONCE and not reading.failure and not reading.slice.is_over:
        job = reading.plan.next_job()
        if job is None:
            break
        reading.pending[pool.submit(_fetch, reading.slice.client, job)] = job
    return bool(reading.pending)


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
    answers = [Answer(page.records, page.reply.asked_at, account_id=job.account_id) for job, page in pages]
    with transaction.atomic():
        result = write_copy(answers, cause=Cause(Event.Cause.RUN, run.pk), run_id=run.pk)
        _note_pages(run, pages, result)
        _note_parts(run, plan, pages)
        note_set_aside(run, result, [(job.account_id, job.page) for job, _ in pages])
        note_run(run, result, attempts=[page.reply.attempts for _, page in pages])
    return result


def _note_pages(run: SyncRun, pages: list[tuple[Job, RawPage]], result: CopyResult) -> None:
    SyncPage.objects.bulk_create(
        [
            SyncPage(run=run, account_id=job.account_id, page=job.page, asked_at=page.reply.asked_at, sim_ids=sim_ids)
            for (job, page), sim_ids in zip(pages, result.sim_ids, strict=True)
        ],
        ignore_conflicts=True,
    )


def _note_parts(run: SyncRun, plan: PagePlan, pages: list[tuple[Job, RawPage]]) -> None:
    newest = {job.account_id: page for job, page in pages}
    for account_id, page in newest.items():
        part = plan.part(account_id)
        SyncPart.objects.filter(run=run, account_id=account_id).update(
            total=page.total,
            page_size=page.size,
            pages_expected=part.expected,
            pages=len(part.done),
            is_done=part.is_complete,
            started_at=Coalesce("started_at", Now()),
        )


def note_set_aside(run: SyncRun, result: CopyResult, places: list[tuple[int | None, int]]) -> None:
    """Keep the records that could not be read, by name and place."""
    SetAside.objects.bulk_create(
        SetAside(
            run=run,
            account_id=places[aside.answer][0],
            page=places[aside.answer][1],
            place=aside.place,
            giccid=aside.error.giccid or "",
            field=aside.error.field,
            reason=aside.error.reason,
            raw=aside.raw.decode("utf-8", "replace").replace("\0", "")[:LONGEST_RAW],
        )
        for aside in result.aside
    )


def note_run(run: SyncRun, result: CopyResult, *, attempts: list[int]) -> None:
    """Add what was done to the run's figures."""
    totals = run.parts.aggregate(sims=Sum("total"), pages=Sum("pages_expected"))
    SyncRun.objects.filter(pk=run.pk).update(
        pages=F("pages") + len(attempts),
        pages_expected=totals["pages"] or F("pages_expected"),
        sims_expected=totals["sims"] or F("sims_expected"),
        read=F("read") + result.read,
        changed=F("changed") + result.changed,
        moved=F("moved") + result.moved,
        new=F("new") + result.new,
        kept_aside=F("kept_aside") + len(result.aside),
        requests=F("requests") + sum(attempts),
        repeats=F("repeats") + sum(attempts) - len(attempts),
    )
