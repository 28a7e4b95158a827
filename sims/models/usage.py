from __future__ import annotations

from django.db import models


class UsageDay(models.Model):
    """The last reading of a SIM's usage on one billing day; cumulative in its cycle, MB.

    Partitioned by month of `day` (in BILLING_TIME_ZONE). A day's use is the difference of two readings of one
    cycle; `cycle` is the first day of the carrier's billing month.
    """

    pk = models.CompositePrimaryKey("day", "sim_id", "cycle")
    day = models.DateField()
    sim_id = models.BigIntegerField()
    cycle = models.DateField()
    data_usage_mb = models.DecimalField(max_digits=18, decimal_places=3)
    read_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "sims_usageday"

    def __str__(self) -> str:
        return f"{self.sim_id} {self.day} {self.data_usage_mb} MB"
