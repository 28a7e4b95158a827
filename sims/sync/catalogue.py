"""The first phase of a run: enterprise, accounts and packages, and a part for each account."""

from __future__ import annotations

from enterprise import catalogue
from sims.models import SyncPart, SyncRun
from sims.sync.runs import add_error, count_requests
from sims.sync.slice import RunFailed, Slice
from smarthub.errors import AuthError, CarrierError
from toolkit.carrier_words import words_for
from toolkit.database import let_go


def read_catalogue(run: SyncRun, slice_: Slice) -> bool:
    """Read what the lists need first; False when the slice ended before all accounts were read.

    RunFailed when the accounts cannot be known or the key is refused. An account whose figures or packages could
    not be read is noted, and its SIMs are read all the same.
    """
    if not run.parts.exists():
        _make_parts(run, slice_)
    for part in run.parts.filter(is_catalogued=False).select_related("account"):
        if slice_.is_over:
            return False
        _read_account(run, part, slice_)
        slice_.renew()
    return True


def _make_parts(run: SyncRun, slice_: Slice) -> None:
    let_go()
    try:
        accounts, attempts = catalogue.read_enterprise(slice_.client)
    except CarrierError as error:
        raise RunFailed(f"The enterprise: {words_for(error)}") from None
    count_requests(run.pk, [attempts])
    if run.account_id:
        accounts = [account for account in accounts if account.pk == run.account_id]
    if not accounts:
        raise RunFailed("The enterprise: the carrier named no account, so there was nothing to list.")
    SyncPart.objects.bulk_create([SyncPart(run=run, account=account) for account in accounts], ignore_conflicts=True)


def _read_account(run: SyncRun, part: SyncPart, slice_: Slice) -> None:
    attempts = []
    for what, read in (("figures", catalogue.read_account), ("packages", catalogue.read_packages)):
        let_go()
        try:
            attempts.append(read(slice_.client, part.account))
        except AuthError as error:
            raise RunFailed(f"{part.account.name}, {what}: {words_for(error)}") from None
        except CarrierError as error:
            add_error(run.pk, f"{part.account.name}, {what}: {words_for(error)}")
            attempts.append(error.reply.attempts if error.reply else 1)
    count_requests(run.pk, attempts)
    SyncPart.objects.filter(pk=part.pk).update(is_catalogued=True)
