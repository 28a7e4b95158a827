"""What belongs to no account alone and no list needs: pools and countries, asked for while the lists are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import Q

from enterprise import pools, statistics
from enterprise.models import Source
from enterprise.sources import note_failure
from journal.models import Event
from journal.record import Cause
from sims.models import SyncRun
from sims.sync.figures import attempts_of, note_answers
from sims.sync.runs import add_error, count_requests
from sims.sync.slice import RunFailed, Slice
from smarthub import Answer, Client
from smarthub.errors import AuthError, CarrierError
from toolkit.carrier_words import words_for
from toolkit.database import let_go


class _Shared(NamedTuple):
    """A call, its answers one after the other, asked for as they are taken, and what keeps them.

    The asking needs no database, so that a thread may do it.
    """

    call: Source.Call
    ask: Callable[[Client], Iterator[Answer[Any]]]
    write: Callable[[SyncRun, Sequence[Answer[Any]]], None]


class _Came(NamedTuple):
    """The answers that came, and what ended them before their end."""

    answers: list[Answer[Any]]
    error: CarrierError | None = None


def _pools() -> _Shared:
    def write(run: SyncRun, answers: Sequence[Answer[Any]]) -> None:
        for answer in answers:
            pools.write_pools(answer, cause=Cause(Event.Cause.RUN, run.pk))

    return _Shared(Source.Call.POOLS, lambda client: iter([client.share_pools()]), write)


def _countries() -> _Shared:
    days = statistics.days_wanted()

    def write(run: SyncRun, answers: Sequence[Answer[Any]]) -> None:
        statistics.write_days(dict(zip(days, answers, strict=False)))

    return _Shared(Source.Call.COUNTRIES, lambda client: statistics.ask_days(client, days), write)


SHARED = {Source.Call.POOLS: _pools, Source.Call.COUNTRIES: _countries}


@contextmanager
def shared_beside(run: SyncRun, slice_: Slice) -> Iterator[Slice]:
    """Ask for pools and countries while the body reads something else in the slice it is given; once a run.

    The answers are kept at the body's next sign of life, the last of them after it, also where it failed. A failure is
    noted, and that is all; RunFailed when the key is refused and the body has not failed by itself.
    """
    wanted = [SHARED[call]() for call in _not_asked_yet(run)]
    with ThreadPoolExecutor(1, thread_name_prefix="shared") as pool:
        asked = [(shared, pool.submit(_answers, shared, slice_)) for shared in wanted]

        def renew() -> None:
            slice_.renew()
            if asked and asked[0][1].done() and not _is_refused(asked[0][1].result()):
                _keep_next(run, asked)
                let_go()

        try:
            yield replace(slice_, renew=renew)
        except RunFailed:
            with suppress(RunFailed):
                _keep_all(run, asked)
            raise
    _keep_all(run, asked)


def read_pools(run: SyncRun, slice_: Slice) -> bool:
    """Read the pools alone and now; whether they were answered. RunFailed when the key is refused."""
    shared = _pools()
    let_go()
    return _keep(run, shared, _answers(shared, slice_))


def _not_asked_yet(run: SyncRun) -> list[Source.Call]:
    since = Q(read_at__gte=run.started_at) | Q(failed_at__gte=run.started_at)
    asked = set(Source.objects.filter(since, account=None).values_list("call", flat=True))
    return [call for call in SHARED if call not in asked]


def _answers(shared: _Shared, slice_: Slice) -> _Came:
    """At least one where there is any; no more are asked for when the slice is over."""
    answers: list[Answer[Any]] = []
    try:
        for answer in shared.ask(slice_.client):
            answers.append(answer)
            if slice_.is_over:
                break
    except CarrierError as error:
        return _Came(answers, error)
    return _Came(answers)


def _keep_all(run: SyncRun, asked: list[tuple[_Shared, Future[_Came]]]) -> None:
    let_go()
    wait([future for _, future in asked])
    while asked:
        _keep_next(run, asked)


def _keep_next(run: SyncRun, asked: list[tuple[_Shared, Future[_Came]]]) -> None:
    shared, future = asked.pop(0)
    _keep(run, shared, future.result())


def _is_refused(came: _Came) -> bool:
    """Whether the run is to fail by it, which it should not in the middle of a merge."""
    return isinstance(came.error, AuthError)


def _keep(run: SyncRun, shared: _Shared, came: _Came) -> bool:
    shared.write(run, came.answers)
    note_answers(run, [(shared.call.label, answer) for answer in came.answers])
    if came.error is None:
        return True
    if isinstance(came.error, AuthError):
        raise RunFailed(f"{shared.call.label}: {words_for(came.error)}")
    note_failure(shared.call, None, words_for(came.error))
    add_error(run.pk, f"{shared.call.label}: {words_for(came.error)}")
    count_requests(run.pk, [attempts_of(came.error)])
    return False
