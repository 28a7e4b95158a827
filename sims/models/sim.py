from __future__ import annotations

from django.db import models

from enterprise.models import Account


class SimQuerySet(models.QuerySet["Sim"]):
    def for_list(self) -> SimQuerySet:
        """The SIMs as the list shows them: in ICCID order, with their account."""
        return self.select_related("account").order_by("giccid")


class Sim(models.Model):
    """Our dated copy of one SIM as the carrier shows it (S1, S2); written by `sims.copy` only.

    `read_at` is when the read that last wrote this row was asked for. `digest` is of the raw record it was made from;
    None forces the next sight to be written. Volumes are MB, voice whole minutes. An unknown status is kept as text.
    """

    class Status(models.TextChoices):
        TEST_READY = "TEST_READY", "Test ready"
        ACTIVATE_READY = "ACTIVATE_READY", "Ready to activate"
        INVENTORY = "INVENTORY", "Inventory"
        ACTIVATED = "ACTIVATED", "Active"
        DEACTIVATED = "DEACTIVATED", "Suspended"
        RETIRED = "RETIRED", "Retired"

    giccid = models.TextField(db_collation="C")
    # No constraint: accounts are never deleted, and the check of each row takes a twentieth of the first fill.
    account = models.ForeignKey(
        Account, null=True, on_delete=models.PROTECT, related_name="sims", db_index=False, db_constraint=False
    )
    status = models.TextField(db_collation="C")
    package = models.TextField(blank=True, default="", db_collation="C")
    package_started_at = models.DateTimeField(null=True)
    package_ends_at = models.DateTimeField(null=True)
    sold_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sms_usage = models.BigIntegerField(null=True)
    voice_usage_min = models.BigIntegerField(null=True)
    apns = models.JSONField(default=list)
    apn_usages = models.JSONField(default=list)
    devices = models.JSONField(default=list)
    digest = models.BigIntegerField(null=True)
    read_at = models.DateTimeField()
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # What the carrier was asked for when it showed the SIM; no record tells it, so it is empty until then.
    po = models.TextField(blank=True, default="", db_default="", db_collation="C")
    absent_runs = models.SmallIntegerField(default=0)
    missing_since = models.DateTimeField(null=True)

    objects = SimQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["giccid"], name="sim_giccid")]
        indexes = [
            # The list in ICCID order under one of its exact filters, and under several: cell by cell (`listing`).
            models.Index(fields=["account", "giccid"], name="sim_account"),
            models.Index(fields=["status", "giccid"], name="sim_status"),
            models.Index(fields=["package", "giccid"], name="sim_package"),
            models.Index(fields=["account", "status", "package", "giccid"], name="sim_cell"),
            # In order of activation, with what is counted of those in a span: ten thousand SIMs are read off it alone.
            models.Index(
                fields=["activated_at", "id"],
                name="sim_activated",
                include=["account", "status", "package", "missing_since"],
            ),
            models.Index(fields=["account", "status", "package", "activated_at", "id"], name="sim_cell_activated"),
            # By plan end and by usage account by account.
            models.Index(fields=["account", "package_ends_at", "id"], name="sim_plan_end"),
            models.Index(fields=["account", "data_usage_mb", "id"], name="sim_usage"),
            # Shares of an allowance are bounds of a package; those in one are counted off this alone too.
            models.Index(
                fields=["account", "package", "data_usage_mb"], name="sim_share", include=["status", "missing_since"]
            ),
            models.Index(fields=["changed_at"], name="sim_changed"),
            # The few that the carrier no longer shows, that have no device, whose PO is known.
            models.Index(fields=["giccid"], name="sim_missing", condition=models.Q(missing_since__isnull=False)),
            models.Index(fields=["giccid"], name="sim_no_device", condition=models.Q(devices=[])),
            models.Index(fields=["po", "giccid"], name="sim_po", condition=models.Q(po__gt="")),
        ]

    def __str__(self) -> str:
        return self.giccid

    @property
    def is_missing(self) -> bool:
        return self.missing_since is not None
