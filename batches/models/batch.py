from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from toolkit.lease import Leased


class BatchQuerySet(models.QuerySet["Batch"]):
    def open(self) -> BatchQuerySet:
        """Those that are still to do something, or may."""
        return self.filter(state__in=Batch.OPEN)

    def for_list(self) -> BatchQuerySet:
        return self.select_related("parent").order_by("-id")


class Batch(Leased):
    """One change of many SIMs: chosen, judged in a dry run, frozen as rows, sent in chunks. Kept for good.

    `wanted` holds what the kind needs (package, effective, apn, apn_status, custom1 … custom5); an item may have its
    own instead. `next_step_at` is when somebody should look at it again; without it there is nothing left to do. How
    many items stand where is in `BatchCount`, which a trigger keeps.
    """

    class State(models.TextChoices):
        PLANNING = "planning", "Planning"
        PLANNED = "planned", "Planned"
        SCHEDULED = "scheduled", "Scheduled"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    class Chosen(models.TextChoices):
        IDENTIFIERS = "identifiers", "a pasted list"
        FILE = "file", "a file"
        FILTER = "filter", "a filter of the list"
        SET = "set", "a working set"
        TICKED = "giccids", "ticked SIMs"

    class Link(models.TextChoices):
        RETRY = "retry", "Retry of the failed"
        UNDO = "undo", "Undo"

    OPEN = (State.PLANNING, State.PLANNED, State.SCHEDULED, State.RUNNING, State.PAUSED)

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNING)
    wanted = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    username = models.CharField(max_length=150)
    started_by = models.CharField(max_length=150, blank=True)
    chosen = models.CharField(max_length=12, choices=Chosen)
    # The query string, the name of the file, the working set; and the same in words.
    chosen_from = models.TextField(blank=True)
    chosen_words = models.TextField(blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    link = models.CharField(max_length=8, choices=Link, blank=True)

    # The accounts its maker may see, frozen with it; None is all of them.
    accounts = ArrayField(models.BigIntegerField(), null=True)
    planned_at = models.DateTimeField(null=True)
    to_read = models.IntegerField(default=0)
    effects = models.JSONField(default=list)

    job_size = models.IntegerField(default=0)
    canary_size = models.IntegerField(null=True)
    canary_percent = models.FloatField(null=True)
    abort_percent = models.FloatField(null=True)
    is_canary_passed = models.BooleanField(default=False)

    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)
    # Failures to get an answer in a row, and what a person is told of where it stands.
    attempts = models.SmallIntegerField(default=0)
    note = models.TextField(blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["uuid"], name="batch_uuid")]
        indexes = [
            # The history by state, by person, by kind; all of it goes by id.
            models.Index(fields=["state", "-id"], name="batch_state"),
            models.Index(fields=["username", "-id"], name="batch_person"),
            models.Index(fields=["kind", "-id"], name="batch_kind"),
            # Searching reasons and names of files.
            GinIndex(fields=["reason"], opclasses=["gin_trgm_ops"], name="batch_reason"),
            # The sweeper: what is due.
            models.Index(fields=["next_step_at"], name="batch_due", condition=Q(next_step_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def topics(self) -> tuple[str, str]:
        """What its pages listen to (`toolkit.live`)."""
        return f"batch:{self.uuid}", "batches"


class BatchCount(models.Model):
    """How many items of a batch have this verdict and this state; kept by a trigger on the items."""

    pk = models.CompositePrimaryKey("batch", "verdict", "state", "is_stale")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="counts", db_index=False)
    verdict = models.CharField(max_length=12)
    state = models.CharField(max_length=10)
    is_stale = models.BooleanField()
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.n} {self.verdict} {self.state}"


class BatchSource(models.Model):
    """What was chosen, as it came in, until the dry run has made items of it."""

    batch = models.OneToOneField(Batch, primary_key=True, on_delete=models.CASCADE, related_name="source")
    entries = models.JSONField(default=list)
    size = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.batch_id} source"
