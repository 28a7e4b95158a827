"""What a batch will bring about beside what it is for: counted over the SIMs that will change, kept with the plan."""

from __future__ import annotations

from batches.models import Batch


def keep(batch: Batch) -> None:
    """Count and keep them."""
