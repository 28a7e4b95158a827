"""Whose SIMs a person may see and change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from enterprise.scope import accounts_for
from sims.changes.checks import Refused
from sims.models import OperationQuerySet, SimQuerySet
from users.models import User

KEPT_AS = "_accounts_seen"
Person = User | AnonymousUser


def accounts_of(user: Person) -> frozenset[int] | None:
    """The accounts this person may see, None for all; read once for a request, whose own object `user` is."""
    if not hasattr(user, KEPT_AS):
        setattr(user, KEPT_AS, accounts_for(user))
    accounts: frozenset[int] | None = getattr(user, KEPT_AS)
    return accounts


def sims_of(sims: SimQuerySet, user: Person) -> SimQuerySet:
    accounts = accounts_of(user)
    return sims if accounts is None else sims.filter(account_id__in=accounts)


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
