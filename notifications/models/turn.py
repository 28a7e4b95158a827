from __future__ import annotations

from django.db import models

from toolkit.lease import Leased


class Turn(Leased):
    """Whose turn it is at a job that one worker does at a time: taking deliveries apart, reading SIMs for pushes."""

    name = models.CharField(max_length=16, primary_key=True)

    def __str__(self) -> str:
        return self.name
