from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Reverse

from batches.models.batch import Batch
from batches.models.chunk import BatchChunk
from sims.lookup import end_of
from sims.models import Sim


class BatchItemQuerySet(models.QuerySet["BatchItem"]):
    def for_list(self) -> BatchItemQuerySet:
        """In the order they were chosen, with their SIM and its account."""
        return self.select_related("sim__account", "chunk").order_by("place")

    def ending_in(self, text: str) -> BatchItemQuerySet:
        """Those whose ICCID is, or ends in, `text` (letters and digits)."""
        backwards = text[::-1]
        endings = self.alias(backwards=Reverse("giccid"))
        return endings.filter(backwards__gte=backwards, backwards__lt=end_of(backwards))


class BatchItem(models.Model):
    """One entry of what was chosen: its frozen verdict, and what became of it.

    `place` counts the entries from 1, `line` those of the list or file they came from; `entry` is what stood there
    where that was not simply the ICCID. `before` is the copy that the verdict was given on, as read at `read_at`;
    `after` what the carrier showed at `seen_at`. `reported` is what the carrier's job said of it: evidence, never the
    outcome. An item that the dry run left out is `skipped` from the beginning, and `why` says for what; of one that is
    to change it says what follows for this SIM.
    """

    class Verdict(models.TextChoices):
        WILL_CHANGE = "will_change", "Will change"
        NO_CHANGE = "no_change", "No change"
        ILLEGAL = "illegal", "Not allowed"
        PROTECTED = "protected", "Protected"
        BUSY = "busy", "Busy"
        STALE = "stale", "Stale"
        NOT_FOUND = "not_found", "Not found"
        DUPLICATE = "duplicate", "Repeated"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SKIPPED = "skipped", "Skipped"
        SENDING = "sending", "Sending"
        ACCEPTED = "accepted", "Accepted"
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"

    # Sent, and not settled by what a read showed.
    UNSETTLED = (State.SENDING, State.ACCEPTED, State.UNKNOWN)

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items", db_index=False)
    place = models.IntegerField()
    line = models.IntegerField(null=True)
    entry = models.TextField(blank=True)
    giccid = models.TextField(blank=True, db_collation="C")
    # No constraint, as with identifiers: SIMs are never deleted.
    sim = models.ForeignKey(
        Sim, null=True, on_delete=models.DO_NOTHING, related_name="batch_items", db_index=False, db_constraint=False
    )
    verdict = models.CharField(max_length=12, choices=Verdict)
    why = models.TextField(blank=True)
    is_stale = models.BooleanField(default=False)
    wanted = models.JSONField(null=True)
    before = models.JSONField(null=True)
    read_at = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=State)
    # No constraint: both are rows of one batch, and checking a hundred thousand takes seconds.
    chunk = models.ForeignKey(
        BatchChunk, null=True, on_delete=models.DO_NOTHING, related_name="items", db_index=False, db_constraint=False
    )
    reported = models.CharField(max_length=16, blank=True)
    code = models.TextField(blank=True)
    message = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    after = models.JSONField(null=True)
    seen_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)

    objects = BatchItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="item_place")]
        indexes = [
            # A tile's items in their order; the next ones to send.
            models.Index(fields=["batch", "state", "place"], name="item_state"),
            models.Index(fields=["batch", "verdict", "place"], name="item_verdict"),
            # What the batches did to a SIM, newest first.
            models.Index(fields=["sim", "-id"], name="item_sim", condition=Q(sim__isnull=False)),
            # An ICCID, or its last digits, looked for in one batch.
            models.Index(F("batch"), Reverse("giccid"), name="item_ending"),
            # What is to be read again before the start; what a carrier job is about.
            models.Index(fields=["batch", "place"], name="item_stale", condition=Q(is_stale=True)),
            models.Index(fields=["chunk", "place"], name="item_chunk", condition=Q(chunk__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.giccid or self.entry} {self.verdict} {self.state}"
