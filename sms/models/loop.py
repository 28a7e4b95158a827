from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from toolkit.lease import Leased


class SendLoop(Leased):
    """A worker that sends messages one after the other, alive for as long as its lease.

    What it holds as `sending` when its lease runs out may or may not have left: those messages become unknown.
    """

    class Lane(models.TextChoices):
        PROMPT = "prompt", "Single messages"
        MANY = "many", "Messages to many"

    lane = models.CharField(max_length=8, choices=Lane)
    started_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.lane} loop {self.pk}"
