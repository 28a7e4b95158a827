"""Whose SIMs a person may see and change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Exists, Q
from django.db.models.expressions import RawSQL
from django.http import Http404
from django.shortcuts import get_object_or_404

from enterprise.models import AccountAccess
from enterprise.scope import accounts_for, names_for, names_in
from sims.changes.checks import Refused
from sims.models import Export, ExportQuerySet, OperationQuerySet, Sim, SimQuerySet, WorkingSet
from sims.models.working_set import WorkingSetQuerySet
from users.models import User

_OF_OTHERS = """EXISTS (SELECT FROM sims_workingsetitem AS item
CROSS JOIN LATERAL unnest(item.sim_id || item.candidates) AS one (sim_id) JOIN sims_sim AS sim ON sim.id = one.sim_id
WHERE item.set_id = sims_workingset.id AND (sim.account_id = ANY(%s::bigint[])) IS NOT TRUE)"""
KEPT_AS = "_accounts_seen"
Person = User | AnonymousUser


def accounts_of(user: Person) -> frozenset[int] | None:
    """The accounts this person may see, None for all; read once for a request, whose own object `user` is."""
    if not hasattr(user, KEPT_AS):
        setattr(user, KEPT_AS, accounts_for(user))
    accounts: frozenset[int] | None = getattr(user, KEPT_AS)
    return accounts


def account_names_of(user: User) -> dict[int, str]:
    """The accounts to choose from, by name; what `accounts_of` answers comes with it."""
    names, accounts = names_for(user)
    setattr(user, KEPT_AS, accounts)
    return names


def keep_names(user: User, found: Sequence[tuple[int, str, bool]]) -> dict[int, str]:
    """The same of the rows that `enterprise.scope.NAMES` has found."""
    names, accounts = names_in(found)
    setattr(user, KEPT_AS, accounts)
    return names


def sims_of(sims: SimQuerySet, user: Person) -> SimQuerySet:
    accounts = accounts_of(user)
    return sims if accounts is None else sims.filter(account_id__in=accounts)


def seen_by(sims: SimQuerySet, user: Person) -> SimQuerySet:
    """As `sims_of`, without a query of its own: for one SIM by its ICCID."""
    if not user.is_authenticated:
        return sims.none()
    mine = AccountAccess.objects.filter(user_id=user.pk).values("account_id")
    return sims.filter(~Exists(mine) | Q(account_id__in=mine))


def sim_or_404(giccid: str, user: Person) -> Sim:
    return get_object_or_404(seen_by(Sim.objects.all(), user), giccid=giccid)


def sets_of(user: User) -> WorkingSetQuerySet:
    """The pasted lists this person may open: none that found, or offers, a SIM of other accounts."""
    accounts, readable = accounts_of(user), WorkingSet.objects.readable_by(user)
    if accounts is None:
        return readable
    return readable.exclude(RawSQL(_OF_OTHERS, [sorted(accounts)], BooleanField()))  # noqa: S611 - the text is ours


def exports_of(user: User) -> ExportQuerySet:
    """The files this person may have: of others', whose accounts may be more, none for who is limited to some."""
    readable = Export.objects.readable_by(user)
    return readable if accounts_of(user) is None else readable.filter(user=user)


def operations_of(operations: OperationQuerySet, user: Person) -> OperationQuerySet:
    accounts = accounts_of(user)
    return operations if accounts is None else operations.filter(sim__account_id__in=accounts)


@contextmanager
def not_found_if_refused() -> Iterator[None]:
    """A SIM that left one's accounts between the look and the act is not there."""
    try:
        yield
    except Refused as refused:
        raise Http404(refused.why) from refused
