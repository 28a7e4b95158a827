"""What the steps of a batch share: the slice they work in, and how a step ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from batches.models import Batch
from smarthub import Client
from toolkit import lease
from toolkit.stopping import is_stopping


class LeaseLost(Exception):
    """Another worker has the batch; this one must stop."""


@dataclass(slots=True)
class Slice:
    """What a worker may use: the client, its lease, and its end (monotonic seconds)."""

    batch_id: int
    client: Client
    owner: UUID
    ends_at: float
    on_step: Callable[[str], None] = lambda name: None
    seen_due: datetime | None = None

    @property
    def is_over(self) -> bool:
        return is_stopping() or time.monotonic() >= self.ends_at

    def renew(self) -> None:
        """Hold on; raises LeaseLost."""
        if not lease.renew(Batch.objects.filter(pk=self.batch_id), self.owner):
            raise LeaseLost

    def locked(self) -> Batch:
        """The batch, locked for the caller's transaction; raises LeaseLost where another worker has it."""
        assert transaction.get_connection().in_atomic_block
        batch = Batch.objects.select_for_update().get(pk=self.batch_id)
        if batch.lease_owner != self.owner:
            raise LeaseLost
        return batch
