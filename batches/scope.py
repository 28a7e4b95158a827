"""Which batches somebody may see: all of them, or those that stayed within the accounts they may see."""

from __future__ import annotations

from django.db.models import Q

from batches.models import Batch, BatchQuerySet
from sims.scope import accounts_of
from users.models import User


def visible_to(user: User) -> BatchQuerySet:
    accounts = accounts_of(user)
    if accounts is None:
        return Batch.objects.all()
    return Batch.objects.filter(Q(requested_by=user) | Q(accounts__contained_by=sorted(accounts)))
