from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from toolkit.lease import Leased

if TYPE_CHECKING:
    from users.models import User

KEPT = timedelta(days=7)


class ExportQuerySet(models.QuerySet["Export"]):
    def readable_by(self, user: User) -> ExportQuerySet:
        """One's own; all of them for an admin."""
        return self if user.role == user.Role.ADMIN else self.filter(user=user)


class Export(Leased):
    """A file of SIMs made in the background, worked under its lease; private to `user` and to admins.

    `query` is the list's query string, `columns` names of `sims.export.columns`. `up_to` is the ICCID of the last row
    that is safely in the file and `size` the file's length with it: whoever goes on cuts the file there.
    """

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Writing"
        FINISHED = "finished", "Ready"
        FAILED = "failed", "Stopped"
        EXPIRED = "expired", "Expired"

    OPEN = (State.QUEUED, State.RUNNING)

    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    query = models.TextField(blank=True)
    words = models.TextField(blank=True)
    columns = ArrayField(models.TextField())
    format = models.CharField(max_length=4, choices=Format)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    file_name = models.TextField()
    total = models.BigIntegerField(null=True)
    rows = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    up_to = models.TextField(blank=True, db_collation="C")
    attempts = models.SmallIntegerField(default=0)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["uuid"], name="export_uuid")]
        indexes = [
            models.Index(fields=["user", "-id"], name="export_user"),  # one's own, newest first
            # The sweeper looks for what is open, and for what has been kept long enough.
            models.Index(fields=["state", "expires_at"], name="export_state"),
        ]

    def __str__(self) -> str:
        return f"Export {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def download_name(self) -> str:
        """What the browser calls the file."""
        return f"sims-{self.created_at:%Y%m%d-%H%M}.{self.format}"
