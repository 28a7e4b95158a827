"""Long work is a row with a lease: one worker at a time, and none of it lost with its worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, models
from django.db.models.functions import Now

LEASE = timedelta(seconds=60)
KEEP_EVERY_S = 20.0


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


@contextmanager
def kept(rows: models.QuerySet[Row], owner: UUID) -> Iterator[None]:
    """Hold on in the background while one step waits longer than the lease lasts, as a carrier that hangs makes it.

    Whether the lease was lost all the same is for `renew` between the steps to find.
    """
    is_over = threading.Event()
    threading.Thread(target=_keep, args=(rows, owner, is_over), daemon=True, name="lease").start()
    try:
        yield
    finally:
        is_over.set()


def _keep(rows: models.QuerySet[Row], owner: UUID, is_over: threading.Event) -> None:
    while not is_over.wait(KEEP_EVERY_S):
        with suppress(DatabaseError):
            renew(rows, owner)
        connection.close()
