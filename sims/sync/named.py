"""Reading SIMs by ICCID, 100 a request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from django.db import transaction

from journal.models import Event
from journal.record import Cause
from sims.copy import Answer, CopyResult, keys_of, write_copy
from sims.models import SyncPage, SyncRun
from sims.sync.notes import note_nameless, note_run, note_set_aside
from sims.sync.slice import RunFailed, Slice
from smarthub import Client, RawPage
from smarthub.errors import CarrierError
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit.carrier_words import words_for
from toolkit.database import let_go


def read_named(run: SyncRun, giccids: list[str], slice_: Slice) -> bool:
    """Ask for `giccids`, which are in order, by name and merge the answers; False when the slice ended before the end.

    How far it came is kept with each answer, so a resumed run goes on after it.
    """
    left = [giccid for giccid in giccids if giccid > run.asked_up_to]
    for start in range(0, len(left), MAX_GICCIDS_PER_QUERY):
        if slice_.is_over:
            return False
        chunk = left[start : start + MAX_GICCIDS_PER_QUERY]
        _merge(run, chunk, _ask(chunk, slice_))
        slice_.renew()
    return True


def _ask(chunk: list[str], slice_: Slice) -> list[RawPage]:
    let_go()
    try:
        return list(pages_named(slice_.client, chunk))
    except CarrierError as error:
        raise RunFailed(f"{len(chunk)} SIMs by ICCID, from {chunk[0]}: {words_for(error)}") from None


def pages_named(client: Client, giccids: list[str]) -> Iterator[RawPage]:
    """The answers to a question for at most 100 ICCIDs.

    What an answer left out is asked for again until nothing more comes: a page may be clamped, and an order may
    shift between two pages, but a SIM that is there answers to its name.
    """
    left = giccids
    while left:
        page = client.list_sims_raw(giccids=left, size=MAX_GICCIDS_PER_QUERY)
        yield page
        shown = set(keys_of(page.records))
        if shown.isdisjoint(left):
            return
        left = [giccid for giccid in left if giccid not in shown]


def _merge(run: SyncRun, chunk: list[str], pages: list[RawPage]) -> None:
    answers = [Answer(page.records, page.reply.asked_at, is_targeted=True) for page in pages]
    run.asked_up_to = chunk[-1]
    with transaction.atomic():
        result = write_copy(answers, cause=Cause(Event.Cause.RUN, run.pk), run_id=run.pk)
        _note_seen(run, answers, result)
        note_set_aside(run, result, [(None, number) for number in range(len(pages))])
        note_run(run, result, attempts=[page.reply.attempts for page in pages])
        SyncRun.objects.filter(pk=run.pk).update(asked_up_to=run.asked_up_to)


def _note_seen(run: SyncRun, answers: list[Answer], result: CopyResult) -> None:
    number = SyncPage.objects.filter(run=run, account=None).count()
    asked_at = [answer.asked_at for answer in answers]
    note_nameless(run, list(zip(count(number), asked_at, result.sim_ids, strict=False)))
