from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Reverse

from sims.models.sim import Sim


class SimIdentifier(models.Model):
    """One number a SIM can be found by, normalised (letters and digits only, upper case).

    `position` is the place of its device in `Sim.devices`, where the number stands as the carrier wrote it.
    """

    class Kind(models.IntegerChoices):
        ICCID = 1, "ICCID"
        IMEI = 2, "IMEI"
        IMSI = 3, "IMSI"
        MSISDN = 4, "Phone number"

    pk = models.CompositePrimaryKey("sim", "kind", "position")
    # No constraint: SIMs are never deleted, and checking it costs a third of the first fill.
    sim = models.ForeignKey(
        Sim, on_delete=models.CASCADE, related_name="identifiers", db_index=False, db_constraint=False
    )
    kind = models.SmallIntegerField(choices=Kind)
    position = models.SmallIntegerField(default=0)
    value = models.TextField(db_collation="C")

    class Meta:
        indexes = [
            models.Index(fields=["value"], name="identifier_value"),  # whole and beginning
            models.Index(Reverse("value"), name="identifier_reversed"),  # last digits
            # Anything inside, only where nothing else hit; docs/decisions/0011-search.md has what it costs.
            GinIndex(fields=["value"], opclasses=["gin_trgm_ops"], name="identifier_inside"),
        ]

    def __str__(self) -> str:
        return self.value
