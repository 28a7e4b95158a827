"""Long work is a row with a lease: one worker at a time, and none of it lost with its worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from django.db import models
from django.db.models.functions import Now

LEASE = timedelta(seconds=60)


class Leased(models.Model):
    """The columns of a row that one worker works at a time; time is the database's."""

    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Leased)


def free(now: datetime | Now | None = None) -> models.Q:
    """Rows that nobody works at the moment."""
    return models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=now or Now())


def claim(rows: models.QuerySet[Row]) -> UUID | None:
    """Take the lease of the one row in `rows`; None when another worker holds it."""
    owner = uuid4()
    taken = rows.filter(free()).update(lease_owner=owner, lease_until=Now() + LEASE)
    return owner if taken else None


def renew(rows: models.QuerySet[Row], owner: UUID) -> bool:
    """Hold on for another `LEASE`; False when the lease was lost, and then the worker must stop."""
    return bool(rows.filter(lease_owner=owner).update(lease_until=Now() + LEASE))


def release(rows: models.QuerySet[Row], owner: UUID) -> None:
    """Give the row back; does nothing when the lease was lost meanwhile."""
    rows.filter(lease_owner=owner).update(lease_owner=None, lease_until=None)
