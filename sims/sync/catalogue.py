"""What a run reads beside SIMs: enterprise, accounts and packages first, pools and countries after the lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from enterprise import catalogue, pools, statistics
from enterprise.models import Account, Source
from enterprise.sources import note_failure
from journal.models import Event
from journal.record import Cause
from sims.models import SyncPart, SyncRun
from sims.sync.runs import add_error, count_requests
from sims.sync.slice import RunFailed, Slice
from smarthub import Answer, Client
from smarthub.errors import AuthError, CarrierError
from toolkit.carrier import PAGES_AT_ONCE
from toolkit.carrier_words import words_for
from toolkit.database import let_go

# Asked about, a few at once, and then written together.
ACCOUNTS_A_STEP = 16


def read_catalogue(run: SyncRun, slice_: Slice) -> bool:
    """Read what the lists need, and no more; False when the slice ended before all accounts were read.

    RunFailed when the accounts cannot be known or the key is refused. An account whose figures or packages could
    not be read is noted, and its SIMs are read all the same.
    """
    if not run.parts.exists():
        _make_parts(run, slice_)
    parts = list(run.parts.filter(is_catalogued=False).select_related("account"))
    for start in range(0, len(parts), ACCOUNTS_A_STEP):
        if slice_.is_over:
            return False
        _read_accounts(run, parts[start : start + ACCOUNTS_A_STEP], slice_)
        slice_.renew()
    return True


def read_shared(run: SyncRun, slice_: Slice) -> None:
    """What belongs to no account alone and no list needs: pools and countries.

    A failure is noted, and that is all; RunFailed when the key is refused. A run that was killed meanwhile reads them
    again, which is harmless.
    """
    for call in SHARED:
        _read_one(run, slice_, call)


def _read_one(run: SyncRun, slice_: Slice, call: Source.Call) -> bool:
    """Whether it was answered."""
    let_go()
    try:
        answers = SHARED[call](run, slice_.client)
    except AuthError as error:
        raise RunFailed(f"{call.label}: {words_for(error)}") from None
    except CarrierError as error:
        note_failure(call, None, words_for(error))
        add_error(run.pk, f"{call.label}: {words_for(error)}")
        count_requests(run.pk, [_attempts(error)])
        return False
    _note_answers(run, call.label, answers)
    slice_.renew()
    return True


def _attempts(error: CarrierError) -> int:
    return error.reply.attempts if error.reply else 1


def _note_answers(run: SyncRun, what: str, answers: Sequence[Answer[Any]]) -> None:
    """Count the requests, and tell what of the answers could not be read."""
    count_requests(run.pk, [answer.reply.attempts for answer in answers])
    refused = [error.reason for answer in answers for error in answer.refused]
    if refused:
        more = f" And {len(refused) - 1} more like it." if len(refused) > 1 else ""
        add_error(run.pk, f"{what}: {refused[0]} That was left out.{more}")


def _read_pools(run: SyncRun, client: Client) -> list[Answer[Any]]:
    answer = client.share_pools()
    pools.write_pools(answer, cause=Cause(Event.Cause.RUN, run.pk))
    return [answer]


def _read_countries(run: SyncRun, client: Client) -> list[Answer[Any]]:
    return list(statistics.read_days(client).values())


SHARED: dict[Source.Call, Callable[[SyncRun, Client], list[Answer[Any]]]] = {
    Source.Call.POOLS: _read_pools,
    Source.Call.COUNTRIES: _read_countries,
}


def _make_parts(run: SyncRun, slice_: Slice) -> None:
    accounts = _accounts(run, slice_)
    if run.account_id:
        accounts = [account for account in accounts if account.pk == run.account_id]
    if not accounts:
        raise RunFailed("The enterprise: the carrier named no account, so there was nothing to list.")
    SyncPart.objects.bulk_create([SyncPart(run=run, account=account) for account in accounts], ignore_conflicts=True)


def _accounts(run: SyncRun, slice_: Slice) -> list[Account]:
    let_go()
    try:
        accounts, answer = catalogue.read_enterprise(slice_.client)
    except CarrierError as error:
        count_requests(run.pk, [_attempts(error)])
        return _known_instead(run, slice_, error)
    _note_answers(run, "The enterprise", [answer])
    return accounts


def _known_instead(run: SyncRun, slice_: Slice, error: CarrierError) -> list[Account]:
    """The accounts that were named last: one call that fails does not keep the others from being read.

    RunFailed where none was ever named, or where the carrier answers the pools no better.
    """
    why = f"The enterprise: {words_for(error)}"
    note_failure(Source.Call.ENTERPRISE, None, words_for(error))
    known = list(Account.objects.filter(gone_at=None))
    if isinstance(error, AuthError) or not known or not _read_one(run, slice_, Source.Call.POOLS):
        raise RunFailed(why)
    add_error(run.pk, why)
    return known


class _Question(NamedTuple):
    """What is asked about each account, and how the answers are kept."""

    what: str
    call: Source.Call
    ask: Callable[[Client, str], Any]
    write: Callable[[list[tuple[Account, Any]]], None]


QUESTIONS = (
    _Question("figures", Source.Call.ACCOUNT, Client.account, catalogue.write_accounts),
    _Question("packages", Source.Call.PACKAGES, Client.service_packages, catalogue.write_packages),
)


def _read_accounts(run: SyncRun, parts: list[SyncPart], slice_: Slice) -> None:
    """Ask about several accounts, a few at once, then write what came, and note what did not."""
    let_go()
    with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="account") as pool:
        asked = [
            (question, [(part.account, pool.submit(question.ask, slice_.client, part.account.name)) for part in parts])
            for question in QUESTIONS
        ]
    for question, futures in asked:
        _write(run, question, futures)
    SyncPart.objects.filter(pk__in=[part.pk for part in parts]).update(is_catalogued=True)


def _write(run: SyncRun, question: _Question, asked: list[tuple[Account, Future[Any]]]) -> None:
    """Keep the answers to one question, and note why there is none."""
    errors = {account: error for account, future in asked if (error := _error_of(future))}
    answers = [(account, future.result()) for account, future in asked if account not in errors]
    question.write(answers)
    for account, answer in answers:
        _note_answers(run, f"{account.name}, {question.what}", [answer])
    count_requests(run.pk, list(map(_attempts, errors.values())))
    for account, error in errors.items():
        if isinstance(error, AuthError):
            raise RunFailed(f"{account.name}, {question.what}: {words_for(error)}")
        note_failure(question.call, account, words_for(error))
        add_error(run.pk, f"{account.name}, {question.what}: {words_for(error)}")


def _error_of(future: Future[Any]) -> CarrierError | None:
    """What the carrier did wrong; what we did is raised."""
    error = future.exception()
    if error is not None and not isinstance(error, CarrierError):
        raise error
    return error
