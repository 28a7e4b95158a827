from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from sims.models.sim import Sim


class ChangeLogRow(models.Model):
    """A row of the carrier's change history (S3) about one SIM; told apart by all that its unique constraint names.

    `kind`, `operator` and the values are as they came. `event_id` is the journal's entry of the same change, as a
    plain number: the row is evidence for it. None: the row says what no read of ours has seen.
    """

    STATUS, PACKAGE, IMEI = "STATUS_CHANGE", "SERVICE_PACKAGE_CHANGE", "IMEI_CHANGE"

    sim = models.ForeignKey(Sim, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField()
    old_value = models.TextField(null=True)  # noqa: DJ001 - null is not the empty text: a new package has no old one
    new_value = models.TextField(null=True)  # noqa: DJ001
    changed_at = models.DateTimeField()
    operator = models.TextField(blank=True)
    event_id = models.BigIntegerField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sim", "kind", "changed_at", "new_value"], name="change_log_row", nulls_distinct=False
            ),
        ]
        indexes = [
            # The SIM's story, newest first.
            models.Index(fields=["sim", "-changed_at", "-id"], name="change_log_story"),
        ]

    def __str__(self) -> str:
        return f"{self.sim_id} {self.kind} {self.changed_at:%Y-%m-%d %H:%M:%S}"


class HistoryRead(models.Model):
    """How far the carrier's history of a SIM has been read: everything from `since` up to `read_at`."""

    sim = models.OneToOneField(Sim, primary_key=True, on_delete=models.PROTECT, related_name="history")
    read_at = models.DateTimeField()
    since = models.DateTimeField()
    left_out = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.sim_id} {self.since:%Y-%m-%d} to {self.read_at:%Y-%m-%d}"


class SimCustomFields(models.Model):
    """The carrier's five free texts of a SIM (S4) as read at `read_at`; empty is "not set"."""

    NAMES = ("custom1", "custom2", "custom3", "custom4", "custom5")

    sim = models.OneToOneField(Sim, primary_key=True, on_delete=models.PROTECT, related_name="custom_fields")
    custom1 = models.TextField(blank=True)
    custom2 = models.TextField(blank=True)
    custom3 = models.TextField(blank=True)
    custom4 = models.TextField(blank=True)
    custom5 = models.TextField(blank=True)
    read_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.sim_id} custom fields"

    @property
    def values(self) -> list[tuple[str, str]]:
        """Each field's label and text."""
        return [(f"Custom {place}", getattr(self, name)) for place, name in enumerate(self.NAMES, start=1)]
