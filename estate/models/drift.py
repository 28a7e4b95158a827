from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from sims.models import Sim
from toolkit.lease import Leased
from users.models import User


class DriftCheck(Leased):
    """One comparison of our copy with the carrier: SIMs read again by name and held against their rows.

    `reached` is the id of the last SIM compared, so that a killed check goes on where it stood.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Comparing"
        FINISHED = "finished", "Complete"
        FAILED = "failed", "Stopped"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.QUEUED, State.RUNNING)

    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    # How many SIMs of the fleet; None is all of them.
    sample = models.IntegerField(null=True)
    sim_ids = ArrayField(models.BigIntegerField(), default=list)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    username = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expected = models.BigIntegerField(default=0)
    reached = models.BigIntegerField(default=0)
    compared = models.BigIntegerField(default=0)
    differing = models.BigIntegerField(default=0)
    absent = models.BigIntegerField(default=0)
    unreadable = models.BigIntegerField(default=0)
    # Usage moves by itself: counted, never called a difference.
    moved = models.BigIntegerField(default=0)
    requests = models.IntegerField(default=0)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sample"],
                condition=models.Q(sample__isnull=True, state__in=["queued", "running"]),
                name="one_whole_check",
                nulls_distinct=False,
            )
        ]
        indexes = [
            # The sweeper looks for what is open.
            models.Index(fields=["state"], name="drift_open", condition=models.Q(state__in=["queued", "running"]))
        ]

    def __str__(self) -> str:
        return f"Comparison {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


FIELDS = {
    "sim": "SIM",
    "status": "Status",
    "package": "Package",
    "package_started": "Package began",
    "package_ends": "Package ends",
    "sold": "Sold",
    "activated": "Activated",
    "imei": "IMEI",
    "imsi": "IMSI",
    "msisdn": "Phone number",
}


class DriftFinding(models.Model):
    """One field in which the carrier differed from our copy; values as texts, empty for none."""

    class Cause(models.TextChoices):
        MISSED_PUSH = "missed-push", "Missed push"
        OUTSIDE = "outside", "Changed outside"
        FAILED_WRITE = "failed-write", "Failed write"
        UNDER_WAY = "under-way", "Change under way"
        ABSENT = "absent", "Not shown"

    drift = models.ForeignKey(DriftCheck, on_delete=models.CASCADE, related_name="findings", db_index=False)
    sim = models.ForeignKey(Sim, on_delete=models.PROTECT, related_name="+", db_index=False)
    field = models.CharField(max_length=32)
    ours = models.TextField(blank=True)
    theirs = models.TextField(blank=True)
    cause = models.CharField(max_length=16, choices=Cause)
    # What the cause was told by: the operation, the age of the copy.
    reason = models.TextField(blank=True)
    # The copy was right at `ours_at` at the latest, the carrier differed at `seen_at`.
    ours_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["drift", "id"], name="drift_finding"),  # the findings of a check, page by page
            models.Index(fields=["drift", "cause", "id"], name="drift_finding_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.sim_id} {self.field}"

    @property
    def is_status(self) -> bool:
        """Whether its values are statuses; of a SIM that is not shown ours is told by its status."""
        return self.field in ("status", "sim")

    @property
    def label(self) -> str:
        """The field as people call it; an APN with its name."""
        return FIELDS.get(self.field) or self.field.replace("apn ", "APN ", 1)
