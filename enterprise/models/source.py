from __future__ import annotations

from django.db import models

from enterprise.models.account import Account


class Source(models.Model):
    """How one of the carrier's five reads about the enterprise went last, for one account or for all.

    What a failed read would have renewed is kept; the row says how old it is and why there is nothing newer.
    """

    class Call(models.TextChoices):
        ENTERPRISE = "enterprise", "Enterprise"
        ACCOUNT = "account", "Account"
        PACKAGES = "packages", "Service packages"
        POOLS = "pools", "Share pools"
        COUNTRIES = "countries", "Country statistics"

    call = models.CharField(max_length=16, choices=Call)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="sources", db_index=False)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["call", "account"]
        constraints = [
            models.UniqueConstraint(fields=["call", "account"], name="source_call", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.call} {self.account_id or ''}".strip()

    @property
    def is_failing(self) -> bool:
        return bool(self.error)
