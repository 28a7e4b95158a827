"""The SIMs in one list, where the carrier names no account: whose they are stays unknown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, mark_in, write_copy
from sims.models import SyncPage, SyncRun
from sims.sync.asking import ask_page
from sims.sync.notes import note_nameless, note_run, note_set_aside
from sims.sync.novelty import shows_new
from sims.sync.plan import Part
from sims.sync.shortage import note_shortage_of_one_list
from sims.sync.slice import RunFailed, Slice
from smarthub import Client, RawPage
from smarthub.errors import CarrierError
from toolkit.carrier import PAGES_AT_ONCE
from toolkit.carrier_words import words_for
from toolkit.database import let_go


class _Came(NamedTuple):
    number: int
    page: RawPage | CarrierError


def read_one_list(run: SyncRun, slice_: Slice) -> bool:
    """Read and merge the list of all SIMs; False when the slice ended before its end. A killed run goes on where it
    stood. RunFailed, after merging what came, where a page cannot be read."""
    part = _part(run)
    while numbers := _next(part):
        if slice_.is_over:
            return False
        let_go()
        came = _ask(slice_.client, part, numbers)
        _take(run, part, came)
        _fail(part, came)
        slice_.renew()
    note_shortage_of_one_list(run, part.total or 0)
    return True


def _part(run: SyncRun) -> Part:
    """The list as the rows of its pages left it."""
    rows = SyncPage.objects.filter(run=run, account=None)
    seen = rows.aggregate(seen=Coalesce(Sum(F("shown__sim_ids__len")), 0))["seen"]
    return Part(0, "", done=set(rows.values_list("page", flat=True)), seen=seen)


def _next(part: Part) -> list[int]:
    numbers: list[int] = []
    while len(numbers) < PAGES_AT_ONCE and (number := part.next_page()) is not None:
        part.asked.add(number)
        numbers.append(number)
    return numbers


def _ask(client: Client, part: Part, numbers: list[int]) -> list[_Came]:
    def ask(number: int) -> _Came:
        try:
            return _Came(number, ask_page(client, part, number))
        except CarrierError as error:
            return _Came(number, error)

    with ThreadPoolExecutor(len(numbers), thread_name_prefix="page") as pool:
        return list(pool.map(ask, numbers))


def _take(run: SyncRun, part: Part, came: list[_Came]) -> None:
    """Merge the pages that came and note them, in one transaction."""
    pages = {number: page for number, page in came if isinstance(page, RawPage)}
    if not pages:
        return
    answers = [Answer(page.records, page.reply.asked_at) for page in pages.values()]
    for number, page in pages.items():
        mark = mark_in(page.records, part.account_id)
        part.answered(number, records=len(page.records), size=page.size, total=page.total, mark=mark)
    with transaction.atomic():
        result = write_copy(answers, cause=Cause(Event.Cause.RUN, run.pk), run_id=run.pk)
        _note(run, part, pages, result)
        note_set_aside(run, result, [(None, number) for number in pages])
        note_run(run, result, attempts=[page.reply.attempts for page in pages.values()])
        unread = any(page.records and not ids for page, ids in zip(pages.values(), result.sim_ids, strict=True))
        part.merged(pages, has_new=unread or shows_new(run.pk, pages, result.sim_ids))


def _note(run: SyncRun, part: Part, pages: dict[int, RawPage], result: CopyResult) -> None:
    asked_at = [page.reply.asked_at for page in pages.values()]
    note_nameless(run, list(zip(pages, asked_at, result.sim_ids, strict=True)))
    SyncRun.objects.filter(pk=run.pk).update(pages_expected=part.expected or 0, sims_expected=part.total or 0)


def _fail(part: Part, came: list[_Came]) -> None:
    for number, page in came:
        if isinstance(page, CarrierError):
            raise RunFailed(f"Page {number + 1} of the list without accounts: {words_for(page)}")
    if part.is_endless:
        raise RunFailed(f"The list without accounts does not end; {len(part.done):,} pages of it were read.")
