from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class EarlyReport(models.Model):
    """A delivery report whose message we do not know (yet): our own reply may be on its way, or was lost.

    One row a message number; of several reports the one that says more is kept (`delivery.RANK`).
    """

    sms_id = models.TextField(db_collation="C")
    giccid = models.TextField(blank=True, db_collation="C")
    status = models.TextField()
    finished_at = models.DateTimeField(null=True)
    fail_reason = models.TextField(blank=True)
    push_id = models.BigIntegerField(null=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sms_id"], name="early_report_sms_id")]
        indexes = [
            models.Index(
                fields=["giccid", "received_at"], name="early_report_giccid"
            ),  # a lost reply looks for its own
            models.Index(fields=["received_at"], name="early_report_received"),  # retention
        ]

    def __str__(self) -> str:
        return f"Report {self.sms_id}: {self.status}"
