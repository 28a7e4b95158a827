"""The carrier's background jobs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from smarthub.operations import JOB_TERMINAL_STATUSES


class BatchItem(msgspec.Struct, frozen=True):
    """One SIM of a job; `code` says why it failed."""

    giccid: str
    status: str | None = None
    code: str | None = None
    message: str | None = None


class BatchStart(msgspec.Struct, frozen=True):
    """A job was stored; its changes run later in the background."""

    job_id: str


class BatchJob(msgspec.Struct, frozen=True):
    """A job as it stands. `items` None: the carrier gave no details, read the SIMs themselves."""

    job_id: str | None = None
    kind: str | None = None
    status: str | None = None
    total_count: int | None = None
    success_count: int | None = None
    failed_count: int | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None
    items: tuple[BatchItem, ...] | None = None

    @property
    def is_finished(self) -> bool:
        return self.status in JOB_TERMINAL_STATUSES or self.finished_at is not None
