from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from enterprise.models import Account


class Template(models.Model):
    """A text to be sent again and again; `{imei}` and the like stand for what a SIM has.

    `account` None is for every account. With `expect` (a pattern of the device's answer) the message waits
    `expect_within_s` for it; what its named groups match is kept as values of the device.
    """

    LONGEST_NAME = 60

    name = models.CharField(max_length=LONGEST_NAME)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    content = models.TextField()
    encoding = models.CharField(max_length=4, default="text")
    expect = models.TextField(blank=True)
    expect_within_s = models.PositiveIntegerField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())
    # Kept for the messages that were made with it, and offered no longer.
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="template_name",
                nulls_distinct=False,
                condition=models.Q(deleted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name
