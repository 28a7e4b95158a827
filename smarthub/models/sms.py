"""A message sent to a SIM."""

from __future__ import annotations

from datetime import datetime

import msgspec

from smarthub.operations import SMS_FINAL_STATUSES


class SmsMessage(msgspec.Struct, frozen=True):
    """A message as the carrier knows it; only the status DELIVERED means that the terminal has it."""

    sms_id: str
    giccid: str | None = None
    status: str | None = None
    submitted_at: datetime | None = None
    finished_at: datetime | None = None
    fail_reason: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status in SMS_FINAL_STATUSES
