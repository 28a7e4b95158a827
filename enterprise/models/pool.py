from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from enterprise.models.account import Account

PERCENT = (MinValueValidator(1), MaxValueValidator(100))


class SharePool(models.Model):
    """A volume that several SIMs share (P1), as read at `read_at`; volumes in MB.

    `account_name` is kept as it came: a pool may name an account that E1 does not. `level` is the highest step told
    in the cycle that is under way, so that each is told once.
    """

    class Level(models.IntegerChoices):
        CALM = 0, "Calm"
        WARNING = 1, "Warning"
        CRITICAL = 2, "Critical"
        EMPTY = 3, "Empty"

    name = models.TextField(db_collation="C")
    account_name = models.TextField(blank=True, db_collation="C")
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="pools")
    package_name = models.TextField(blank=True, db_collation="C")
    data_total_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    data_remaining_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sim_count = models.BigIntegerField(null=True)
    cycle_starts_at = models.DateTimeField(null=True)
    cycle_ends_at = models.DateTimeField(null=True)
    status = models.TextField(blank=True)
    read_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    warn_percent = models.SmallIntegerField(default=80, validators=PERCENT)
    critical_percent = models.SmallIntegerField(default=95, validators=PERCENT)
    level = models.SmallIntegerField(choices=Level, default=Level.CALM)
    # Whether it was told in this cycle that the pool will not last.
    is_shortfall_told = models.BooleanField(default=False)
    # When it runs out, as of `read_at` (enterprise.forecast): pages would go through its readings for it.
    forecast = models.JSONField(null=True)

    class Meta:
        ordering = ["name", "account_name"]
        constraints = [
            models.UniqueConstraint(fields=["account_name", "name"], name="pool_account_name"),
            models.CheckConstraint(
                condition=models.Q(warn_percent__lt=models.F("critical_percent")), name="pool_warns_first"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def share_percent(self) -> Decimal | None:
        """Used, in percent of the whole; None where either is not known."""
        if self.data_usage_mb is None or not self.data_total_mb:
            return None
        return self.data_usage_mb * 100 / self.data_total_mb

    @property
    def left_mb(self) -> Decimal | None:
        """As the carrier says; worked out where it does not."""
        if self.data_remaining_mb is not None:
            return self.data_remaining_mb
        if self.data_usage_mb is None or self.data_total_mb is None:
            return None
        return max(self.data_total_mb - self.data_usage_mb, Decimal(0))


class PoolReading(models.Model):
    """One reading of a pool's figures; what its history and its forecast are made from."""

    pool = models.ForeignKey(SharePool, on_delete=models.CASCADE, related_name="readings", db_index=False)
    read_at = models.DateTimeField()
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3)
    data_total_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sim_count = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["read_at"]
        # The readings of one pool since a moment, in order.
        constraints = [models.UniqueConstraint(fields=["pool", "read_at"], name="pool_reading")]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.read_at:%Y-%m-%d %H:%M} {self.data_usage_mb} MB"
