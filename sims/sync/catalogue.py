"""What a run reads before the SIMs: enterprise, accounts and packages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from enterprise import catalogue
from enterprise.models import Account, Source
from enterprise.sources import note_failure
from sims.models import SyncPart, SyncRun
from sims.sync.figures import attempts_of, note_answers
from sims.sync.runs import add_error, count_requests
from sims.sync.shared import read_pools
from sims.sync.slice import RunFailed, Slice
from smarthub import Client
from smarthub.errors import AuthError, CarrierError, NotFound, PermissionDenied, ProtocolError, ValidationFailed
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


def _make_parts(run: SyncRun, slice_: Slice) -> None:
    accounts = _accounts(run, slice_)
    if run.account_id:
        accounts = [account for account in accounts if account.pk == run.account_id]
    if not accounts and not _may_do_without(run):
        raise RunFailed("The enterprise: the carrier named no account, so there was nothing to list.")
    SyncPart.objects.bulk_create([SyncPart(run=run, account=account) for account in accounts], ignore_conflicts=True)


def _may_do_without(run: SyncRun) -> bool:
    """Whether the SIMs are read in one list: where no account was ever named, none of them has one to lose."""
    return run.kind == SyncRun.Kind.FULL and not Account.objects.exists()


def _accounts(run: SyncRun, slice_: Slice) -> list[Account]:
    let_go()
    try:
        accounts, answer = catalogue.read_enterprise(slice_.client)
    except CarrierError as error:
        count_requests(run.pk, [attempts_of(error)])
        return _known_instead(run, slice_, error)
    note_answers(run, [("The enterprise", answer)])
    if not accounts and _may_do_without(run):
        add_error(run.pk, f"The enterprise: the carrier named no account. {ONE_LIST} {ASK_FOR_NAMES}")
    return accounts


def _known_instead(run: SyncRun, slice_: Slice, error: CarrierError) -> list[Account]:
    """The accounts that were named last: one call that fails does not keep the others from being read.

    None where none was ever named and the carrier will not name any. RunFailed where it may do so later, or where it
    answers the pools no better.
    """
    why = f"The enterprise: {words_for(error)}"
    note_failure(Source.Call.ENTERPRISE, None, words_for(error))
    if _may_do_without(run) and isinstance(error, NEVER_NAMED):
        add_error(run.pk, f"{why} {ONE_LIST} {GRANT if isinstance(error, PermissionDenied) else ASK_FOR_NAMES}")
        return []
    known = list(Account.objects.filter(gone_at=None))
    if isinstance(error, AuthError) or not known or not read_pools(run, slice_):
        raise RunFailed(why)
    add_error(run.pk, why)
    return known


# Asking again soon brings no other answer.
NEVER_NAMED = (PermissionDenied, NotFound, ValidationFailed, ProtocolError)
ONE_LIST = "The SIMs are read in one list, without accounts, so no account, package or charge is shown."
GRANT = "Have the carrier grant this key to read the enterprise; the next run then finds the accounts."
ASK_FOR_NAMES = "Ask the carrier to name the accounts to this key; the next run then finds them."


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
    """Ask about several accounts, a few at once; what came to one question is written while the next is asked."""
    let_go()
    with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="account") as pool:
        asked = [
            (question, [(part.account, pool.submit(question.ask, slice_.client, part.account.name)) for part in parts])
            for question in QUESTIONS
        ]
        for question, futures in asked:
            wait([future for _, future in futures])
            _write(run, question, futures)
            let_go()
    SyncPart.objects.filter(pk__in=[part.pk for part in parts]).update(is_catalogued=True)


def _write(run: SyncRun, question: _Question, asked: list[tuple[Account, Future[Any]]]) -> None:
    """Keep the answers to one question, and note why there is none."""
    errors = {account: error for account, future in asked if (error := _error_of(future))}
    answers = [(account, future.result()) for account, future in asked if account not in errors]
    question.write(answers)
    note_answers(run, [(f"{account.name}, {question.what}", answer) for account, answer in answers])
    count_requests(run.pk, list(map(attempts_of, errors.values())))
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
