from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One thing that happened, written once and never changed.

    Partitioned by month of `recorded_at` (our clock); `happened_at` orders the story. `sim_id` and `account_id`
    are plain numbers: a partitioned table outlives what it speaks of.
    """

    class Severity(models.TextChoices):
        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        CRITICAL = "critical", "Critical"

    class Cause(models.TextChoices):
        RUN = "run", "Sync run"
        READ = "read", "Read again"
        PERSON = "person", "Person"
        OPERATION = "operation", "Operation"
        BATCH_ITEM = "batch-item", "Batch"
        PUSH = "push", "Push"

    id = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    severity = models.CharField(max_length=8, choices=Severity)
    subject_kind = models.CharField(max_length=16)
    subject_key = models.TextField(blank=True)
    sim_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    cause_kind = models.CharField(max_length=16, choices=Cause)
    cause_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "journal_event"
        ordering = ["-recorded_at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_key}"
