from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Enterprise(models.Model):
    """The carrier's customer that the API key belongs to (E1); one row."""

    name = models.TextField()
    contact_name = models.TextField(blank=True)
    contact_phone = models.TextField(blank=True)
    contact_email = models.TextField(blank=True)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """An account of the enterprise (E1, E2), as read at `read_at`; amounts of data in MB."""

    name = models.TextField(db_collation="C")
    customer_name = models.TextField(blank=True)
    status = models.TextField(blank=True)
    balance = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.TextField(blank=True)
    billing_cycle = models.TextField(blank=True)
    current_cycle_charge = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sms_usage = models.BigIntegerField(null=True)
    voice_usage_min = models.BigIntegerField(null=True)
    carrier_sim_count = models.BigIntegerField(null=True)
    carrier_status_counts = models.JSONField(default=dict)
    read_at = models.DateTimeField()
    packages_read_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["name"], name="account_name")]

    def __str__(self) -> str:
        return self.name


class ServicePackage(models.Model):
    """A tariff of an account (E3). Volumes in MB, messages and minutes; None is unlimited."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="packages")
    name = models.TextField(db_collation="C")
    type = models.TextField(blank=True)
    payment_type = models.TextField(blank=True)
    data_volume_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    sms_volume = models.BigIntegerField(null=True)
    voice_volume_min = models.BigIntegerField(null=True)
    validity_period = models.IntegerField(null=True)
    validity_unit = models.TextField(blank=True)
    price = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.TextField(blank=True)
    share_pool_name = models.TextField(blank=True)
    description = models.TextField(blank=True)
    read_at = models.DateTimeField(db_default=Now())
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="package_account_name")]

    def __str__(self) -> str:
        return self.name


class AccountDay(models.Model):
    """What an account was on one billing day, by the day's last reading; the carrier keeps no history of it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    balance = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    currency = models.TextField(blank=True)
    billing_cycle = models.TextField(blank=True)
    current_cycle_charge = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    carrier_sim_count = models.BigIntegerField(null=True)
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]
        # The history of one account, in the order of its days.
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="account_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"
