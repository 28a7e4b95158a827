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
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="sims", db_index=False)
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
    absent_runs = models.SmallIntegerField(default=0)
    missing_since = models.DateTimeField(null=True)

    objects = SimQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["giccid"], name="sim_giccid")]
        indexes = [
            # The list in ICCID order under one or two of its exact filters.
            models.Index(fields=["account", "status", "giccid"], name="sim_account_status"),
            models.Index(fields=["account", "giccid"], name="sim_account"),
            models.Index(fields=["status", "giccid"], name="sim_status"),
            models.Index(fields=["package", "giccid"], name="sim_package"),
            # The few that the carrier no longer shows.
            models.Index(fields=["giccid"], name="sim_missing", condition=models.Q(missing_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.giccid

    @property
    def is_missing(self) -> bool:
        return self.missing_since is not None
