from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from users.models import User


class WebhookToken(models.Model):
    """The secret part of the addresses the carrier pushes to; several are valid while one replaces another.

    `value` is kept readable, because an admin has to copy the addresses again; a push is only a hint, so whoever had
    it could make us read SIMs, and change nothing.
    """

    class Origin(models.TextChoices):
        SETTING = "setting", "SMARTHUB_WEBHOOK_TOKEN"
        MADE = "made", "made here"

    value = models.TextField()
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=8, choices=Origin)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="webhook_token_digest")]

    def __str__(self) -> str:
        return f"token {self.pk}"
