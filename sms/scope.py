"""Whose messages a person may see."""

from __future__ import annotations

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import Http404

from enterprise.scope import accounts_for
from sims.models import Sim
from sms.models import Message
from users.models import User

Row = TypeVar("Row", bound=Model)
KEPT_AS = "_accounts_seen"
Person = User | AnonymousUser


def accounts_of(user: Person) -> frozenset[int] | None:
    """The accounts this person may see, None for all; read once for a request, whose own object `user` is."""
    if not hasattr(user, KEPT_AS):
        setattr(user, KEPT_AS, accounts_for(user))
    accounts: frozenset[int] | None = getattr(user, KEPT_AS)
    return accounts


def within(rows: QuerySet[Row], user: Person) -> QuerySet[Row]:
    """Those of the accounts this person may see; `rows` have an account."""
    accounts = accounts_of(user)
    return rows if accounts is None else rows.filter(account_id__in=accounts)


def partner(giccid: str, user: Person) -> Sim | None:
    """The SIM one may talk with; None where our copy does not hold it but messages of it came.

    Raises Http404 for what this person may not see, and for what nobody has heard of.
    """
    accounts = accounts_of(user)
    sim = Sim.objects.select_related("account").filter(giccid=giccid).first()
    if sim is not None:
        if accounts is not None and sim.account_id not in accounts:
            raise Http404
        return sim
    if accounts is not None or not Message.objects.filter(giccid=giccid).exists():
        raise Http404
    return None
