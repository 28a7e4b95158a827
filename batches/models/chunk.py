from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from batches.models.batch import Batch


class BatchChunk(models.Model):
    """SIMs of a batch that go to the carrier together: one carrier job, or some calls one after the other.

    Committed with its items `sending` before its request leaves. Once it is not `sending` any more it is only ever
    asked about and its SIMs read; nothing sends it again. `read_up_to` is how far the reading of its items came.
    """

    class State(models.TextChoices):
        SENDING = "sending", "Sending"
        ACCEPTED = "accepted", "At the carrier"
        SETTLING = "settling", "Reading its SIMs"
        UNKNOWN = "unknown", "Unknown"
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"

    # Somebody has still to look.
    OPEN = (State.SENDING, State.ACCEPTED, State.SETTLING, State.UNKNOWN, State.SCHEDULED)
    # The next one waits for it.
    UNDER_WAY = (State.SENDING, State.ACCEPTED, State.SETTLING)

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    number = models.IntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    size = models.IntegerField()
    is_canary = models.BooleanField(default=False)
    job_id = models.TextField(blank=True)
    job_status = models.TextField(blank=True)
    # What the carrier's counts say, whether they add up or not.
    job_done = models.IntegerField(null=True)
    job_failed = models.IntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    polls = models.IntegerField(default=0)
    reads = models.IntegerField(default=0)
    read_up_to = models.IntegerField(default=0)
    next_step_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    closed_reason = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="chunk_number")]
        indexes = [
            # The runner: what of a batch is open.
            models.Index(
                fields=["batch", "number"],
                name="chunk_open",
                condition=Q(state__in=["sending", "accepted", "settling", "unknown", "scheduled"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Chunk {self.number} of {self.batch_id}"
