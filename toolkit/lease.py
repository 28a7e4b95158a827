"""Long work is a row with a lease: one worker at a time, and none of it lost with its worker."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from uuid import UUID, getnode

from django.apps import apps
from django.db import DatabaseError, connection, models
from django.db.models.functions import Now

LEASE = timedelta(seconds=60)
KEEP_EVERY_S = 20.0
RELEASE_EVERY_S = 1.0
# An owner names its process: so many bytes are its machine, so many its number there, the rest is chance.
MACHINE_BYTES, PROCESS_BYTES, CHANCE_BYTES = 6, 4, 6


class Leased(models.Model):
    """The columns of a row that one worker works at a time; time is the database's."""

    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Leased)


def free(now: datetime | Now | None = None) -> models.Q:
    """Rows that nobody works at the moment. A lease that ends later than any can is from before the clock went back."""
    moment = now or Now()
    is_over = models.Q(lease_until__lt=moment) | models.Q(lease_until__gt=moment + 2 * LEASE)
    return models.Q(lease_until__isnull=True) | is_over


def claim(rows: models.QuerySet[Row]) -> UUID | None:
    """Take the lease of the one row in `rows`; None when another worker holds it."""
    owner = _new_owner()
    taken = rows.filter(free()).update(lease_owner=owner, lease_until=Now() + LEASE)
    return owner if taken else None


def renew(rows: models.QuerySet[Row], owner: UUID) -> bool:
    """Hold on for another `LEASE`; False when the lease was lost, and then the worker must stop."""
    return bool(rows.filter(lease_owner=owner).update(lease_until=Now() + LEASE))


def release(rows: models.QuerySet[Row], owner: UUID) -> None:
    """Give the row back; does nothing when the lease was lost meanwhile.

    Where the database is away it raises, and the row is given back once it has returned.
    """
    try:
        _release(rows, owner)
    except DatabaseError:
        threading.Thread(target=_release_later, args=(rows, owner), daemon=True, name="release").start()
        raise


def _release(rows: models.QuerySet[Row], owner: UUID) -> None:
    rows.filter(lease_owner=owner).update(lease_owner=None, lease_until=None)


def _release_later(rows: models.QuerySet[Row], owner: UUID) -> None:
    ends_at = time.monotonic() + LEASE.total_seconds()
    while time.monotonic() < ends_at:
        time.sleep(RELEASE_EVERY_S)
        try:
            _release(rows, owner)
            return
        except DatabaseError:
            continue
        finally:
            connection.close()


def give_back_of_the_dead() -> None:
    """End the leases of processes of this machine that are no more: nobody need wait until those run out.

    Of another machine nothing can be known, and of a number that was given anew neither; there the lease runs out.
    """
    for model in apps.get_models():
        if issubclass(model, Leased):
            _give_back(model._default_manager.all())


def _give_back(rows: models.QuerySet[Row]) -> None:
    held = rows.filter(lease_owner__isnull=False).values_list("lease_owner", flat=True)
    if dead := [owner for owner in held if _is_dead(owner)]:
        rows.filter(lease_owner__in=dead, lease_until__gt=Now()).update(lease_until=Now())


def _new_owner() -> UUID:
    process = os.getpid().to_bytes(PROCESS_BYTES, "big")
    return UUID(bytes=_machine() + process + os.urandom(CHANCE_BYTES))


def _is_dead(owner: UUID) -> bool:
    process = int.from_bytes(owner.bytes[MACHINE_BYTES:][:PROCESS_BYTES], "big")
    if owner.bytes[:MACHINE_BYTES] != _machine():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@lru_cache(maxsize=1)
def _machine() -> bytes:
    """Where the number of a process means something: this machine since its start, and this container in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        container = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        boot, container = platform.node(), getnode()
    return blake2b(f"{boot} {container}".encode(), digest_size=MACHINE_BYTES).digest()


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
