from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ListPreference(models.Model):
    """How one person wants the list: its columns in their order (none: the usual ones) and rows a page."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="list_preference"
    )
    columns = ArrayField(models.TextField(), default=list)
    rows = models.IntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id}"
