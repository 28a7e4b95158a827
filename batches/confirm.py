"""Start a dry run as a person confirmed it, with the reason they gave last."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from batches import run
from batches.models import Batch
from users.models import User


def confirm(batch: Batch, user: User, *, reason: str | None, **wishes: Any) -> None:
    """As `run.start`, in one transaction with the reason. Raises `run.CannotStart`, and nothing is changed then."""
    with transaction.atomic():
        if reason is not None and reason.strip() != batch.reason:
            batch.reason = reason.strip()
            batch.save(update_fields=["reason"])
        run.start(batch, user, **wishes)
