from __future__ import annotations

from django.conf import settings
from django.db import models

from enterprise.models.account import Account


class AccountAccess(models.Model):
    """A person sees only the accounts they have a row for; who has none sees all of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="account_access")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "account access"
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="account_access_once")]

    def __str__(self) -> str:
        return f"{self.user} sees {self.account}"
