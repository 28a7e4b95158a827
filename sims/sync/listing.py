"""The list pages of a run: several under way at once, merged as they come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from typing import NamedTuple

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce

from sims.copy import Answer, prepared
from sims.models import SyncPage, SyncRun
from sims.sync.asking import ask_page
from sims.sync.merging import Merges, merging
from sims.sync.notes import Fetched
from sims.sync.plan import Job, PagePlan, Part
from sims.sync.runs import add_error, last_complete
from sims.sync.slice import RunFailed, Slice
from smarthub import Client
from smarthub.errors import AuthError, CarrierError, RateLimited, ServerError, TransportError
from toolkit.carrier import PAGES_AT_ONCE
from toolkit.carrier_words import words_for
from toolkit.database import let_go

MERGE_RECORDS = 20_000
# Towards the end so few, lest the last merge begin when nothing is left to ask for.
FEWEST_RECORDS = 2_500
# Of merges that go on at once: more outgrow the memory that the engine has for them, fewer take as long to begin.
MERGE_RECORDS_AT_ONCE = 5_000
FEWEST_RECORDS_AT_ONCE = 2_500
# Asked for ahead, so that nobody waits while a merge is under way.
PAGES_IN_HAND = 512
MERGE_EVERY_S = 0.5
# So many answers are taken in at once: a thread that wakes up for each only gets in the way of those that ask.
HANDFUL = 25
# What says nothing of the one account that was asked about: the others would be answered no better.
OF_THE_KEY = (AuthError, RateLimited)
# May be of one account, and is not where it befalls so many of them.
OF_THE_CARRIER = (ServerError, TransportError)
MOST_TROUBLED = 3


class _Outcome(NamedTuple):
    """What came of asking for a page."""

    job: Job
    fetched: Fetched | Exception


@dataclass(slots=True)
class _Reading:
    """Pages go to the threads in one queue and come back in the other: for each of them a future would cost more than
    all else that is done for a page as it was before."""

    run: SyncRun
    plan: PagePlan
    slice: Slice
    merges: Merges
    jobs: SimpleQueue[Job | None] = field(default_factory=SimpleQueue)
    answered: SimpleQueue[_Outcome] = field(default_factory=SimpleQueue)
    is_worth_looking: Event = field(default_factory=Event)
    outstanding: int = 0
    ready: list[Fetched] = field(default_factory=list)
    records: int = 0
    merged_at: float = field(default_factory=time.monotonic)
    failures: dict[int, str] = field(default_factory=dict)
    troubled: set[int] = field(default_factory=set)
    is_stopped: bool = False

    @property
    def merge_at(self) -> int:
        """So many records are worth a merge: half of those that are still to come, or all where no page is."""
        to_come = self.outstanding * int(settings.SMARTHUB_PAGE_SIZE)
        if self.merges.at_once > 1:
            return min(MERGE_RECORDS_AT_ONCE, max(FEWEST_RECORDS_AT_ONCE, to_come // 2))
        is_all_here = self.answered.qsize() == self.outstanding
        return MERGE_RECORDS if is_all_here else min(MERGE_RECORDS, max(FEWEST_RECORDS, to_come // 2))

    @property
    def merge_in_s(self) -> float:
        """The seconds until what is ready should be merged."""
        if self.records >= self.merge_at:
            return 0
        return max(0, self.merged_at + MERGE_EVERY_S - time.monotonic())


def read_pages(run: SyncRun, slice_: Slice) -> bool:
    """Read and merge list pages until all are in the copy (True) or the slice is over (False).

    An account whose page failed after its retries is given up, and the others are read on. Raises RunFailed, after
    merging what came, when that is done, or at once where the carrier as a whole seems to fail.
    """
    plan = load_plan(run)
    let_go()
    with merging(run, plan) as merges:
        reading = _Reading(run, plan, slice_, merges)
        with _threads(reading):
            while _ask(reading):
                if reading.slice.is_over or reading.is_stopped:
                    _let_off(reading)
                _take_answers(reading)
                if not reading.merge_in_s:
                    _merge(reading)
                    slice_.renew()
        _merge(reading)
    if reading.failures and (reading.is_stopped or reading.plan.is_over):
        raise RunFailed(_first_of(reading))
    return reading.plan.is_complete


def load_plan(run: SyncRun) -> PagePlan:
    """The plan as the rows of parts and pages left it."""
    done: dict[int, set[int]] = {}
    seen: Counter[int] = Counter()
    rows = SyncPage.objects.filter(run=run, account__isnull=False).annotate(sims=Coalesce(F("shown__sim_ids__len"), 0))
    for account_id, page, sims in rows.values_list("account_id", "page", "sims"):
        done.setdefault(account_id, set()).add(page)
        seen[account_id] += sims
    last = last_complete()
    return PagePlan(
        [
            Part(
                part.account_id,
                part.account.name,
                expected=part.pages_expected,
                done=done.get(part.account_id, set()),
                is_done=part.is_done,
                total=part.total,
                seen=seen[part.account_id],
            )
            for part in run.parts.select_related("account").order_by("account__name")
        ],
        last_run_id=last.pk if last else None,
        last_marks=_marks_of(last) if last else {},
    )


def _marks_of(run: SyncRun) -> dict[tuple[int, int], int]:
    """What its pages are told apart by, by account and page."""
    rows = SyncPage.objects.filter(run=run, mark__isnull=False).values_list("account_id", "page", "mark")
    return {(account_id or 0, page): mark or 0 for account_id, page, mark in rows}


@contextmanager
def _threads(reading: _Reading) -> Iterator[None]:
    """The threads that ask; at the end they finish what they are asking for, and nothing more is asked."""
    with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="page") as pool:
        for _ in range(PAGES_AT_ONCE):
            pool.submit(_serve, reading)
        try:
            yield
        finally:
            _let_off(reading)
            for _ in range(PAGES_AT_ONCE):
                reading.jobs.put(None)


def _serve(reading: _Reading) -> None:
    while (job := reading.jobs.get()) is not None:
        outcome = _Outcome(job, _fetched(reading, job))
        reading.answered.put(outcome)
        if isinstance(outcome.fetched, Exception) or reading.jobs.empty() or reading.answered.qsize() >= HANDFUL:
            reading.is_worth_looking.set()


def _fetched(reading: _Reading, job: Job) -> Fetched | Exception:
    try:
        return _fetch(reading.slice.client, job, reading.plan)
    except Exception as error:
        return error


def _ask(reading: _Reading) -> bool:
    """Hand out pages to ask for; False when no answer is outstanding any more."""
    while reading.outstanding < PAGES_IN_HAND and not reading.is_stopped and not reading.slice.is_over:
        job = reading.plan.next_job()
        if job is None:
            break
        reading.outstanding += 1
        reading.jobs.put(job)
    return bool(reading.outstanding)


def _let_off(reading: _Reading) -> None:
    """Take back the pages that nobody has begun to ask for."""
    with suppress(Empty):
        while job := reading.jobs.get_nowait():
            reading.outstanding -= 1
            reading.plan.part(job.account_id).take_back(job.page)


def _fetch(client: Client, job: Job, plan: PagePlan) -> Fetched:
    page = ask_page(client, plan.part(job.account_id), job.page)
    answer = Answer(page.records, page.reply.asked_at, job.account_id, job.page)
    last_mark = plan.last_marks.get((job.account_id, job.page))
    return Fetched(job, page, prepared(answer, last_mark=last_mark, with_rows=plan.last_run_id is None))


def _take_answers(reading: _Reading) -> None:
    """Take in what has been answered, waiting until a merge is due for enough of it to be worth a look."""
    if not reading.outstanding:
        return
    reading.is_worth_looking.wait(reading.merge_in_s)
    reading.is_worth_looking.clear()
    with suppress(Empty):
        while reading.records < reading.merge_at:
            _take(reading, reading.answered.get_nowait())
        reading.is_worth_looking.set()  # for what is left


def _take(reading: _Reading, outcome: _Outcome) -> None:
    reading.outstanding -= 1
    job, fetched = outcome
    if isinstance(fetched, CarrierError):
        _give_up(reading, job, fetched)
        return
    if isinstance(fetched, Exception):
        raise fetched
    page, part = fetched.page, reading.plan.part(job.account_id)
    part.answered(job.page, records=len(page.records), size=page.size, total=page.total, mark=fetched.answer.mark)
    if part.is_endless:
        part.is_given_up = True
        reading.failures.setdefault(job.account_id, _endless(part))
    reading.ready.append(fetched)
    reading.records += len(page.records)


def _give_up(reading: _Reading, job: Job, error: CarrierError) -> None:
    part = reading.plan.part(job.account_id)
    part.is_given_up = True
    reading.failures.setdefault(job.account_id, _failure(part, job, error))
    if isinstance(error, OF_THE_CARRIER):
        reading.troubled.add(job.account_id)
    if isinstance(error, OF_THE_KEY) or len(reading.troubled) >= MOST_TROUBLED:
        reading.is_stopped = True


def _first_of(reading: _Reading) -> str:
    """What failed first, by name; what failed beside it is noted."""
    first, *more = reading.failures.values()
    for reason in more:
        add_error(reading.run.pk, reason)
    return first


def _failure(part: Part, job: Job, error: CarrierError) -> str:
    of = f" of {part.expected}" if part.expected else ""
    return f"Page {job.page + 1}{of} of {job.account_name}: {words_for(error)}"


def _endless(part: Part) -> str:
    return (
        f"{part.account_name}: the list does not end. {len(part.done):,} pages were read, and the last of them still "
        "showed SIMs not seen before, past all that the carrier told of. Ask the carrier how many there are."
    )


def _merge(reading: _Reading) -> None:
    """Put what is ready into the copy, and hold no connection after it."""
    reading.merged_at = time.monotonic()
    if reading.ready:
        reading.merges.merge(reading.ready)
        reading.ready, reading.records = [], 0
        if any(part.is_done and part.asked for part in reading.plan.parts):
            _let_off(reading)  # pages past an end that only the merge has shown
